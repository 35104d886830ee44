import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiome.core.constants import EARTH_RADIUS
from shiome.grids.distance import great_circle

QUARTER = 0.5e-3 * np.pi * float(EARTH_RADIUS)  # km
POINT = st.tuples(st.floats(-90, 90), st.floats(-360, 720))


def test_known_distances():
    assert great_circle(0, 0, 90, 123) == pytest.approx(QUARTER)
    assert great_circle(0, 359, 0, 1) == pytest.approx(2 * QUARTER / 90)
    assert great_circle(0, 0, 0, -180) == pytest.approx(2 * QUARTER)
    # A channel that repeats after 40° of longitude.
    assert great_circle(0, 39, 0, 1, period=40) == pytest.approx(2 * QUARTER / 90)


@given(POINT, POINT)
def test_agrees_with_the_angle_between_unit_vectors(first, second):
    def unit(latitude, longitude):
        y, x = np.deg2rad(latitude), np.deg2rad(longitude)
        return np.array([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])

    a, b = unit(*first), unit(*second)
    angle = np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)
    distance = great_circle(*first, *second)
    np.testing.assert_allclose(distance, 2 * QUARTER / np.pi * angle, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(distance, great_circle(*second, *first), atol=1e-6)
