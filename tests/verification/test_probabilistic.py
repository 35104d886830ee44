import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from shiome.core.errors import DataError
from shiome.verification import (
    brier,
    category_probabilities,
    crps,
    observed_category,
    rps,
    rpss,
)

from . import oracles
from .conftest import synthetic_hindcast

values = st.floats(-50, 50).map(lambda x: round(x, 3))


def one_pair(members, obs):
    return xr.DataArray([members], dims=("start", "member")), xr.DataArray([obs], dims="start")


@given(st.lists(values, min_size=1, max_size=8), values)
@settings(max_examples=60, deadline=None)
def test_crps_is_the_integral_of_its_definition(members, obs):
    score = crps(*one_pair(members, obs), dim="start")
    assert float(score) == pytest.approx(oracles.crps_by_integral(members, obs), abs=1e-9)


@given(st.lists(values, min_size=2, max_size=8), values, st.permutations(range(8)))
@settings(max_examples=40, deadline=None)
def test_crps_symmetries(members, obs, order):
    fcst, seen = one_pair(members, obs)
    score = float(crps(fcst, seen, dim="start", fair=True))
    mixed = [members[i] for i in order if i < len(members)]
    same = pytest.approx(score, abs=1e-9)
    assert float(crps(*one_pair(mixed, obs), dim="start", fair=True)) == same
    assert float(crps(fcst + 273.15, seen + 273.15, dim="start", fair=True)) == same
    assert float(crps(-fcst, -seen, dim="start", fair=True)) == same
    assert float(crps(3 * fcst, 3 * seen, dim="start", fair=True)) == pytest.approx(3 * score)


def test_crps_of_a_large_normal_ensemble():
    """Gneiting et al. (2005), doi:10.1175/MWR2904.1, eq. 5: the CRPS of a normal forecast."""
    quantiles = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    for obs in (-1.3, 0.0, 2.0):
        expected = obs * (2 * norm.cdf(obs) - 1) + 2 * norm.pdf(obs) - 1 / np.sqrt(np.pi)
        score = crps(*one_pair(quantiles, obs), dim="start")
        assert float(score) == pytest.approx(expected, abs=1e-4)


def test_fair_scores_do_not_depend_on_ensemble_size():
    """Ferro (2014): the expected fair score is that of the distribution behind the members."""
    case = synthetic_hindcast(starts=6000, leads=1, members=32, seed=5, holes=False)
    dims = ("start", "lead")
    pair = case.fcst.isel(member=slice(2))
    for score, extra in ((crps, {}), (rps, {"edges": case.edges})):
        small = float(score(pair, case.obs, dim=dims, fair=True, **extra))
        large = float(score(case.fcst, case.obs, dim=dims, fair=True, **extra))
        plain = float(score(pair, case.obs, dim=dims, **extra))
        assert small == pytest.approx(large, rel=0.03)
        assert plain > 1.2 * large


def test_scores_equal_the_naive_loop(hindcast):
    for fair in (False, True):
        got = rps(hindcast.fcst, hindcast.obs, edges=hindcast.edges, dim="start", fair=fair)
        for lead in range(3):
            pairs = oracles.complete_pairs(hindcast, lead)
            expected = np.mean([oracles.rps(*p, fair=fair) for p in pairs])
            assert float(got[lead]) == pytest.approx(expected)


def test_skill_of_climatology_is_near_zero():
    """Members drawn from climatology: fair skill 0, plain skill -1/M (Weigel et al. 2007)."""
    random = np.random.default_rng(2)
    fcst = xr.DataArray(random.standard_normal((20_000, 8)), dims=("start", "member"))
    obs = xr.DataArray(random.standard_normal(20_000), dims="start")
    edges = xr.DataArray(norm.ppf([1 / 3, 2 / 3]), dims="edge")
    assert float(rpss(fcst, obs, edges=edges, dim="start", fair=True)) == pytest.approx(0, abs=0.01)
    assert float(rpss(fcst, obs, edges=edges, dim="start")) == pytest.approx(-1 / 8, abs=0.01)


