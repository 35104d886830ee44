import jax
import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.verification import (
    category_probabilities,
    flatness_test,
    observed_category,
    rank_histogram,
    reliability_diagram,
    spread_error,
)

from . import oracles
from .conftest import synthetic_hindcast

KEY = jax.random.key(11)
DIMS = ("start", "lead")


def test_ranks_of_a_reliable_ensemble_are_flat():
    case = synthetic_hindcast(starts=3000, members=9, seed=1)
    histogram = rank_histogram(case.fcst, case.obs, dim=DIMS, key=KEY)
    assert histogram.sizes["rank"] == 10
    assert int(histogram["count"].sum()) == 9000 - 5
    assert float(flatness_test(histogram)["p_value"]) > 0.01
    narrow = case.fcst.mean("member") + 0.5 * (case.fcst - case.fcst.mean("member"))
    shaped = rank_histogram(narrow, case.obs, dim=DIMS, key=KEY)
    assert float(flatness_test(shaped)["p_value"]) < 1e-9
    assert int(shaped["count"][0]) > 2 * int(shaped["count"][5])


def test_p_values_of_flat_histograms_are_uniform():
    random = np.random.default_rng(6)
    fcst = xr.DataArray(random.standard_normal((400, 300, 4)), dims=("start", "case", "member"))
    obs = xr.DataArray(random.standard_normal((400, 300)), dims=("start", "case"))
    p = flatness_test(rank_histogram(fcst, obs, dim="start", key=KEY))["p_value"]
    assert float(p.mean()) == pytest.approx(0.5, abs=0.05)
    assert float((p < 0.1).mean()) == pytest.approx(0.1, abs=0.05)


def test_ranks_equal_the_naive_loop(hindcast):
    got = rank_histogram(hindcast.fcst, hindcast.obs, dim="start", key=KEY)["count"]
    for lead in range(3):
        expected = np.zeros(6, int)
        for members, obs, _ in oracles.complete_pairs(hindcast, lead):
            expected[sum(x < obs for x in members)] += 1
        np.testing.assert_array_equal(got[lead], expected)


def test_ties_are_broken_evenly_and_by_key():
    fcst, obs = (
        xr.DataArray(np.zeros((3000, 5)), dims=("start", "member")),
        xr.DataArray(np.zeros(3000), dims="start"),
    )
    one, same, other = (
        rank_histogram(fcst, obs, dim="start", key=jax.random.key(k)) for k in (0, 0, 1)
    )
    assert float(flatness_test(one)["p_value"]) > 0.01
    xr.testing.assert_identical(one, same)
    assert not one.equals(other)


def test_groups_of_ranks():
    case = synthetic_hindcast(starts=2000, members=10, seed=1, holes=False)
    histogram = rank_histogram(case.fcst, case.obs, dim=DIMS, key=KEY, groups=4)
    np.testing.assert_allclose(histogram["expected"] * 11, [3, 3, 3, 2])
    assert float(flatness_test(histogram)["p_value"]) > 0.01
    with pytest.raises(ConfigError, match="2 to 11"):
        rank_histogram(case.fcst, case.obs, dim=DIMS, key=KEY, groups=12)


def test_flatness_of_nothing_is_undefined():
    case = synthetic_hindcast(starts=12)
    empty = rank_histogram(case.fcst, case.obs * np.nan, dim=DIMS, key=KEY)
    assert np.isnan(flatness_test(empty)["p_value"])


def test_reliability_of_probabilities_that_mean_what_they_say():
    random = np.random.default_rng(8)
    probability = xr.DataArray(random.uniform(size=60_000), dims="start")
    event = (random.uniform(size=60_000) < probability).astype(float)
    diagram = reliability_diagram(probability, event, dim="start")
    np.testing.assert_allclose(diagram["frequency"], diagram["probability"], atol=0.025)
    np.testing.assert_allclose(diagram["probability"], diagram["bin"], atol=0.01)
    assert int(diagram["count"].sum()) == 60_000


def test_reliability_counts_each_category(hindcast):
    shares = category_probabilities(hindcast.fcst, hindcast.edges)
    seen = observed_category(hindcast.obs, hindcast.edges)
    diagram = reliability_diagram(shares, seen, dim=DIMS, bins=5)
    assert diagram["count"].dims == ("category", "bin")
    np.testing.assert_array_equal(diagram["count"].sum("bin"), 108 - 5)
    total = (diagram["frequency"] * diagram["count"]).sum("bin")
    valid = shares.notnull() & seen.notnull()
    np.testing.assert_allclose(total, seen.where(valid).sum(DIMS))
    with pytest.raises(DataError, match="expected 0 to 1"):
        reliability_diagram(100 * shares, seen, dim=DIMS)


def test_probabilities_on_bin_edges():
    probability = xr.DataArray([0.0, 0.3, 0.1 * 3, 1.0, np.nan], dims="start")
    diagram = reliability_diagram(probability, xr.ones_like(probability), dim="start")
    np.testing.assert_array_equal(np.flatnonzero(diagram["count"]), [0, 3, 9])
    assert int(diagram["count"][3]) == 2


@pytest.mark.parametrize("members", [2, 5, 40])
def test_spread_matches_error_in_a_reliable_ensemble_of_any_size(members):
    case = synthetic_hindcast(starts=4000, members=members, seed=9)
    assert float(spread_error(case.fcst, case.obs, dim=DIMS)) == pytest.approx(1, abs=0.03)
    tight = case.fcst.mean("member") + 0.5 * (case.fcst - case.fcst.mean("member"))
    assert float(spread_error(tight, case.obs, dim=DIMS)) == pytest.approx(0.5, abs=0.02)


def test_spread_of_one_member_is_refused(hindcast):
    with pytest.raises(DataError, match=r"1 member.*at least 2"):
        spread_error(hindcast.fcst.isel(member=[3]), hindcast.obs, dim="start")
