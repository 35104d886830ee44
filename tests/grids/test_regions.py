"""Indices are integrals over their boxes."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from shiome.core import DataError
from shiome.grids import INDICES, REGIONS, Region, climate_index, region_mean, region_weights


def field_of(function, step=2.5, **kwargs):
    latitude = np.arange(-90 + step / 2, 90, step)
    longitude = np.arange(step / 2, 360, step)
    values = function(latitude[:, None], longitude[None, :]) + np.zeros((len(latitude), 1))
    return xr.DataArray(
        np.broadcast_to(values, (len(latitude), len(longitude))).copy(),
        {"latitude": latitude, "longitude": longitude},
        ("latitude", "longitude"),
    )


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("step", [1.0, 7.5, 22.5])
def test_weights_are_the_area_of_the_box_on_any_grid(name, step):
    box = REGIONS[name]
    weights = region_weights(field_of(lambda y, x: y, step), box)
    width = (box.east - box.west) % 360
    height = np.sin(np.deg2rad(box.north)) - np.sin(np.deg2rad(box.south))
    assert float(weights.sum()) == pytest.approx(np.deg2rad(width) * height)


@pytest.mark.parametrize("name", REGIONS)
def test_the_mean_of_a_constant_is_the_constant(name):
    assert float(region_mean(field_of(lambda y, x: 3.5), REGIONS[name])) == pytest.approx(3.5)


def test_the_mean_of_a_function_that_can_be_integrated():
    # sin(latitude) over a band: (sin² north − sin² south) / 2 / (sin north − sin south).
    box = Region("test", 10, 50, 10, 40, "test")
    south, north = np.sin(np.deg2rad([10, 40]))
    mean = region_mean(field_of(lambda y, x: np.sin(np.deg2rad(y)), 0.5), box)
    assert float(mean) == pytest.approx((south + north) / 2, rel=1e-4)


@given(st.integers(0, 20))
def test_missing_values_are_left_out(seed):
    field = field_of(lambda y, x: x, 5.0)
    holes = np.random.default_rng(seed).random(field.shape) < 0.4
    box = REGIONS["nino34"]
    expected = field.where(~holes)
    weights = region_weights(field, box).where(~holes, 0.0)
    if float(weights.sum()) > 0:
        naive = float((field * weights).sum() / weights.sum())
        assert float(region_mean(expected, box)) == pytest.approx(naive)


def test_a_box_without_values_is_missing():
    assert np.isnan(region_mean(field_of(lambda y, x: np.nan), REGIONS["nino34"]))


def test_dipoles_are_differences():
    west = field_of(lambda y, x: np.where((x > 45) & (x < 75), 1.0, 0.0), 1.0)
    east = field_of(lambda y, x: np.where((x > 85) & (x < 115), 1.0, 0.0), 1.0)
    assert float(climate_index(west, "dmi")) == pytest.approx(1.0)
    assert float(climate_index(east, "dmi")) == pytest.approx(-1.0)
    assert climate_index(west, "dmi").name == "dmi"


def test_every_index_names_known_boxes():
    for plus, minus in INDICES.values():
        assert plus in REGIONS
        assert minus is None or minus in REGIONS


def test_a_grid_that_does_not_reach_the_box_is_refused():
    field = field_of(lambda y, x: x, 5.0).sel(longitude=slice(0, 100))
    with pytest.raises(DataError, match=r"does not cover Niño 3.4 \(190–240°E"):
        climate_index(field, "nino34")


def test_a_regional_grid_across_the_meridian_has_no_wide_cells_beside_its_gap() -> None:
    longitude = np.concatenate([np.arange(0.5, 20), np.arange(340.5, 360)])
    field = xr.DataArray(
        np.broadcast_to(np.where(longitude < 180, 1.0, 3.0), (4, 40)),
        {"latitude": [-1.5, -0.5, 0.5, 1.5], "longitude": longitude},
        ("latitude", "longitude"),
    )
    around = Region("around 0°", 340, 20, -2, 2, "test")
    assert float(region_mean(field, around)) == pytest.approx(2.0)
    with pytest.raises(DataError, match="does not cover"):
        region_mean(field, Region("the gap", 100, 120, -2, 2, "test"))
