"""A small synthetic record: El Niño as a recharge oscillator, a dipole, and noise on a 15° grid."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from shiome.grids import climate_index, month_range

STEP = 15.0


@dataclass(frozen=True)
class SyntheticRecord:
    """What happened in a synthetic world.

    Parameters
    ----------
    sst
        Sea-surface temperature in °C (time, latitude, longitude), NaN on land.
    wwv, rain
        (time,) warm water volume, and rainfall that follows the dipole (mm/day).
    """

    sst: xr.DataArray
    wwv: npt.NDArray[np.float64]
    rain: npt.NDArray[np.float64]

    @property
    def indices(self) -> pd.DataFrame:
        """Niño 3.4, dipole and warm water by month, as a user's file would hold them."""
        anomaly = self.sst.groupby("time.month") - self.sst.groupby("time.month").mean()
        columns = {
            n: climate_index(anomaly, k).values for n, k in (("Nino34", "nino34"), ("IOD", "dmi"))
        }
        return pd.DataFrame({"time": self._dates, **columns, "WWV": self.wwv})

    def write_sst(self, path: Path, **attrs: str) -> str:
        """As netCDF, named and attributed as usual files are; synthetic by its title."""
        field = self.sst.rename(latitude="lat", longitude="lon")
        field.attrs = {"units": "degC"} | attrs
        dataset = field.to_dataset(name="sst").assign_attrs(title="Synthetic SST for a test")
        dataset.to_netcdf(path)
        return str(path)

    def write_indices(self, path: Path) -> str:
        """As CSV."""
        self.indices.to_csv(path, index=False)
        return str(path)

    def write_rain(self, path: Path) -> str:
        """Monthly, as CSV."""
        pd.DataFrame({"time": self._dates, "rain": self.rain}).to_csv(path, index=False)
        return str(path)

    @property
    def _dates(self) -> npt.NDArray[np.str_]:
        return np.datetime_as_string(self.sst["time"].values, unit="D")


def synthetic_record(years: int = 20, first_year: int = 1985, seed: int = 0) -> SyntheticRecord:
    """Make a world in which the coming season can be forecast, though not perfectly."""
    rng, months = np.random.default_rng(seed), 12 * years
    season = np.cos(2 * np.pi * (np.arange(months) % 12 - 10) / 12)  # peaks in November
    t, h, d = (np.zeros(months) for _ in range(3))
    for i in range(months - 1):
        noise = rng.normal(size=3)
        t[i + 1] = (0.90 + 0.05 * season[i]) * t[i] + 0.20 * h[i] + 0.12 * noise[0]
        h[i + 1] = 0.97 * h[i] - 0.20 * t[i] + 0.12 * noise[1]
        d[i + 1] = 0.75 * d[i] + 0.06 * (1 + season[i]) * t[i] + 0.2 * noise[2]
    latitude = np.arange(-90 + STEP / 2, 90, STEP)
    longitude = np.arange(STEP / 2, 360, STEP)
    y, x = latitude[:, None], longitude[None, :]
    shape = (len(latitude), len(longitude))
    tongue = np.exp(-((y / 15) ** 2) - ((x - 220) / 50) ** 2)
    dipole = np.exp(-((y / 15) ** 2)) * (
        np.exp(-(((x - 60) / 20) ** 2)) - np.exp(-(((x - 100) / 20) ** 2))
    )
    background = np.zeros((months, *shape))
    for i in range(months - 1):
        background[i + 1] = 0.8 * background[i] + 0.12 * rng.normal(size=shape)
    values = t[:, None, None] * tongue + d[:, None, None] * dipole + background
    values += 28.0 * np.cos(np.deg2rad(y)) - 4.0 * season[:, None, None] * np.sin(np.deg2rad(y))
    values[:, (y > 0) & (y < 30) & (x < 30)] = np.nan
    sst = xr.DataArray(
        values.astype(np.float32),
        {
            "time": month_range(12 * first_year, months),
            "latitude": latitude,
            "longitude": longitude,
        },
        ("time", "latitude", "longitude"),
        name="sst",
    )
    rain = 2.0 + 1.2 * d + 0.3 * rng.normal(size=months)
    return SyntheticRecord(sst, h, rain)
