"""Months of time axes, whatever their units, stamps and calendar."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from shiome.core import DataError
from shiome.data.sources.times import month_numbers

MARCH_2000 = 12 * 2000 + 2


def axis(values, units, calendar="standard"):
    return xr.DataArray(
        values, dims="time", name="time", attrs={"units": units, "calendar": calendar}
    )


def months(values, units, calendar="standard", bounds=None):
    return list(
        month_numbers(axis(np.asarray(values), units, calendar), bounds, "file") - MARCH_2000
    )


@pytest.mark.parametrize(
    ("values", "units", "calendar"),
    [
        ([0, 31], "days since 2000-03-01", "standard"),
        ([15.5, 46], "days since 2000-03-01 00:00:00", "noleap"),
        ([0, 30], "days since 2000-03-01", "360_day"),
        ([29.9, 59.9], "days since 2000-03-01", "360_day"),
        ([0, 744], "hours since 2000-03-01", "gregorian"),
        ([0, 1], "months since 2000-03-15", "standard"),
        ([0.5, 1.5], "months since 2000-03-01", "360"),
        ([482, 483], "months since 1960-01-01", "360_day"),
        ([2000 + 2.5 / 12, 2000 + 3.5 / 12], "years since 0000-01-01", "standard"),
        ([200003, 200004], "month as %Y%m.%f", "standard"),
        ([20000316.5, 20000416.0], "day as %Y%m%d.%f", "standard"),
        ([1, 32], "Days Since 2000-02-29", "proleptic_gregorian"),
    ],
)
def test_two_months_in_a_row(values, units, calendar):
    assert months(values, units, calendar) == [0, 1]


def test_datetime64_is_understood():
    values = np.array(["2000-03-16", "2000-04-16"], "datetime64[ns]")
    assert months(values, "") == [0, 1]


@settings(max_examples=50, deadline=None)
@given(first=st.integers(-1000, 1000), calendar=st.sampled_from(["noleap", "360_day", "all_leap"]))
def test_every_month_of_a_model_calendar_is_hit_once(first, calendar):
    length = {"noleap": 365, "360_day": 360, "all_leap": 366}[calendar] / 12
    middles = (np.arange(24) + 0.5) * length + first // 12 * 12 * length
    found = months(middles, "days since 2000-01-01", calendar)
    assert found == list(range(found[0], found[0] + 24))


def test_bounds_decide_for_stamps_at_the_end_of_the_month():
    bounds = xr.DataArray([[0.0, 31.0], [31.0, 61.0]], dims=("time", "two"))
    assert months([31, 61], "days since 2000-03-01") == [1, 2]
    assert months([31, 61], "days since 2000-03-01", bounds=bounds) == [0, 1]
    assert months([31, 61], "days since 2000-03-01", bounds=bounds * 0) == [1, 2]


@pytest.mark.parametrize(
    ("values", "units", "calendar", "message"),
    [
        ([1.0], "furlongs", "standard", "units 'furlongs'; expected"),
        ([1.0], "days since yesterday", "standard", "expected a form such as"),
        ([1.0], "parsecs since 2000-01-01", "standard", "cannot be decoded"),
        ([1.0], "days since 2000-01-01", "lunar", "calendar 'lunar'"),
        ([200013], "month as %Y%m", "standard", "month outside 1–12"),
        ([np.nan], "days since 2000-01-01", "standard", "finite numbers"),
        (["a"], "days since 2000-01-01", "standard", "finite numbers"),
    ],
)
def test_what_cannot_be_decoded_is_refused(values, units, calendar, message):
    with pytest.raises(DataError, match=message):
        months(values, units, calendar)
