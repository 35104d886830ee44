"""Splits cannot leak: training and verified years are apart by the margin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiome.core import DataError
from shiome.data.splits import Split, blocked, past_only, time_parts, withheld


@st.composite
def block_settings(draw):
    length, margin = draw(st.integers(1, 8)), draw(st.integers(0, 4))
    count = draw(st.integers(2 * length, 2 * length + 40))
    first = draw(st.integers(1850, 2000))
    return np.arange(first, first + count), length, margin


@given(block_settings())
def test_blocks_verify_every_year_once_and_keep_their_distance(settings):
    years, length, margin = settings
    splits = blocked(years, length, margin)
    verified = [year for split in splits for year in split.verify]
    assert verified == list(years)
    for split in splits:
        distance = np.abs(np.subtract.outer(split.train, split.verify))
        assert distance.size == 0 or distance.min() > margin
        left_out = set(years) - set(split.train) - set(split.verify)
        assert len(left_out) <= 2 * margin
        assert length <= len(split.verify) < 2 * length


@given(block_settings())
def test_blocks_within_blocks_train_on_years_that_both_may_use(settings):
    years, length, margin = settings
    for outer in blocked(years, length, margin):
        for block in blocked(years, length, margin):
            inner = block.within(outer)
            assert inner.verify == block.verify
            for held in (outer.verify, block.verify):
                distance = np.abs(np.subtract.outer(inner.train, held))
                assert distance.size == 0 or distance.min() > margin


@given(block_settings(), st.integers(0, 40))
def test_past_only_trains_before_it_verifies(settings, after):
    years = settings[0]
    last = int(years[0]) + after
    if last >= years[-1]:
        with pytest.raises(DataError, match="leaves one side empty"):
            past_only(years, last)
    else:
        split = past_only(years, last)
        assert max(split.train) == last
        assert (*split.train, *split.verify) == tuple(years)


@given(block_settings())
def test_months_belong_to_one_side_at_most(settings):
    years, length, margin = settings
    month = 12 * int(years[0]) + np.arange(12 * len(years))
    for split in blocked(years, length, margin):
        training, verifying = split.training(month), split.verifying(month)
        assert not (training & verifying).any()
        assert training.sum() == 12 * len(split.train)
        assert set(month[verifying] // 12) == set(split.verify)
        if training.any():
            # A forecast a year ahead from the last training month ends before the block.
            gap = np.subtract.outer(month[training], month[verifying])
            assert np.abs(gap).min() > 12 * margin


def test_withheld_years_of_a_past_forecast():
    split = withheld(np.arange(1979, 2014), 1997, 1998, margin=1)
    assert split.verify == (1997, 1998)
    assert not {1996, 1997, 1998, 1999} & set(split.train)
    assert {1995, 2000} <= set(split.train)


def test_the_default_blocks_of_the_shipped_record():
    splits = blocked(np.arange(1979, 2014))
    assert [split.name for split in splits] == [
        f"{first}-{first + 4}" for first in range(1979, 2014, 5)
    ]
    assert splits[1].train == (*range(1979, 1983), *range(1990, 2014))


def test_too_few_years_are_refused():
    with pytest.raises(DataError, match="9 years of data; expected at least 10"):
        blocked(np.arange(2000, 2009), 5)
    with pytest.raises(DataError, match="expected a year between 2000 and 2008"):
        past_only(np.arange(2000, 2010), 1999)


def test_a_split_within_itself_is_itself():
    split = Split("x", (2000,), (1990, 1991))
    assert split.within(split).train == split.train


@st.composite
def samples(draw):
    """Storms that come and go over a hundred days, and samples without a storm."""
    start = np.datetime64("2001-01-01", "ns")
    time, storm = [], []
    for number in range(draw(st.integers(0, 12))):
        first, length = draw(st.integers(0, 95)), draw(st.integers(1, 15))
        time += list(range(first, min(first + length, 100)))
        storm += [f"S{number}"] * (len(time) - len(storm))
    time += list(range(0, 100, 2))
    storm += [""] * 50
    order = np.argsort(time, kind="stable")
    return start + np.array(time)[order] * np.timedelta64(1, "D"), np.array(storm, object)[order]


@given(samples(), st.integers(20, 50), st.integers(15, 30), st.integers(0, 8))
def test_no_storm_is_in_two_parts_and_time_runs_one_way(case, first, more, days):
    time, storm = case
    gap = np.timedelta64(days, "D")
    edges = [np.datetime64("2001-01-01") + first, np.datetime64("2001-01-01") + first + more]
    part = time_parts(time, storm, edges, gap=gap)
    assert set(part) <= {"train", "validation", "test", ""}
    for name in np.unique(storm[storm != ""]):
        assert len(set(part[storm == name]) - {""}) <= 1
    last_train = time[part == "train"].max()
    assert last_train < edges[0]
    assert time[part == "validation"].min() >= edges[0] + gap
    assert time[part == "validation"].max() < edges[1]
    assert time[part == "test"].min() >= edges[1] + gap
    # Nothing is left out without a reason.
    for when, name in zip(time[part == ""], storm[part == ""], strict=True):
        in_gap = any(edge <= when < edge + gap for edge in edges)
        times = time[storm == name]
        straddles = name != "" and any(times.min() < edge <= times.max() for edge in edges)
        assert in_gap or straddles


def test_two_parts_need_one_boundary():
    time = np.arange("2001-01-01", "2001-03-01", dtype="datetime64[D]").astype("datetime64[ns]")
    part = time_parts(time, np.full(time.size, ""), ["2001-02-01"], gap=np.timedelta64(0, "D"))
    assert list(part) == ["train"] * 31 + ["test"] * 28


@pytest.mark.parametrize(
    ("boundaries", "label", "message"),
    [
        (["2000-01-01"], None, "no sample is left for train: times run from 2001-01-01 to"),
        (["2001-01-10", "2001-01-12"], None, "no sample is left for validation"),
        (["2001-02-01"], np.zeros(59, int), "all 31 samples for train have the label 0"),
        (["2001-02-01", "2001-01-15"], None, "expected one or two ascending times"),
        ([], None, "the boundaries are none"),
    ],
)
def test_parts_that_cannot_be_learnt_from_are_refused(boundaries, label, message):
    time = np.arange("2001-01-01", "2001-03-01", dtype="datetime64[D]").astype("datetime64[ns]")
    with pytest.raises(DataError, match=message) as error:
        time_parts(time, np.full(time.size, ""), boundaries, label=label)
    assert "\n" not in str(error.value)
