"""The hybrid forecast of the short rains: seasons, regressions, months that are known already."""

import jax
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from shiome.core import DataError
from shiome.core.errors import ModelError
from shiome.showcases.seasonal.rainfall import (
    PUBLISHED_CORRELATION,
    PUBLISHED_SLOPE,
    rainfall_forecast,
    rainfall_response,
    season_rainfall,
)
from shiome.showcases.seasonal.season import OND, observed_season
from shiome.showcases.seasonal.system import LEADS, fit

YEARS = np.arange(1990, 2000)
KEY = jax.random.key(0)


def monthly(folder, values, first="1990-01"):
    time = pd.date_range(first, periods=len(values), freq="MS")
    path = folder / "rain.csv"
    pd.DataFrame({"time": time.strftime("%Y-%m-%d"), "rain": values}).to_csv(path, index=False)
    return str(path)


def test_monthly_rain_is_averaged_over_complete_seasons(tmp_path):
    values = np.arange(120.0)
    values[12 + 10] = np.nan  # November 1991
    found = season_rainfall(monthly(tmp_path, values), YEARS)
    expected = 12.0 * (YEARS - 1990) + 10
    expected[1] = np.nan
    np.testing.assert_array_equal(found, expected)


def test_yearly_rain_is_taken_as_the_season(tmp_path):
    path = tmp_path / "yearly.csv"
    pd.DataFrame({"year": YEARS[2:], "rain": YEARS[2:] - 1990.0}).to_csv(path, index=False)
    found = season_rainfall(str(path), YEARS)
    np.testing.assert_array_equal(found, [np.nan, np.nan, *range(2, 10)])


def test_rain_of_other_years_is_refused(tmp_path):
    path = monthly(tmp_path, np.ones(120), "1950-01")
    with pytest.raises(DataError, match="no October–December value in 1990–1999"):
        season_rainfall(path, YEARS)


def test_the_published_regression_is_the_default():
    dmi = np.random.default_rng(0).normal(size=30)
    response, source = rainfall_response(dmi, None)
    assert response.slope[0] == PUBLISHED_SLOPE
    assert response.correlation == PUBLISHED_CORRELATION
    assert "Published" in source


def test_rain_that_is_given_is_refitted():
    rng = np.random.default_rng(0)
    dmi = rng.normal(size=30)
    rain = 3.0 * dmi + 1.0 + 0.1 * rng.normal(size=30)
    rain[3] = np.nan
    response, source = rainfall_response(dmi, rain)
    assert response.slope[0] == pytest.approx(3.0, abs=0.1)
    assert "29 years" in source
    with pytest.raises(ModelError, match="years have both"):
        rainfall_response(dmi[:6], rain[:6])


@pytest.fixture(scope="module")
def system(observed):
    return fit(observed, np.ones(240, bool))


def forecast(system, start, members, training=None, path=None):
    training = np.ones(240, bool) if training is None else training
    lead = np.arange(1, LEADS + 1)
    drawn = xr.DataArray(members, {"lead": lead}, ("member", "lead"))
    return rainfall_forecast(system, training, start, drawn, path, KEY)


@pytest.mark.parametrize(
    ("last_seen", "season", "known", "leads"),
    [(8, 1985, 0, (1, 2, 3)), (4, 1985, 0, (5, 6, 7)), (9, 1985, 1, (1, 2)), (10, 1985, 2, (1,)),
     (11, 1986, 0, (10, 11, 12)), (0, 1985, 0, (9, 10, 11))],
)  # fmt: skip
def test_the_next_season_that_is_not_wholly_observed(system, last_seen, season, known, leads):
    """From December the next year's; before, months that are past are observed, others forecast."""
    start = 12 * 8 + last_seen  # in 1993
    members = np.arange(1.0, 13.0) + 100.0 * np.arange(1, 5)[:, None]
    found = forecast(system, start, members)
    assert found.season == f"October–December {season + 8}"
    october = 12 * 8 + 9
    past = system.targets[october : october + known, 1].sum()
    expected = (past + members[:, np.array(leads) - 1].sum(1)) / 3
    np.testing.assert_allclose(found.dmi, expected)


def test_probabilities_follow_the_dipole(system):
    wet, dry = (forecast(system, 100, np.full((20, LEADS), x)) for x in (1.5, -1.5))
    for found in (wet, dry):
        assert sum(found.probabilities) == pytest.approx(1.0)
        assert found.terciles[0] < found.terciles[1]
    assert wet.probabilities[2] > 0.8
    assert dry.probabilities[0] > 0.8


def test_a_refit_sees_training_years_alone(system, files, tmp_path):
    """Rain of a withheld year may be anything: the regression does not change."""
    month = system.month
    training = ~np.isin(month // 12, (1996, 1997, 1998))
    members = np.full((20, LEADS), 0.5)
    first = forecast(system, 149, members, training, files.rain)
    rain = pd.read_csv(files.rain)
    rain.loc[~training, "rain"] = 999.0
    rain.to_csv(tmp_path / "spoiled.csv", index=False)
    second = forecast(system, 149, members, training, str(tmp_path / "spoiled.csv"))
    assert first.slope == second.slope
    assert first.terciles == second.terciles
    np.testing.assert_array_equal(first.draws, second.draws)


def test_a_refit_finds_the_synthetic_rain(system, files):
    """Rain was made as 2 + 1.2 × dipole + noise of 0.3 a month."""
    found = forecast(system, 239, np.zeros((20, LEADS)), path=files.rain)
    years, dmi = observed_season(system.targets[:, 1], system.month, OND)
    assert len(years) == 20
    assert found.correlation > 0.6
    assert 0.3 < found.slope < 2.0
    assert found.intercept == pytest.approx(2.0, abs=0.3)
    assert float(found.draws.mean()) == pytest.approx(found.intercept, abs=0.1)
    assert np.isfinite(dmi).all()
