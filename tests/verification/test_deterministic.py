import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from shiome.core.errors import DataError
from shiome.verification import acc, bias, mae, rmse

from . import oracles

FUNCTIONS = {"rmse": rmse, "mae": mae, "bias": bias, "acc": acc}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_equals_the_naive_loop(name, hindcast):
    got = FUNCTIONS[name](hindcast.fcst, hindcast.obs, dim="start")
    assert got.name == name
    for lead in range(3):
        expected = oracles.all_scores(oracles.complete_pairs(hindcast, lead))[name]
        assert float(got[lead]) == pytest.approx(expected, abs=1e-12)


@given(st.floats(0.1, 10), st.floats(-300, 300))
@settings(max_examples=20, deadline=None)
def test_correlation_ignores_shift_and_scale(scale, shift):
    random = np.random.default_rng(0)
    fcst, obs = (xr.DataArray(random.standard_normal(20), dims="start") for _ in range(2))
    same = pytest.approx(float(acc(fcst, obs, dim="start")), abs=1e-9)
    assert float(acc(scale * fcst + shift, obs, dim="start")) == same
    assert float(acc(fcst, scale * obs + shift, dim="start")) == same


@pytest.mark.parametrize("name", FUNCTIONS)
def test_weights_count_pairs(name, hindcast):
    score = FUNCTIONS[name]
    fcst, obs = hindcast.fcst.isel(member=2), hindcast.obs
    weights = xr.where(obs["start"] < 10, 0.0, 1.0)
    got = score(fcst, obs, dim="start", weights=weights)
    np.testing.assert_allclose(got, score(fcst[10:], obs[10:], dim="start"), atol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_to_score(name, hindcast):
    score = FUNCTIONS[name](hindcast.fcst, hindcast.obs * np.nan, dim="start")
    assert bool(score.isnull().all())


def test_constant_forecast_has_no_correlation():
    fcst = xr.DataArray(np.full(9, 0.3), dims="start")
    obs = xr.DataArray(np.arange(9.0), dims="start")
    assert np.isnan(acc(fcst, obs, dim="start"))


def test_labels_must_agree(hindcast):
    with pytest.raises(DataError, match="same labels"):
        rmse(hindcast.fcst, hindcast.obs.assign_coords(start=np.arange(36) + 1), dim="start")
    with pytest.raises(DataError, match="lacks"):
        rmse(hindcast.fcst.isel(lead=0), hindcast.obs, dim="start")
