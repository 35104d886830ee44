"""The crossing from labelled fields to packed arrays and back."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from shiome.core import DataError
from shiome.data.arrays import SeaPoints
from shiome.grids import area_weights, month_range
from tests.strategies import truth

FIELD = truth()


def with_values(values):
    return FIELD.copy(data=values.astype(np.float32))


def test_packing_and_unpacking_are_inverse():
    points = SeaPoints.of(FIELD)
    packed = points.pack(FIELD)
    assert packed.shape == (14, points.mask.sum())
    assert packed.dtype == np.float32
    assert packed.flags.c_contiguous
    np.testing.assert_array_equal(points.unpack(packed), FIELD.values)
    np.testing.assert_array_equal(points.mask, np.isfinite(FIELD.values[0]))
    # Any leading dimensions.
    stacked = points.unpack(packed.reshape(2, 7, -1))
    np.testing.assert_array_equal(stacked, FIELD.values.reshape(2, 7, *FIELD.shape[1:]))


def test_coordinates_of_points_are_those_of_the_grid():
    points = SeaPoints.of(FIELD)
    latitude = xr.broadcast(FIELD.latitude, FIELD.longitude)[0].values
    full = points.unpack(points.point_latitude[None])[0]
    np.testing.assert_array_equal(full[points.mask], latitude[points.mask].astype(np.float32))
    area = points.unpack(points.area[None])[0]
    expected = np.broadcast_to(area_weights(FIELD.latitude).values[:, None], points.mask.shape)
    np.testing.assert_allclose(area[points.mask], expected[points.mask], rtol=1e-6)


@given(st.integers(0, 1000), st.floats(0.05, 1.0))
def test_points_need_values_in_a_share_of_the_months_that_have_any(seed, share):
    rng = np.random.default_rng(seed)
    values = FIELD.values.copy()
    values[rng.random(values.shape) < rng.random()] = np.nan
    values[[2, 7]] = np.nan  # months that are not in the data
    present = np.isfinite(values)
    expected = present.sum(0) >= max(1, share * present.any((1, 2)).sum())
    if expected.any():
        np.testing.assert_array_equal(SeaPoints.of(with_values(values), share).mask, expected)
    else:
        with pytest.raises(DataError, match="no grid point has values"):
            SeaPoints.of(with_values(values), share)


def test_a_field_without_values_is_refused():
    empty = with_values(np.full(FIELD.shape, np.nan))
    with pytest.raises(DataError, match="sst: no grid point has values in 90% of the months"):
        SeaPoints.of(empty)


def test_months_do_not_matter_to_where_points_lie():
    later = FIELD.assign_coords(time=month_range(12 * 2001, 14))
    np.testing.assert_array_equal(SeaPoints.of(later).mask, SeaPoints.of(FIELD).mask)
