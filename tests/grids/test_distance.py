import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from shiome.core.constants import EARTH_RADIUS
from shiome.grids.distance import GLOBE, World

QUARTER = 0.5e-3 * np.pi * float(EARTH_RADIUS)  # km
POINT = st.tuples(st.floats(-90, 90), st.floats(-360, 720))


def test_known_distances():
    assert GLOBE.distance(0, 0, 90, 123) == pytest.approx(QUARTER)
    assert GLOBE.distance(0, 359, 0, 1) == pytest.approx(2 * QUARTER / 90)
    assert GLOBE.distance(0, 0, 0, -180) == pytest.approx(2 * QUARTER)
    # A channel that repeats after 40° of longitude.
    assert World(40.0).distance(0, 39, 0, 1) == pytest.approx(2 * QUARTER / 90)


@given(POINT, POINT)
def test_agrees_with_the_angle_between_unit_vectors(first, second):
    def unit(latitude, longitude):
        y, x = np.deg2rad(latitude), np.deg2rad(longitude)
        return np.array([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])

    a, b = unit(*first), unit(*second)
    angle = np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)
    distance = GLOBE.distance(*first, *second)
    np.testing.assert_allclose(distance, 2 * QUARTER / np.pi * angle, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(distance, GLOBE.distance(*second, *first), atol=1e-6)


def test_a_plane_has_degrees_of_one_length():
    plane = World.of(xr.Dataset(attrs={"longitude_period": 40.0, "geometry": "beta-plane"}))
    assert plane == World(40.0, plane=True)
    assert plane.distance(60, 1, 60, 2) == pytest.approx(QUARTER / 90)
    assert plane.distance(60, 39, 63, 3) == pytest.approx(5 * QUARTER / 90)
    assert GLOBE.distance(60, 1, 60, 2) == pytest.approx(0.5 * QUARTER / 90, rel=1e-3)
    assert World.of(xr.Dataset()) == GLOBE


def test_positions_in_pairs_know_seam_and_convergence():
    a, b = [60.0, 359.5], [[60.0, 0.5], [60.0, 359.5]]
    near = QUARTER / 90
    np.testing.assert_allclose(GLOBE.between(a, b), [0.5 * near, 0.0], rtol=1e-4)
    np.testing.assert_allclose(World(plane=True).between(a, b), [near, 0.0], rtol=1e-4)
    # A world without a seam has no short way around.
    assert World(None).east(359.0) == 359.0
    assert GLOBE.east(359.0) == -1.0
    assert World(None).wrapped([-5.0], 0.0) == [-5.0]
    np.testing.assert_array_equal(GLOBE.wrapped([-5.0, 365.0], 0.0), [355.0, 5.0])
    np.testing.assert_array_equal(GLOBE.unwrapped([359.0, 1.0]), [359.0, 361.0])
    np.testing.assert_array_equal(World(None).unwrapped([359.0, 1.0]), [359.0, 1.0])
