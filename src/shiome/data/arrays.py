"""The only crossing between labelled fields and plain arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.grids.latlon import area_weights


@dataclass(frozen=True)
class SeaPoints:
    """The points of a grid that carry data, in one row: the order of every packed array.

    Parameters
    ----------
    latitude, longitude
        Coordinates of the full grid, (latitude,) and (longitude,).
    mask
        (latitude, longitude) True where a point is kept.
    """

    latitude: xr.DataArray
    longitude: xr.DataArray
    mask: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, field: xr.DataArray, min_fraction: float = 0.9) -> "SeaPoints":
        """Points of a (time, latitude, longitude) field with enough values.

        Parameters
        ----------
        field
            Normalised monthly field, NaN where missing.
        min_fraction
            Smallest share of the months that have any value which a point must have.

        Raises
        ------
        DataError
            If no point qualifies.
        """
        present = np.isfinite(field.values)
        months = present.any(axis=(1, 2)).sum()
        mask = present.sum(0) >= max(1, min_fraction * months)
        if not mask.any():
            raise DataError(
                f"{field.name}: no grid point has values in {min_fraction:.0%} of the months; "
                "expected a field over the sea with few gaps."
            )
        return cls(field["latitude"], field["longitude"], mask)

    def pack(self, field: xr.DataArray) -> npt.NDArray[np.float32]:
        """(..., latitude, longitude) to (..., points)."""
        return np.ascontiguousarray(field.values[..., self.mask], dtype=np.float32)

    def unpack(self, values: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """(..., points) to (..., latitude, longitude), NaN where no point is kept."""
        values = np.asarray(values)
        full = np.full((*values.shape[:-1], *self.mask.shape), np.nan, np.float32)
        full[..., self.mask] = values
        return full

    @property
    def area(self) -> npt.NDArray[np.float64]:
        """(points,) relative area of each point."""
        rows = area_weights(self.latitude).values
        return np.broadcast_to(rows[:, None], self.mask.shape)[self.mask]

    @property
    def point_latitude(self) -> npt.NDArray[np.float64]:
        """(points,) latitude of each point in degrees."""
        return np.broadcast_to(self.latitude.values[:, None], self.mask.shape)[self.mask]
