"""Files of the archives and arrays of a simulation lead to the same labelled patches."""

import jax
import numpy as np
import xarray as xr

from shiome.data.patches import PatchOptions, labelled_patches
from shiome.data.sources import open_gridsat, open_ibtracs

from .storms import images, tracks

OPTIONS = PatchOptions(size=16, jitter=3, background=2, distance=900.0)
KEY = jax.random.key(5)


def test_gridsat_and_ibtracs_files_give_the_same_patches(tmp_path):
    truth = 180.0 + images() % 10_000 / 100.0  # in the range of temperatures
    for number, image in enumerate(truth):
        hours = (image["time"].values - np.datetime64("1970-01-01")) / np.timedelta64(1, "h")
        file = xr.Dataset(
            {"irwin_cdr": (("time", "lat", "lon"), image.values[None], {"units": "kelvin"})},
            {
                "time": ("time", [hours], {"units": "hours since 1970-01-01 00:00:00"}),
                "lat": ("lat", image["latitude"].values, {"units": "degrees_north"}),
                "lon": ("lon", image["longitude"].values, {"units": "degrees_east"}),
            },
        )
        packed = {"dtype": "i2", "scale_factor": 0.01, "add_offset": 200.0, "_FillValue": -31999}
        file.to_netcdf(tmp_path / f"GRIDSAT-B1.{number:03}.nc", encoding={"irwin_cdr": packed})
    lines = [
        "SID,ISO_TIME,NATURE,LAT,LON,WMO_WIND,USA_WIND,TRACK_TYPE",
        " , , ,degrees_north,degrees_east,kts,kts,",
    ]
    for row in tracks().itertuples():
        wind = 50 if row.stage == "cyclone" else 20
        lines.append(
            f"{row.storm},{row.time:%Y-%m-%d %H:%M:%S},TS,{row.latitude:.2f},{row.longitude:.2f},"
            f" ,{wind},main"
        )
    (tmp_path / "ibtracs.csv").write_text("\n".join(lines))

    opened = open_gridsat(str(tmp_path / "GRIDSAT-B1.*.nc"))
    best = open_ibtracs(str(tmp_path / "ibtracs.csv"))
    from_files = labelled_patches(opened.images, best, key=KEY, options=OPTIONS)
    from_arrays = labelled_patches(truth, tracks(), key=KEY, options=OPTIONS)
    np.testing.assert_allclose(from_files["image"], from_arrays["image"], atol=0.006)
    for name in ("label", "storm", "time", "hard_negative", "row", "column"):
        np.testing.assert_array_equal(from_files[name], from_arrays[name])
    np.testing.assert_allclose(from_files["days_to_genesis"], from_arrays["days_to_genesis"])