def test_category_probabilities_are_shares_of_members():
    fcst = xr.DataArray([[-2.0, -1.0, 0.0, 3.0], [1.0, 1.0, np.nan, 1.0]], dims=("start", "member"))
    edges = xr.DataArray([-1.0, 1.0], dims="edge")
    shares = category_probabilities(fcst, edges)
    assert shares.dims == ("start", "category")
    np.testing.assert_allclose(shares[0], [0.5, 0.25, 0.25])
    assert bool(shares[1].isnull().all())
    seen = observed_category(xr.DataArray([-1.0, np.nan], dims="start"), edges)
    np.testing.assert_array_equal(seen[0], [1, 0, 0])
    assert bool(seen[1].isnull().all())


def test_rps_is_the_sum_of_brier_scores(hindcast):
    for fair in (False, True):
        edges = hindcast.edges.where(hindcast.fcst.notnull().all("member"))
        whole = rps(hindcast.fcst, hindcast.obs, edges=edges, dim="start", fair=fair)
        parts = 0
        for number in range(2):
            edge = edges.isel(edge=number)
            happens = (hindcast.fcst <= edge).where(hindcast.fcst.notnull()).astype(float)
            seen = (hindcast.obs <= edge).where(hindcast.obs.notnull())
            parts = parts + brier(happens, seen, dim="start", fair=fair)
        np.testing.assert_allclose(whole, parts)


def test_brier_of_probabilities():
    probability = xr.DataArray([0.0, 0.5, 0.9, 0.3], dims="start")
    event = xr.DataArray([0.0, 1.0, 1.0, np.nan], dims="start")
    expected = (0 + 0.25 + 0.01) / 3
    assert float(brier(probability, event, dim="start")) == pytest.approx(expected)
    weights = xr.DataArray([1.0, 0.0, 3.0, 1.0], dims="start")
    got = float(brier(probability, event, dim="start", weights=weights))
    assert got == pytest.approx(0.03 / 4)
    with pytest.raises(DataError, match="between 0 and 1"):
        brier(probability * 100, event, dim="start")
    with pytest.raises(DataError, match="0 and 1"):
        brier(probability, event + 0.5, dim="start")


def test_weights_count_pairs(hindcast):
    """A pair of weight 2 is two pairs; of weight 0, none."""
    twice = xr.concat([hindcast.fcst, hindcast.fcst[:10]], "start").assign_coords(start=range(46))
    seen = xr.concat([hindcast.obs, hindcast.obs[:10]], "start").assign_coords(start=range(46))
    weights = xr.ones_like(hindcast.obs["start"], dtype=float)
    weights[:10] = 2
    got = crps(hindcast.fcst, hindcast.obs, dim="start", weights=weights)
    np.testing.assert_allclose(got, crps(twice, seen, dim="start"))


def test_what_cannot_be_scored_is_refused(hindcast):
    fcst, obs, edges = hindcast.fcst, hindcast.obs, hindcast.edges
    with pytest.raises(DataError, match=r"1 member.*at least 2"):
        crps(fcst.isel(member=[0]), obs, dim="start", fair=True)
    with pytest.raises(DataError, match="'member'"):
        crps(fcst.isel(member=0), obs, dim="start")
    with pytest.raises(DataError, match="'season'"):
        crps(fcst, obs, dim="season")
    with pytest.raises(DataError, match="'start'"):
        crps(fcst, obs.isel(start=slice(5)), dim="start")
    with pytest.raises(DataError, match="'lead'"):
        crps(fcst, obs.assign_coords(lead=[2, 3, 4]), dim="start")
    with pytest.raises(DataError, match="ascending"):
        rps(fcst, obs, edges=-edges, dim="start")
    with pytest.raises(DataError, match="'edge'"):
        rps(fcst, obs, edges=edges.isel(edge=0), dim="start")
    with pytest.raises(DataError, match="negative"):
        crps(fcst, obs, dim="start", weights=-xr.ones_like(obs))


def test_edges_of_data():
    fcst, obs = one_pair([1.0, 3.0], 2.0)
    assert float(crps(fcst, obs, dim="start")) == pytest.approx(0.5)
    assert np.isnan(crps(fcst, obs * np.nan, dim="start"))
    assert np.isnan(crps(fcst[:0], obs[:0], dim="start"))
    alone = crps(fcst.isel(member=[0]), obs, dim="start")
    assert float(alone) == pytest.approx(1.0)
