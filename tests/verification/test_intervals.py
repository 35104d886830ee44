import jax
import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.verification import bootstrap, rmse, scorecard
from shiome.verification.intervals import with_interval, year_counts

from .conftest import synthetic_hindcast

KEY = jax.random.key(3)


@pytest.mark.parametrize("block", [1, 2, 5])
def test_counts_draw_whole_years(block):
    counts = year_counts(KEY, years=7, resamples=4000, block=block)
    assert counts.shape == (4000, 7)
    np.testing.assert_array_equal(counts.sum(1), 7)
    np.testing.assert_allclose(counts.mean(0), 1, atol=0.06)
    if block == 1:  # a multinomial
        np.testing.assert_allclose(counts.var(0), 1 - 1 / 7, atol=0.08)
    together = np.corrcoef(counts[:, 2], counts[:, 3])[0, 1]
    assert (together > 0.1) == (block > 1)


def test_replicates_equal_scoring_the_drawn_years_again():
    """The matrix product against the loop: concatenate the drawn years, score them."""
    case = synthetic_hindcast(starts=60, leads=1, holes=False)
    counts = year_counts(KEY, years=5, resamples=40)
    scores = []
    for row in counts.astype(int):
        index = np.concatenate(
            [np.flatnonzero(case.years.values == 1990 + y) for y in np.repeat(range(5), row)]
        )
        fcst, obs = (a.drop_vars("start").isel(start=index) for a in (case.fcst, case.obs))
        scores.append(float(rmse(fcst, obs, dim="start")[0]))
    got = bootstrap(
        "rmse", case.fcst, case.obs, dim="start", years=case.years, key=KEY, resamples=40, level=0.8
    )
    expected = np.quantile(scores, [0.1, 0.9])
    np.testing.assert_allclose(got.sel(estimate=["lower", "upper"]).values[:, 0], expected)


def test_quantiles_pass_over_undefined_replicates():
    random = np.random.default_rng(0)
    samples = random.standard_normal((3, 50))
    samples[1, ::3] = np.nan
    samples[2] = np.nan
    replicates = xr.DataArray(samples, dims=("lead", "resample"))
    got = with_interval(xr.DataArray([0.0, 0.0, 0.0], dims="lead"), replicates, 0.5)
    for lead in range(2):
        expected = np.nanquantile(samples[lead], [0.25, 0.75])
        np.testing.assert_allclose(got.isel(lead=lead).values[1:], expected)
    assert np.isnan(got.values[1:, 2]).all()


def test_interval_covers_the_truth_as_often_as_it_says():
    """200 synthetic hindcasts of 30 years at once: the 90 % interval of the correlation."""
    random = np.random.default_rng(4)
    coords = {"case": np.arange(200)}
    signal = random.standard_normal((30, 200))
    fcst = xr.DataArray(signal, coords, ("start", "case"))
    obs = xr.DataArray(0.6 * signal + 0.8 * random.standard_normal((30, 200)), coords, fcst.dims)
    years = xr.DataArray(np.arange(30), dims="start")
    for metric, truth in (("acc", 0.6), ("rmse", np.sqrt(0.16 + 0.64)), ("bias", 0.0)):
        result = bootstrap(metric, fcst, obs, dim="start", years=years, key=KEY, resamples=400)
        low, high = result.sel(estimate="lower"), result.sel(estimate="upper")
        covered = float(((low < truth) & (truth < high)).mean())
        assert 0.8 < covered < 0.96, metric


def test_members_of_a_year_are_not_independent():
    """Twelve copies of each year are no more information than one."""
    random = np.random.default_rng(5)
    fcst, obs = (xr.DataArray(random.standard_normal(25), dims="start") for _ in range(2))
    year = xr.DataArray(np.arange(25), dims="start")
    repeat = {"start": np.repeat(np.arange(25), 12)}
    once = bootstrap("rmse", fcst, obs, dim="start", years=year, key=KEY)
    often = bootstrap("rmse", fcst[repeat], obs[repeat], dim="start", years=year[repeat], key=KEY)
    np.testing.assert_allclose(often, once)


def test_difference_on_the_same_resamples_is_sharper():
    case = synthetic_hindcast(starts=360, leads=1, seed=2, holes=False)
    worse = case.fcst + 0.3
    kwargs = {"dim": "start", "years": case.years, "key": KEY}
    gain = bootstrap("crps", worse, case.obs, baseline=case.fcst, **kwargs)
    better = bootstrap("crps", case.fcst, case.obs, **kwargs)
    assert float(gain.sel(estimate="lower")[0]) > 0
    width = lambda r: float(r.sel(estimate="upper")[0] - r.sel(estimate="lower")[0])
    assert width(gain) < width(better)
    none = bootstrap("crps", case.fcst, case.obs, baseline=case.fcst, **kwargs)
    np.testing.assert_allclose(none, 0)


def test_difference_uses_the_pairs_of_both():
    case = synthetic_hindcast(starts=48, leads=1, holes=False)
    baseline = case.fcst.mean("member").where(case.fcst["start"] > 10)
    gain = bootstrap(
        "rmse", case.fcst, case.obs, dim="start", years=case.years, key=KEY, baseline=baseline
    )
    np.testing.assert_allclose(gain.sel(estimate="value"), 0, atol=1e-12)


def test_what_cannot_be_resampled_is_refused():
    case = synthetic_hindcast(starts=24)
    kwargs = {"dim": "start", "key": KEY}
    with pytest.raises(DataError, match=r"1 year.*at least 2"):
        bootstrap("acc", case.fcst, case.obs, years=case.years * 0, **kwargs)
    with pytest.raises(DataError, match="one each"):
        bootstrap("acc", case.fcst, case.obs, years=case.years[:-1], **kwargs)
    with pytest.raises(DataError, match="year labels"):
        bootstrap("acc", case.fcst, case.obs, years=case.years.rename(start="t"), **kwargs)
    with pytest.raises(ConfigError, match="block=9"):
        bootstrap("acc", case.fcst, case.obs, years=case.years, block=9, **kwargs)
    with pytest.raises(ConfigError, match=r"90"):
        scorecard(case.fcst, case.obs, years=case.years, key=KEY, level=90)
