import jax
import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.verification import METRICS, acc, bootstrap, rmse, scorecard, season_by_lead

from . import oracles
from .conftest import synthetic_hindcast

KEY = jax.random.key(1)


def test_every_score_equals_the_naive_loop(hindcast):
    card = scorecard(
        hindcast.fcst, hindcast.obs, edges=hindcast.edges, years=hindcast.years, key=KEY
    )
    assert set(METRICS) <= set(card)
    for lead in range(3):
        expected = oracles.all_scores(oracles.complete_pairs(hindcast, lead))
        assert set(expected) == set(METRICS)
        for name, value in expected.items():
            got = float(card[name].sel(estimate="value").isel(lead=lead))
            assert got == pytest.approx(value, abs=1e-12), (name, lead)


def test_scores_may_be_chosen(hindcast):
    given = {"edges": hindcast.edges, "years": hindcast.years, "key": KEY}
    card = scorecard(hindcast.fcst, hindcast.obs, scores=("acc", "rpss"), **given)
    assert set(card) == {"acc", "rpss", "pairs", "missing"}
    whole = scorecard(hindcast.fcst, hindcast.obs, **given)
    xr.testing.assert_allclose(card, whole[list(card)])
    with pytest.raises(ConfigError, match="metric 'skill' is unknown"):
        scorecard(hindcast.fcst, hindcast.obs, scores=("skill",), **given)


def test_missing_pairs_are_left_out_and_counted(hindcast):
    card = scorecard(hindcast.fcst, hindcast.obs, years=hindcast.years, key=KEY)
    assert card["pairs"].values.tolist() == [35, 35, 33]
    assert card["missing"].values.tolist() == [1, 1, 3]


def test_bounds_enclose_the_value_and_widen_with_level():
    case = synthetic_hindcast(starts=240, seed=3)
    narrow, wide = (
        scorecard(case.fcst, case.obs, edges=case.edges, years=case.years, key=KEY, level=level)
        for level in (0.5, 0.95)
    )
    for name in METRICS:
        value, low, high = (wide[name].sel(estimate=e) for e in ("value", "lower", "upper"))
        assert bool((low < value).all()), name
        assert bool((value < high).all()), name
        width = narrow[name].sel(estimate="upper") - narrow[name].sel(estimate="lower")
        assert bool((width < high - low).all()), name


def test_single_valued_forecast_gets_the_scores_that_it_allows(hindcast):
    card = scorecard(hindcast.fcst.isel(member=0), hindcast.obs, years=hindcast.years, key=KEY)
    assert set(card) == {"acc", "rmse", "mae", "bias", "crps", "pairs", "missing"}
    xr.testing.assert_allclose(card["crps"], card["mae"])


def test_same_key_same_card():
    case = synthetic_hindcast(starts=120)
    cards = [
        scorecard(case.fcst, case.obs, years=case.years, key=jax.random.key(k), resamples=100)
        for k in (7, 7, 8)
    ]
    xr.testing.assert_identical(cards[0], cards[1])
    assert not cards[0].equals(cards[2])


def test_perfect_forecast():
    case = synthetic_hindcast(starts=48, holes=False)
    card = scorecard(case.obs, case.obs, edges=case.edges, years=case.years, key=KEY)
    for name, best in {"acc": 1, "rmse": 0, "mae": 0, "bias": 0, "crps": 0, "rpss": 1}.items():
        np.testing.assert_allclose(card[name], best, atol=1e-12, err_msg=name)


def test_lead_with_no_observations_is_nan(hindcast):
    obs = hindcast.obs.where(hindcast.obs["lead"] != 2)
    card = scorecard(hindcast.fcst, obs, edges=hindcast.edges, years=hindcast.years, key=KEY)
    assert card["pairs"].sel(lead=2) == 0
    for name in METRICS:
        assert bool(card[name].sel(lead=2).isnull().all()), name
        assert bool(card[name].sel(lead=1).notnull().all()), name


def test_pooling_two_dimensions(hindcast):
    card = scorecard(
        hindcast.fcst, hindcast.obs, years=hindcast.years, key=KEY, dim=("start", "lead")
    )
    pooled = [p for lead in range(3) for p in oracles.complete_pairs(hindcast, lead)]
    assert float(card["crps"][0]) == pytest.approx(oracles.all_scores(pooled)["crps"])
    assert int(card["missing"]) == 5


def test_season_by_lead_scores_each_month_by_itself(hindcast):
    first = xr.DataArray(np.arange(36), dims="start")
    month = (first + hindcast.fcst["lead"] - 1) % 12 + 1
    for name, score in (("rmse", rmse), ("acc", acc)):
        table = season_by_lead(
            hindcast.fcst, hindcast.obs, name, target_month=month, years=hindcast.years, key=KEY
        )
        assert table.dims == ("month", "lead", "estimate")
        for number in (1, 8, 12):
            alone = score(hindcast.fcst, hindcast.obs.where(month == number), dim="start")
            got = table.sel(month=number, estimate="value", drop=True)
            np.testing.assert_allclose(got, alone, atol=1e-12)


def test_months_outside_the_calendar_are_refused(hindcast):
    month = xr.full_like(hindcast.obs, 13)
    with pytest.raises(DataError, match="1 to 12"):
        season_by_lead(
            hindcast.fcst, hindcast.obs, target_month=month, years=hindcast.years, key=KEY
        )


def test_ensemble_scores_of_one_member_are_refused(hindcast):
    one = hindcast.fcst.isel(member=[0])
    with pytest.raises(DataError, match="at least"):
        bootstrap("spread_error", one, hindcast.obs, dim="start", years=hindcast.years, key=KEY)
    with pytest.raises(ConfigError, match="acc, rmse"):
        bootstrap("skill", one, hindcast.obs, dim="start", years=hindcast.years, key=KEY)
