"""Seasons of the calendar, observed and forecast."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiome.showcases.seasonal.season import (
    OND,
    forecast_season,
    leads_of_season,
    observed_season,
)
from shiome.showcases.seasonal.system import LEADS

DJF = (12, 1, 2)
MONTH = 12 * 1990 + np.arange(120)


def perfect(first=1990):
    """A hindcast whose forecast and observation of a month are its month number."""
    month = 12 * first + np.arange(120)
    values = (month[:, None] + np.arange(1, LEADS + 1)).astype(float)
    values[values > month[-1]] = np.nan
    return month, values


def test_a_season_bears_the_year_of_its_first_month():
    years, means = observed_season(MONTH.astype(float), MONTH, DJF)
    np.testing.assert_array_equal(years, np.arange(1990, 1999))  # the last one is not complete
    np.testing.assert_array_equal(means, 12 * years + 12)
    years, means = observed_season(MONTH.astype(float), MONTH, OND)
    np.testing.assert_array_equal(years, np.arange(1990, 2000))
    np.testing.assert_array_equal(means, 12 * years + 10)


def test_a_season_with_a_missing_month_is_missing():
    values = np.ones(120)
    values[10] = np.nan  # November 1990
    _, means = observed_season(values, MONTH, OND)
    np.testing.assert_array_equal(np.isnan(means), [True] + [False] * 9)


def test_known_leads():
    np.testing.assert_array_equal(leads_of_season(6, OND), [5, 6, 7])
    np.testing.assert_array_equal(leads_of_season(9, OND), [2, 3, 4])
    np.testing.assert_array_equal(leads_of_season(10, OND), [1, 2, 3])
    np.testing.assert_array_equal(leads_of_season(12, DJF), [1, 2, 3])
    with pytest.raises(ValueError, match="ends at lead 14"):
        leads_of_season(11, OND)


@given(st.integers(1, 12), st.integers(1, 12))
def test_forecasts_are_held_against_the_season_they_are_for(issue, first):
    season = tuple((first - 1 + k) % 12 + 1 for k in range(3))
    month, values = perfect()
    ahead = (first - issue) % 12 + 3
    if ahead > LEADS:
        with pytest.raises(ValueError, match="ends at lead"):
            forecast_season(values, values, month, issue, season)
        return
    years, f, o = forecast_season(values, values, month, issue, season)
    np.testing.assert_array_equal(f, o)
    # The middle month of each season, in the year that the season bears.
    np.testing.assert_array_equal(f, 12 * years + first)
    assert len(years) >= 8


def test_years_that_lack_forecast_or_observation_are_left_out():
    month, values = perfect()
    forecasts, obs = values.copy(), values.copy()
    forecasts[8 * 12 + 4, 5] = np.nan  # 1998, issued in June
    obs[7 * 12 + 4, 4] = np.nan
    years, _, _ = forecast_season(forecasts, obs, month, 6, OND)
    np.testing.assert_array_equal(years, [*range(1990, 1997), 1999])


def test_members_are_carried_along():
    month, values = perfect()
    members = values[..., None] + np.arange(4)
    years, f, _ = forecast_season(members, values, month, 9, OND)
    assert f.shape == (len(years), 4)
    np.testing.assert_array_equal(f - f[:, :1], np.broadcast_to(np.arange(4), f.shape))
