"""Synthetic images and best tracks in which every pixel says where and when it is."""

import numpy as np
import pandas as pd
import xarray as xr


def images(steps=40, rows=60, columns=90, west=100.0, south=-10.0, step=0.5, hours=6):
    """Pixel values: 1e4 × time index + 1e2 × row + column, exact in single precision."""
    values = (
        1e4 * np.arange(steps)[:, None, None]
        + 1e2 * np.arange(rows)[:, None]
        + np.arange(columns, dtype=np.float64)
    )
    return xr.DataArray(
        values.astype(np.float64),
        {
            "time": np.datetime64("2001-08-01", "ns")
            + np.arange(steps) * np.timedelta64(hours, "h"),
            "latitude": south + step * np.arange(rows),
            "longitude": west + step * np.arange(columns),
        },
        ("time", "latitude", "longitude"),
        name="olr",
        attrs={"units": "W m-2"},
    )


def track(name, start, positions, stages, hours=12):
    """One storm, a row every so many hours."""
    count = len(stages)
    latitude, longitude = zip(*positions, strict=True)
    return pd.DataFrame(
        {
            "storm": name,
            "time": pd.Timestamp(start) + pd.to_timedelta(np.arange(count) * hours, "h"),
            "latitude": latitude,
            "longitude": longitude,
            "wind": 10.0,
            "pressure": np.nan,
            "stage": stages,
        }
    )


def tracks():
    """A storm that forms on 3 August, one of the week after, and a cluster that never forms."""
    growing = [(0.0 + 0.7 * i, 115.0 + 0.9 * i) for i in range(8)]
    later = [(5.0 + 0.3 * i, 125.0 - 0.5 * i) for i in range(5)]
    return pd.concat(
        [
            track("A", "2001-08-01", growing, ["precursor"] * 4 + ["cyclone"] * 4),
            track("B", "2001-08-06", later, ["precursor"] * 3 + ["cyclone"] * 2),
            track("C", "2001-08-02", [(10.0, 112.0), (10.5, 113.0)], ["failed"] * 2),
        ],
        ignore_index=True,
    )
