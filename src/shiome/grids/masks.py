"""Coastlines: which cells of a grid are sea."""

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import ndimage

from shiome.core.errors import DataError
from shiome.grids.regrid import conservative

# Longitude of the Pacific coast of Central America against latitude, in degrees. The isthmus is
# narrower than a cell of most grids and would let water through.
_DIVIDE_LATITUDE = (7.0, 8.8, 9.2, 11.0, 15.0, 16.5, 20.0, 30.0)
_DIVIDE_LONGITUDE = (283.5, 282.3, 277.0, 275.0, 269.0, 265.5, 260.0, 250.0)


def sea_mask(
    elevation: xr.DataArray,
    latitude: npt.NDArray[np.floating],
    longitude: npt.NDArray[np.floating],
    *,
    depth: float = 0.0,
) -> npt.NDArray[np.bool_]:
    """True in cells at least half of whose area lies deeper than ``depth``.

    Parameters
    ----------
    elevation
        Height above sea level in m (negative in the sea), dims (latitude, longitude), in the
        layout of :func:`~shiome.grids.latlon.to_standard_layout`.
    latitude, longitude
        Centres of the cells in degrees, ascending; shapes (rows,) and (columns,).
    depth
        Water shallower than this many metres counts as land.

    Returns
    -------
    Boolean array of shape (rows, columns).
    """
    deep = (elevation < -depth).astype(np.float64)
    return conservative(deep, latitude, longitude, min_fraction=0.0).values >= 0.5 - 1e-9


def connected(sea: npt.NDArray[np.bool_], seeds: list[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """The part of a sea that can be reached from given cells across cell edges.

    Parameters
    ----------
    sea
        Boolean, shape (rows, columns); the map ends at its edges.
    seeds
        Row and column of a cell in each body of water to keep.

    Raises
    ------
    DataError
        If a seed is not sea.
    """
    label, _ = ndimage.label(sea)
    for j, i in seeds:
        if not sea[j, i]:
            raise DataError(f"cell ({j}, {i}) is land; expected a cell of the sea to start from.")
    return np.isin(label, [label[seed] for seed in seeds])


def atlantic_side(
    latitude: npt.NDArray[np.floating], longitude: npt.NDArray[np.floating]
) -> npt.NDArray[np.bool_]:
    """True east of Central America's Pacific coast, between 7°N and 30°N and up to 300°E.

    Shapes: ``latitude`` (rows,), ``longitude`` (columns,) in [0, 360); result (rows, columns).
    Read off the 1° relief.
    """
    divide = np.interp(latitude, _DIVIDE_LATITUDE, _DIVIDE_LONGITUDE)[:, None]
    north = (latitude >= _DIVIDE_LATITUDE[0]) & (latitude <= _DIVIDE_LATITUDE[-1])
    return north[:, None] & (longitude > divide) & (longitude < 300.0)
