"""Month numbers go forth and back, whatever they come from."""

import datetime

import cftime
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiome.core import ConfigError
from shiome.grids import month_label, month_number, month_range, month_start, parse_month
from shiome.grids.months import MONTH_INITIALS, MONTH_NAMES, month_words

# datetime64[ns] holds 1678 to 2262.
MONTHS = st.integers(12 * 1678, 12 * 2262 - 1)


@given(MONTHS)
def test_round_trips(number):
    assert month_number(month_start(number)) == number
    assert parse_month(month_label(number)) == number


@given(st.lists(MONTHS, min_size=1))
def test_arrays_as_single_months(numbers):
    times = month_start(numbers)
    assert times.dtype == np.dtype("datetime64[ns]")
    np.testing.assert_array_equal(month_number(times), numbers)


@given(MONTHS, st.integers(0, 27))
def test_any_day_of_the_month_counts_as_the_month(number, days):
    assert month_number(month_start(number) + np.timedelta64(days, "D")) == number


@pytest.mark.parametrize("calendar", ["standard", "noleap", "360_day", "julian"])
def test_calendars_of_models(calendar):
    assert month_number(cftime.datetime(1997, 6, 16, calendar=calendar)) == 12 * 1997 + 5


def test_known_months():
    june = 12 * 1997 + 5
    assert month_number(datetime.date(1997, 6, 30)) == june
    assert parse_month(" 1997-6 ") == june
    assert month_label(june) == "1997-06"
    assert month_words(june) == "June 1997"
    assert june % 12 == 5
    np.testing.assert_array_equal(
        month_range(june + 5, 3), np.array(["1997-11", "1997-12", "1998-01"], "M8[ns]")
    )


def test_initials_and_names_agree():
    assert "".join(name[0] for name in MONTH_NAMES) == MONTH_INITIALS


@pytest.mark.parametrize("text", ["1997", "1997-13", "1997-00", "06-1997", "1997/06", "june", ""])
def test_other_words_are_refused(text):
    with pytest.raises(ConfigError, match="expected YYYY-MM"):
        parse_month(text)
