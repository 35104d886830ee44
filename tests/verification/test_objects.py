"""Peaks stand apart, and each event is found once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiome.core.errors import ConfigError, DataError
from shiome.grids.distance import GLOBE
from shiome.verification.objects import detections, match
from shiome.verification.ranking import precision_recall

TIME = np.array(["2001-08-01", "2001-08-02"], "datetime64[ns]")
LATITUDE, LONGITUDE = (a.ravel() for a in np.meshgrid(np.arange(0, 30, 3), np.arange(0, 360, 4)))


@given(st.integers(0, 10_000), st.sampled_from([200.0, 1000.0, 3000.0]))
def test_peaks_stand_apart_and_nothing_above_the_threshold_is_forgotten(seed, separation):
    score = np.random.default_rng(seed).random((2, LATITUDE.size))
    found = detections(score, TIME, LATITUDE, LONGITUDE, threshold=0.8, separation=separation)
    assert (found["score"] >= 0.8).all()
    for number, (_, image) in enumerate(found.groupby("time")):
        y, x = image["latitude"].to_numpy(), image["longitude"].to_numpy()
        apart = GLOBE.distance(y[:, None], x[:, None], y, x)
        assert apart[np.triu_indices(len(y), 1)].min(initial=np.inf) >= separation
        assert (np.diff(image["score"]) <= 0).all()
        assert image["score"].iloc[0] == score[number].max()
        # Every window above the threshold is a peak or near a better one.
        high = score[number] >= 0.8
        near = GLOBE.distance(LATITUDE[high][:, None], LONGITUDE[high][:, None], y, x)
        better = image["score"].to_numpy() >= score[number][high][:, None]
        assert (((near < separation) & better) | (near == 0)).any(axis=1).all()


def test_windows_without_a_score_are_passed_over():
    score = np.full((2, 3), np.nan)
    score[1, 2] = 0.9
    found = detections(score, TIME, [0, 1, 2], [0, 1, 2], threshold=0.5, separation=10)
    assert list(found["time"]) == [TIME[1]]
    assert list(found["longitude"]) == [2.0]


def found_table(rows):
    return pd.DataFrame(rows, columns=["time", "latitude", "longitude", "score"])


def truth_table(rows):
    return pd.DataFrame(rows, columns=["time", "latitude", "longitude", "storm"])


def test_each_event_is_found_once():
    found = found_table(
        [
            (TIME[0], 10.0, 101.0, 0.6),  # beside the same storm, but worse: a false alarm
            (TIME[0], 10.0, 100.0, 0.9),
            (TIME[0], 10.0, 359.5, 0.5),  # across 0°
            (TIME[1], 10.0, 100.0, 0.8),  # the storm has gone
        ]
    )
    truth = truth_table(
        [
            (TIME[0], 10.0, 100.5, "A"),
            (TIME[0], 10.0, 0.5, "B"),
            (TIME[0], 20.0, 200.0, "C"),
        ]
    )
    matches = match(found, truth, radius=300.0)
    assert list(matches.detections["truth"]) == [-1, 0, 1, -1]
    assert list(matches.detections["hit"]) == [False, True, True, False]
    assert list(matches.truth["detected"]) == [True, True, False]
    np.testing.assert_array_equal(matches.truth["score"], [0.9, 0.5, -np.inf])
    assert matches.detections["distance"][1] == pytest.approx(54.75, abs=0.1)
    pairs = matches.pairs("storm")
    assert list(pairs["group"]) == ["A", "B", "C", "2001-08-01", "2001-08-02"]
    curve = precision_recall(pairs["score"], pairs["event"])
    np.testing.assert_allclose(curve["recall"], [1 / 3, 1 / 3, 1 / 3, 2 / 3])
    np.testing.assert_allclose(curve["precision"], [1, 1 / 2, 1 / 3, 1 / 2])


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
def test_a_threshold_afterwards_is_the_same_as_before(seed, threshold):
    random = np.random.default_rng(seed)

    def places(size):
        return TIME[random.integers(0, 2, size)], random.random(size) * 9, random.random(size) * 9

    found = found_table(zip(*places(12), random.random(12), strict=True))
    truth = truth_table(zip(*places(5), "ABCDE", strict=True))
    whole = match(found, truth, radius=250.0)
    less = match(found[found["score"] >= threshold], truth, radius=250.0)
    kept = whole.truth["detected"] & (whole.truth["score"] >= threshold)
    np.testing.assert_array_equal(kept, less.truth["detected"])
    assert whole.detections["hit"].sum() == whole.truth["detected"].sum()
    assert (whole.detections["distance"].dropna() <= 250.0).all()
    # Nothing free is left within reach of a free detection.
    for row in whole.detections[~whole.detections["hit"]].itertuples():
        free = whole.truth[~whole.truth["detected"] & (whole.truth["time"] == row.time)]
        apart = GLOBE.distance(row.latitude, row.longitude, free["latitude"], free["longitude"])
        assert (apart > 250.0).all()


def test_nothing_found_and_nothing_there():
    empty = found_table([])
    truth = truth_table([(TIME[0], 0.0, 0.0, "A")])
    assert not match(empty, truth, radius=1).truth["detected"].any()
    found = found_table([(TIME[0], 0.0, 0.0, 0.5)])
    assert not match(found, truth.iloc[:0], radius=1).detections["hit"].any()
    assert len(match(empty, truth.iloc[:0], radius=1).pairs()) == 0


def test_refuses_what_does_not_fit():
    with pytest.raises(DataError, match=r"scores of shape \(2, 3\) for 2 images and 2 windows"):
        detections(np.zeros((2, 3)), TIME, [0, 1], [0, 1], threshold=0, separation=1)
    with pytest.raises(ConfigError, match="separation=-1"):
        detections(np.zeros((2, 1)), TIME, [0], [0], threshold=0, separation=-1)
    with pytest.raises(DataError, match="the truth have no column longitude"):
        match(found_table([]), truth_table([]).drop(columns="longitude"), radius=1)
