"""Distances on the globe, and on simulated worlds that are none."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.constants import EARTH_RADIUS


@dataclass(frozen=True)
class World:
    """How far apart two positions in degrees are.

    Parameters
    ----------
    period
        Longitudes after which the world repeats, degrees: 360, or less for a periodic channel.
    plane
        Whether a degree of longitude is everywhere as long as one of latitude (a beta-plane).
    """

    period: float = 360.0
    plane: bool = False

    @classmethod
    def of(cls, run: xr.Dataset | xr.DataArray) -> "World":
        """World of a run, from its attributes ``longitude_period`` and ``geometry``."""
        period = float(run.attrs.get("longitude_period", 360.0))
        return cls(period, run.attrs.get("geometry") == "beta-plane")

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
        x = np.deg2rad((east + 0.5 * self.period) % self.period - 0.5 * self.period)
        radius = 1e-3 * float(EARTH_RADIUS)
        if self.plane:
            return radius * np.hypot(other_y - y, x)
        square = (
            np.sin(0.5 * (other_y - y)) ** 2 + np.cos(y) * np.cos(other_y) * np.sin(0.5 * x) ** 2
        )
        return 2.0 * radius * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0)))


GLOBE = World()
