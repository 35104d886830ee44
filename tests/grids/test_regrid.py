"""Averages over the cells of another grid."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from shiome.grids.latlon import cell_edges
from shiome.grids.regrid import binned_average, conservative, longitude_bounds

GAUSSIAN = np.concatenate([np.linspace(-87.159, -3.7, 24), np.linspace(3.7, 87.159, 24)])


def centres(count, low, high):
    step = (high - low) / count
    return low + step * (0.5 + np.arange(count))


def field(latitude, longitude, values):
    return xr.DataArray(values, {"latitude": latitude, "longitude": longitude}, name="x")


def integral(data):
    """Naive integral over the cells."""
    rows = np.diff(np.sin(np.deg2rad(cell_edges(data.latitude.values, -90, 90))))
    columns = np.deg2rad(np.diff(longitude_bounds(data.longitude.values), axis=1)[:, 0])
    return float(np.nansum(data.values * rows[:, None] * columns))


@settings(max_examples=30, deadline=None)
@given(
    source=st.tuples(st.integers(4, 60), st.integers(6, 90)),
    target=st.tuples(st.integers(4, 60), st.integers(6, 90)),
    start=st.floats(0, 5),
    seed=st.integers(0, 9),
)
def test_integral_is_conserved_between_global_grids(source, target, start, seed):
    latitude, longitude = centres(source[0], -90, 90), np.arange(source[1]) * 360 / source[1]
    values = np.random.default_rng(seed).normal(size=source)
    data = field(latitude, longitude + start * (longitude[-1] + start < 360), values)
    coarse = conservative(data, centres(target[0], -90, 90), centres(target[1], 0, 360))
    np.testing.assert_allclose(integral(coarse), integral(data), atol=1e-9)


def test_constants_stay_constant_with_missing_values():
    values = np.full((48, 96), 3.5)
    values[:, 20:40] = np.nan
    coarse = conservative(
        field(GAUSSIAN, np.arange(96) * 3.75, values), centres(36, -90, 90), centres(72, 0, 360)
    )
    inside = coarse.sel(latitude=slice(-80, 80)).values
    assert np.isnan(inside).any()
    np.testing.assert_allclose(inside[np.isfinite(inside)], 3.5, rtol=1e-14)


def test_coarse_cell_is_the_area_mean_of_the_fine_cells_in_it():
    latitude, longitude = centres(720, -90, 90), centres(1440, 0, 360)
    values = np.random.default_rng(0).normal(size=(720, 1440))
    coarse = conservative(
        field(latitude, longitude, values), centres(90, -90, 90), centres(180, 0, 360)
    )
    weights = np.cos(np.deg2rad(latitude[400:408]))[:, None] * np.ones(8)
    expected = np.average(values[400:408, 80:88], weights=weights)
    np.testing.assert_allclose(coarse.values[50, 10], expected, rtol=1e-5)


@pytest.mark.parametrize(("missing", "value"), [(4, 1.0), (5, np.nan)])
def test_half_of_a_cell_must_carry_values(missing, value):
    values = np.ones((4, 8))
    values.ravel()[: 4 * 8].reshape(4, 8)[:, :missing] = np.nan
    data = field(np.array([-1.5, -0.5, 0.5, 1.5]), centres(8, 0, 8), values)
    coarse = conservative(data, np.array([-1.0, 1.0]), np.array([4.0, 12.0]))
    np.testing.assert_equal(coarse.values[:, 0], value)


def test_a_region_across_the_prime_meridian_keeps_its_width():
    longitude = np.array([0.0, 10.0, 20.0, 340.0, 350.0])
    bounds = longitude_bounds(longitude)
    np.testing.assert_allclose(np.diff(bounds, axis=1), 10.0)
    data = field(centres(18, -90, 90), longitude, np.ones((18, 5)))
    coarse = conservative(data, centres(18, -90, 90), centres(72, 0, 360))
    covered = np.isfinite(coarse.values).all(axis=0)
    np.testing.assert_array_equal(
        coarse.longitude.values[covered], [*centres(5, 0, 25), *centres(5, 335, 360)]
    )


def test_leading_dimensions_and_type_stay():
    data = field(centres(18, -90, 90), centres(36, 0, 360), np.ones((18, 36), np.float32))
    data = data.expand_dims(member=2, time=3)
    coarse = conservative(data, centres(9, -90, 90), centres(18, 0, 360))
    assert coarse.shape == (2, 3, 9, 18)
    assert coarse.dtype == np.float32


def test_points_of_a_curvilinear_grid_are_averaged_in_their_cells():
    rng = np.random.default_rng(0)
    latitude, longitude = rng.uniform(-20, 20, (60, 90)), rng.uniform(-180, 180, (60, 90))
    values = np.where(rng.uniform(size=(60, 90)) < 0.1, np.nan, np.sin(np.deg2rad(longitude)))
    target = centres(8, -20, 20), centres(72, 0, 360)
    mean = binned_average(latitude, longitude, target)(values[None])[0]
    box = (abs(latitude - target[0][3]) < 2.5) & (np.mod(longitude, 360) // 5 == 30)
    np.testing.assert_allclose(mean[3, 30], np.nanmean(values[box]))


def test_cells_without_a_point_take_the_nearest_within_three_cells():
    latitude, longitude = np.meshgrid([0.0, 2.0], [10.0, 12.0], indexing="ij")
    target = centres(40, -20, 20), centres(360, 0, 360)
    mean = binned_average(latitude, longitude, target)(np.full((2, 2), 7.0))
    filled = mean[np.isfinite(mean)]
    assert 4 < filled.size < 100
    np.testing.assert_allclose(filled, 7.0)
