"""Distances on the globe, and on simulated worlds that are none."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.constants import EARTH_RADIUS

KM_PER_DEGREE = 1e-3 * float(EARTH_RADIUS) * np.pi / 180.0


@dataclass(frozen=True)
class World:
    """How far apart two positions in degrees are.

    Parameters
    ----------
    period
        Longitudes after which the world repeats, degrees: 360, or less for a periodic channel;
        None where it does not repeat.
    plane
        Whether a degree of longitude is everywhere as long as one of latitude (a beta-plane).
    """

    period: float | None = 360.0
    plane: bool = False

    @classmethod
    def of(cls, run: xr.Dataset | xr.DataArray) -> "World":
        """World of a run, from its attributes ``longitude_period`` and ``geometry``."""
        period = float(run.attrs.get("longitude_period", 360.0))
        return cls(period, run.attrs.get("geometry") == "beta-plane")

    def east(self, degrees: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """A difference of longitudes, the short way around, degrees."""
        d = np.asarray(degrees, np.float64)
        if self.period is None:
            return d
        return (d + 0.5 * self.period) % self.period - 0.5 * self.period

    def wrapped(self, longitude: npt.ArrayLike, west: float) -> npt.NDArray[np.float64]:
        """The same longitudes from ``west`` eastwards, where the world repeats; degrees."""
        x = np.asarray(longitude, np.float64)
        return x if self.period is None else west + (x - west) % self.period

    def unwrapped(self, longitude: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Longitudes of a path (n,) without jumps, degrees."""
        x = np.asarray(longitude, np.float64)
        return x if self.period is None else np.unwrap(x, period=self.period)

    def distance(
        self,
        latitude: npt.ArrayLike,
        longitude: npt.ArrayLike,
        other_latitude: npt.ArrayLike,
        other_longitude: npt.ArrayLike,
    ) -> npt.NDArray[np.float64]:
        """Distance in km: on the globe along a great circle, by the haversine formula.

        All arguments in degrees, longitudes in any convention, of shapes that broadcast.
        """
        y, other_y = np.deg2rad(latitude), np.deg2rad(other_latitude)
        east = np.asarray(other_longitude, np.float64) - np.asarray(longitude, np.float64)
        x = np.deg2rad(self.east(east))
        radius = 1e-3 * float(EARTH_RADIUS)
        if self.plane:
            return radius * np.hypot(other_y - y, x)
        square = (
            np.sin(0.5 * (other_y - y)) ** 2 + np.cos(y) * np.cos(other_y) * np.sin(0.5 * x) ** 2
        )
        return 2.0 * radius * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0)))

    def between(self, a: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Distance in km between positions (..., 2), latitude and longitude, that broadcast."""
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        return self.distance(a[..., 0], a[..., 1], b[..., 0], b[..., 1])


GLOBE = World()
