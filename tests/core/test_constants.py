"""Constants and variables carry unit, meaning and source."""

import math

import pytest

from shiome.core import Constant, constants, variables

ALL = {name: value for name, value in vars(constants).items() if isinstance(value, Constant)}


@pytest.mark.parametrize("name", ALL)
def test_each_constant_says_what_it_is(name):
    constant = ALL[name]
    assert float(constant) == constant.value
    assert constant.unit
    assert constant.meaning
    assert constant.source


def test_values_agree_with_each_other():
    # A sidereal day, and the meridian quadrant that once defined the metre.
    assert 2 * math.pi / float(constants.EARTH_ROTATION) == pytest.approx(86164.1, abs=0.5)
    assert float(constants.EARTH_RADIUS) * math.pi / 2 == pytest.approx(1.0e7, rel=1e-3)


def test_variables_bear_cf_attributes():
    attrs = variables.SST_ANOMALY.attrs
    assert attrs["standard_name"] == "sea_surface_temperature_anomaly"
    assert attrs["units"] == "K"
    assert attrs["long_name"]
    assert variables.SST.attrs["units"] == "degC"
