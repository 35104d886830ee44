import numpy as np
import pytest
import xarray as xr

from shiome.core import DataError
from shiome.grids.masks import atlantic_side, connected, sea_mask


def _relief() -> xr.DataArray:
    """A 1° relief with a 500 m deep sea west of 180°E, a 100 m shelf to 190°E, and land beyond."""
    latitude, longitude = np.arange(-9.5, 10.0), np.arange(160.5, 210.0)
    row = np.where(longitude < 180, -500.0, np.where(longitude < 190, -100.0, 50.0))
    return xr.DataArray(
        np.broadcast_to(row, (latitude.size, longitude.size)),
        coords={"latitude": latitude, "longitude": longitude},
        dims=("latitude", "longitude"),
    )


def test_sea_ends_where_half_a_cell_is_land() -> None:
    # Cells 4° wide whose edges lie at 176, 180, …, and a shifted set with one half on the shelf.
    latitude = np.array([-4.0, 0.0, 4.0])
    assert sea_mask(_relief(), latitude, np.array([174.0, 178.0, 182.0]), depth=200.0).tolist() == (
        [[True, True, False]] * 3
    )
    assert sea_mask(_relief(), latitude, np.array([182.0, 186.0, 190.0, 194.0])).tolist() == (
        [[True, True, True, False]] * 3
    )


def test_connected_keeps_only_the_seeded_water() -> None:
    sea = np.array([[1, 1, 0, 1], [0, 0, 0, 1], [1, 0, 0, 0]], bool)
    assert connected(sea, [(0, 0)]).sum() == 2
    assert connected(sea, [(0, 0), (1, 3)]).sum() == 4
    with pytest.raises(DataError, match="land"):
        connected(sea, [(0, 2)])


def test_isthmus_parts_the_caribbean_from_the_pacific() -> None:
    latitude, longitude = np.array([0.0, 5.0, 8.0, 10.0, 25.0]), np.array([255.0, 274.0, 281.0])
    assert atlantic_side(latitude, longitude).tolist() == [
        [False, False, False],
        [False, False, False],
        [False, False, False],  # the Gulf of Panama is Pacific
        [False, False, True],
        [False, True, True],
    ]
