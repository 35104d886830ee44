"""Areas are exact, and any layout becomes the one inside."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from shiome.grids import area_weights, to_standard_layout
from shiome.grids.latlon import cell_edges, latitude_overlap, longitude_overlap

STEPS = st.sampled_from([2.0, 2.5, 5.0, 15.0, 22.5, 45.0])


def centres(step, low=-90.0, high=90.0):
    return np.arange(low + step / 2, high, step)


@given(STEPS)
def test_the_whole_sphere_has_its_area(step):
    latitude = centres(step)
    assert latitude_overlap(latitude, -90, 90).sum() == pytest.approx(2.0)  # of 4 pi over 2 pi
    weights = area_weights(xr.DataArray(latitude, dims="latitude", coords={"latitude": latitude}))
    assert float(weights.mean()) == pytest.approx(1.0)
    # Rows of equal height have areas in the ratio of the cosines of their centres.
    cosine = np.cos(np.deg2rad(latitude))
    np.testing.assert_allclose(
        weights.values / cosine, np.full(len(latitude), weights.values[0] / cosine[0])
    )


@given(STEPS, st.floats(-90, 90), st.floats(-90, 90))
def test_bands_of_latitude_have_the_area_of_the_sphere_between(step, a, b):
    south, north = min(a, b), max(a, b)
    area = latitude_overlap(centres(step), south, north).sum()
    assert area == pytest.approx(np.sin(np.deg2rad(north)) - np.sin(np.deg2rad(south)), abs=1e-12)


@given(STEPS, st.floats(0, 359), st.floats(0.5, 359.5), st.floats(0, 1))
def test_arcs_have_their_length_wherever_the_grid_begins(step, west, length, shift):
    longitude = centres(step, 0, 360) - shift * step / 2
    width = longitude_overlap(longitude, west, west + length)
    assert width.sum() == pytest.approx(np.deg2rad(length), abs=1e-9)
    assert (width >= 0).all()
    assert width.max() <= np.deg2rad(step) + 1e-12


@given(STEPS, st.floats(-180, 180), st.floats(1, 300))
def test_both_conventions_of_longitude_mean_the_same(step, west, length):
    longitude = centres(step, 0, 360)
    east = west + length
    np.testing.assert_allclose(
        longitude_overlap(longitude, west, east),
        longitude_overlap(longitude, west % 360, east % 360),
        atol=1e-12,
    )


def test_the_whole_circle_and_a_box_across_the_meridian():
    longitude = centres(10, 0, 360)
    assert longitude_overlap(longitude, -180, 180).sum() == pytest.approx(2 * np.pi)
    across = longitude_overlap(longitude, 340, 20)
    np.testing.assert_array_equal(np.flatnonzero(across), [0, 1, 34, 35])


def test_edges_lie_between_centres_and_are_clipped():
    np.testing.assert_allclose(cell_edges(np.array([-85.0, 0.0, 80.0]), -90, 90),
                               [-90, -42.5, 40, 90])  # fmt: skip


@given(st.integers(0, 23), st.booleans(), st.sampled_from([0.0, -180.0]))
def test_any_layout_comes_back_to_the_standard_one(roll, descending, start):
    latitude, longitude = centres(30.0), centres(15.0, 0, 360)
    values = np.random.default_rng(0).normal(size=(6, 24))
    field = xr.DataArray(
        values, {"latitude": latitude, "longitude": longitude}, ("latitude", "longitude")
    )
    other = field.roll(longitude=roll, roll_coords=True)
    other = other.assign_coords(longitude=(other.longitude - start) % 360 + start)
    if descending:
        other = other.isel(latitude=slice(None, None, -1))
    xr.testing.assert_allclose(to_standard_layout(other), field)
