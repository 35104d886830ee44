"""Windows lie where they say, fit the image, and come back whole."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiome.core.errors import DataError
from shiome.data.windows import ImageGrid, gather, sliding_windows
from shiome.grids.distance import World

from .storms import images

GLOBAL = images(1, 21, 72, west=0.0, south=-50.0, step=5.0)


def test_a_pixel_is_where_its_coordinates_say():
    field = images(1)
    grid = ImageGrid.of(field)
    latitude, longitude = np.meshgrid(field.latitude, field.longitude, indexing="ij")
    row, column = grid.locate(latitude, longitude - 360.0)
    np.testing.assert_allclose(row, np.arange(60)[:, None] + np.zeros(90), atol=1e-9)
    np.testing.assert_allclose(column, np.zeros((60, 1)) + np.arange(90), atol=1e-9)
    assert not grid.periodic
    assert np.isnan(grid.locate([-10.3, 0, 20], [110, 144.8, 110])).all()


def test_which_grids_are_periodic():
    assert ImageGrid.of(GLOBAL).periodic
    channel = ImageGrid.of(images(1).assign_attrs(longitude_period=45.0))
    assert channel.periodic
    assert channel.world == World(45.0)
    assert channel.wrap(145.2) == pytest.approx(100.2)


@given(
    st.integers(2, 21),
    st.integers(1, 21),
    st.booleans(),
)
def test_sliding_windows_reach_every_pixel(size, stride, periodic):
    field = GLOBAL if periodic else images(1, 21, 33)
    grid = ImageGrid.of(field)
    if stride > size:
        with pytest.raises(DataError, match="stride"):
            sliding_windows(grid, size, stride)
        return
    windows = sliding_windows(grid, size, stride)
    seen = windows.cut(field.values[0])
    assert seen.shape == (windows.latitude.size, size, size)
    assert np.unique(seen).size == field[0].size


@given(st.floats(-60, 60), st.floats(-360, 720), st.integers(2, 21))
def test_a_window_around_a_point_contains_it(latitude, longitude, size):
    grid = ImageGrid.of(GLOBAL)
    row, column = grid.locate(latitude, longitude)
    if np.isnan(row):
        assert not -52.5 <= latitude <= 52.5
        return
    first_row, first_column = grid.corner(row, column, size)
    assert 0 <= first_row <= 21 - size
    assert -0.5 <= row - first_row <= size - 0.5
    assert -0.5 - 1e-9 <= (column - first_column + 0.5) % 72 - 0.5 <= size - 0.5
    middle = grid.centre(np.array([first_row]), np.array([first_column]), size)
    if 10 < row < 11 and size < 10:
        assert abs(middle[0][0] - latitude) <= 2.6
    assert abs((middle[1][0] - longitude + 180) % 360 - 180) <= 2.6


def test_gather_equals_slicing():
    values = images(3).values
    step, row, column = np.array([2, 0]), np.array([5, 50]), np.array([7, 85])
    cut = gather(values, step, row, column, 8)
    np.testing.assert_array_equal(cut[0], values[2, 5:13, 7:15])
    np.testing.assert_array_equal(cut[1][:, 5:], values[0, 50:58, :3])
    on_device = gather(jnp.asarray(values), step, row, column, 8)
    np.testing.assert_array_equal(on_device, cut)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.transpose("latitude", "time", "longitude"), r"dimensions are \('latitude'"),
        (lambda f: f.isel(time=slice(None, None, -1)), "at index 1 is not later"),
        (lambda f: f.isel(latitude=slice(None, None, -1)), "expected both ascending"),
        (lambda f: f.isel(longitude=[0, 1, 2, 5]), "expected even steps"),
        (lambda f: f.isel(time=slice(0, 0)), "0 images"),
        (lambda f: f.assign_coords(time=[0, 1, 2]), "not all dates"),
    ],
)
def test_refuses_what_is_no_series_of_images(change, message):
    with pytest.raises(DataError, match=message) as error:
        ImageGrid.of(change(images(3)))
    assert "\n" not in str(error.value)


def test_refuses_windows_larger_than_the_image():
    with pytest.raises(DataError, match="64×64 pixels from images of 60×90; expected 2 to 60"):
        sliding_windows(ImageGrid.of(images(1)))
