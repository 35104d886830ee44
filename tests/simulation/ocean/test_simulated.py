import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from shiome.core import DataError
from shiome.core.errors import ModelError
from shiome.data import open_sample
from shiome.data.splits import blocked
from shiome.grids import REGIONS, month_number, region_mean
from shiome.simulation import trajectory
from shiome.simulation.empirical.wind_stress import bulk_stress
from shiome.simulation.ocean import (
    MonthlyWind,
    SimulatedOcean,
    Stress,
    reduced_gravity_ocean,
    simulated_ocean,
    tropical_basin,
)


@pytest.fixture(scope="module")
def ocean() -> SimulatedOcean:
    """The ocean at half the default resolution, which runs backwards in a second or two."""
    relief = open_sample("relief-1deg")["surface_altitude"]
    return simulated_ocean(relief, open_sample("navy-winds"), spacing=(4.0, 2.0), months=48)


@pytest.fixture(scope="module")
def sst() -> xr.DataArray:
    return open_sample("sst-anomaly-t30")["sst_anomaly"]


@pytest.fixture(scope="module")
def warm_water(ocean: SimulatedOcean, sst: xr.DataArray) -> xr.DataArray:
    values = ocean.indices(sst, np.ones(sst.sizes["time"], bool))
    return xr.DataArray(values[:, 0], coords={"time": sst["time"]}, dims="time")


def _correlation(x: np.ndarray, y: np.ndarray, lead: int) -> float:
    """Correlation of x with y ``lead`` months later."""
    return float(np.corrcoef(x[: len(x) - lead], y[lead:])[0, 1])


def test_warm_water_leads_el_nino_by_seasons(warm_water: xr.DataArray, sst: xr.DataArray) -> None:
    nino34 = region_mean(sst, REGIONS["nino34"]).values
    lags = [_correlation(warm_water.values, nino34, lead) for lead in range(13)]
    assert 4 <= int(np.argmax(lags)) <= 10
    assert 0.35 < max(lags) < 0.7
    # and El Niño discharges it: half a cycle later the sign is the other
    assert _correlation(nino34, warm_water.values, 7) < -0.5


@pytest.mark.parametrize(("charged", "drained"), [("1982", "1983"), ("1997", "1998")])
def test_great_el_ninos_discharge_the_equator(
    warm_water: xr.DataArray, charged: str, drained: str
) -> None:
    before = float(warm_water.sel(time=slice(f"{charged}-02", f"{charged}-06")).mean())
    after = float(warm_water.sel(time=slice(f"{drained}-04", f"{drained}-10")).mean())
    assert before > 0.0
    assert after < -1.0 * float(warm_water.std())


def test_mean_winds_tilt_the_layer_as_observed() -> None:
    """Held mean winds of 1982–1992 against the observed depth of the 20 °C isotherm."""
    winds = open_sample("navy-winds").mean("time")
    basin = tropical_basin(open_sample("relief-1deg")["surface_altitude"], (4.0, 2.0))
    grid = {"latitude": basin.latitude, "longitude": basin.longitude}
    u, v = (winds[f"{way}_wind"].interp(grid).values[None] for way in ("eastward", "northward"))
    tau = jnp.asarray(bulk_stress(u, v), jnp.float32)
    wind = MonthlyWind(Stress(tau[:, 0], tau[:, 1]), 0)
    ocean = reduced_gravity_ocean(basin, wind=wind, steps_per_month=200)
    years = trajectory(
        ocean, ocean.rest(), 0.0, 2400 * 8, jax.random.key(0), every=2400, observe=lambda s: s.h
    )
    equator, pacific = np.abs(basin.latitude) < 3, (basin.longitude > 145) & (basin.longitude < 270)
    layer = np.asarray(years[-1])[np.ix_(equator, pacific)].mean(0)
    observed = _isotherm_depth(20.0).interp(longitude=basin.longitude[pacific]).values
    assert np.corrcoef(layer, observed)[0, 1] > 0.95
    assert 40.0 < layer[0] - layer[-1] < 140.0


def _isotherm_depth(celsius: float) -> xr.DataArray:
    """Annual mean depth of an isotherm on the equator in m, by longitude."""
    profile = open_sample("ocean-temperature")["sea_water_temperature"].mean("month")
    profile = profile.sel(latitude=slice(-3, 3)).mean("latitude").sel(longitude=slice(140, 280))
    depth = profile["depth"].values
    values = [np.interp(-celsius, -column, depth) for column in profile.values.T]
    return xr.DataArray(values, coords={"longitude": profile["longitude"]}, dims="longitude")


def test_no_month_feels_a_later_one(ocean: SimulatedOcean, sst: xr.DataArray) -> None:
    month = month_number(sst["time"].values)
    split = blocked(np.unique(month // 12))[6]
    training = split.training(month)
    first = int(np.flatnonzero(~training)[0]) + 20
    changed = sst.copy()
    # Only months that the fit does not see are changed.
    later = np.arange(month.size) > first
    changed.values[later & ~training] += 3.0
    before, after = (ocean.indices(field, training) for field in (sst, changed))
    np.testing.assert_array_equal(before[: first + 1], after[: first + 1])
    assert np.abs(before[first + 1 :] - after[first + 1 :]).max() > 0.1


def test_withheld_months_do_not_reach_the_fit(ocean: SimulatedOcean, sst: xr.DataArray) -> None:
    month = month_number(sst["time"].values)
    training = blocked(np.unique(month // 12))[1].training(month)
    changed = sst.copy()
    start = int(np.flatnonzero(~training)[0])
    changed.values[~training] *= -5.0
    before, after = (ocean.indices(field, training) for field in (sst, changed))
    np.testing.assert_array_equal(before[:start], after[:start])


def test_missing_month_keeps_the_wind_and_single_holes_are_filled(
    ocean: SimulatedOcean, sst: xr.DataArray, warm_water: xr.DataArray
) -> None:
    every = np.ones(sst.sizes["time"], bool)
    missing = sst.copy()
    missing.values[200] = np.nan
    missing.values[300, 20:26, 40:50] = np.nan
    values = ocean.indices(missing, every)[:, 0]
    assert np.isfinite(values).all()
    assert np.abs(values - warm_water.values).max() < 0.5 * float(warm_water.std())


def test_layout_of_the_field_does_not_matter(
    ocean: SimulatedOcean, sst: xr.DataArray, warm_water: xr.DataArray
) -> None:
    every = np.ones(sst.sizes["time"], bool)
    turned = (sst + 20.0).transpose("longitude", "time", "latitude")
    np.testing.assert_allclose(ocean.indices(turned, every)[:, 0], warm_water.values, atol=1e-4)


def test_too_little_is_told(ocean: SimulatedOcean, sst: xr.DataArray) -> None:
    late = sst.sel(time=slice("1993", None))
    with pytest.raises(ModelError, match="0 training months have observed winds"):
        ocean.indices(late, np.ones(late.sizes["time"], bool))
    atlantic = sst.sel(longitude=slice(290, None))
    with pytest.raises(DataError, match="no values in the Tropical Indian Ocean"):
        ocean.indices(atlantic, np.ones(atlantic.sizes["time"], bool))
