"""Categorical scores against scikit-learn and against counting by hand."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from shiome.core.errors import DataError
from shiome.verification.categorical import detection_scores, recall_by_days
from shiome.verification.intervals import year_counts
from shiome.verification.ranking import (
    average_precision,
    choose_threshold,
    contingency,
    precision_at_recall,
    precision_recall,
)

KEY = jax.random.key(0)


@st.composite
def pairs(draw):
    """Scores with ties, and events of both kinds."""
    size = draw(st.integers(2, 60))
    score = np.array(draw(st.lists(st.integers(0, 12), min_size=size, max_size=size))) / 12.0
    event = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    event[:2] = [True, False]
    return score, event


@given(pairs())
def test_curve_and_average_are_those_of_scikit_learn(case):
    score, event = case
    precision, recall, threshold = metrics.precision_recall_curve(event, score)
    curve = precision_recall(score, event)
    np.testing.assert_allclose(curve["threshold"], threshold[::-1])
    np.testing.assert_allclose(curve["precision"], precision[-2::-1])
    np.testing.assert_allclose(curve["recall"], recall[-2::-1])
    expected = metrics.average_precision_score(event, score)
    assert average_precision(score, event) == pytest.approx(expected)


@settings(max_examples=30)
@given(pairs(), st.integers(0, 12))
def test_scores_at_a_threshold_are_those_of_scikit_learn(case, level):
    score, event = case
    threshold = level / 12.0
    got = detection_scores(
        score, event, threshold=threshold, groups=np.arange(score.size) % 2, key=KEY, resamples=5
    ).sel(estimate="value")
    said = score >= threshold
    true, false, missed = (said & event).sum(), (said & ~event).sum(), (~said & event).sum()
    assert got["pod"] == pytest.approx(metrics.recall_score(event, said))
    assert got["recall"] == got["pod"]
    assert got["csi"] == pytest.approx(metrics.jaccard_score(event, said))
    assert got["f1"] == pytest.approx(metrics.f1_score(event, said))
    assert got["frequency_bias"] == pytest.approx((true + false) / (true + missed))
    if said.any():
        assert got["precision"] == pytest.approx(metrics.precision_score(event, said))
        assert got["far"] == pytest.approx(1 - got["precision"])
    else:
        assert np.isnan(got["far"])
    enough = got["recall"] >= 0.79
    assert got["precision_at_recall"] == (pytest.approx(got["precision"]) if enough else 0.0)


@given(pairs(), st.floats(0.1, 1.0))
def test_conditional_precision_is_the_best_of_all_thresholds(case, recall):
    score, event = case
    best = max(
        precision_at_recall(score, event, recall=recall, threshold=level) for level in set(score)
    )
    assert precision_at_recall(score, event, recall=recall) == pytest.approx(best)
    chosen = choose_threshold(score, event, recall=recall)
    assert precision_at_recall(score, event, recall=recall, threshold=chosen) == pytest.approx(best)


def test_missed_objects_lower_the_recall_at_every_threshold():
    score, event = np.array([0.9, 0.8, 0.7, -np.inf, -np.inf]), np.array([1, 0, 1, 1, 1])
    curve = precision_recall(score, event)
    np.testing.assert_allclose(curve["threshold"], [0.9, 0.8, 0.7])
    np.testing.assert_allclose(curve["recall"], [0.25, 0.25, 0.5])
    assert average_precision(score, event) == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)
    assert precision_at_recall(score, event) == 0.0
    assert precision_at_recall(score, event, recall=0.5) == pytest.approx(2 / 3)
    with pytest.raises(DataError, match=r"reach a recall of 0.500; expected at least 0.79"):
        choose_threshold(score, event)


def test_counts_by_hand():
    table = contingency(np.array([6.0, 0.0]), np.array([2.0, 0.0]), np.array([4.0, 5.0]))
    expected = {
        "pod": [0.6, 0.0],
        "far": [0.25, np.nan],
        "csi": [0.5, 0.0],
        "frequency_bias": [0.8, 0.0],
        "precision": [0.75, np.nan],
        "recall": [0.6, 0.0],
        "f1": [2 / 3, 0.0],
    }
    assert table.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(table[name], value)


def synthetic(storms=40, images=12, seed=0):
    """Each storm's images share a part of their score."""
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(storms), images)
    event = group % 2 == 0
    common = np.repeat(random.normal(size=storms), images)
    return common + 0.3 * random.normal(size=group.size) + 1.5 * event, event, group


def test_intervals_equal_scoring_the_drawn_storms_again():
    score, event, group = synthetic(storms=12)
    resamples = 60
    got = detection_scores(
        score, event, threshold=0.7, groups=group, key=KEY, resamples=resamples, level=0.8
    )
    counts = year_counts(KEY, years=12, resamples=resamples).astype(int)
    again = {name: [] for name in ("average_precision", "precision_at_recall")}
    for row in counts:
        index = np.repeat(np.arange(score.size), row[group])
        s, e = score[index], event[index]
        if not e.any():  # undefined, and passed over
            continue
        again["average_precision"].append(metrics.average_precision_score(e, s))
        enough = metrics.recall_score(e, s >= 0.7) >= 0.79
        again["precision_at_recall"].append(metrics.precision_score(e, s >= 0.7) if enough else 0.0)
    assert 50 < len(again["average_precision"]) <= resamples
    for name in ("average_precision", "precision_at_recall"):
        expected = np.quantile(again[name], [0.1, 0.9])
        np.testing.assert_allclose(got[name].values[1:], expected, rtol=1e-9)


def test_images_of_one_storm_are_not_independent():
    score, event, group = synthetic()
    by_storm, by_image = (
        detection_scores(score, event, threshold=0.7, groups=labels, key=KEY, resamples=300)
        for labels in (group, np.arange(group.size))
    )
    for name in ("pod", "average_precision"):
        widths = [float(r[name][2] - r[name][1]) for r in (by_storm, by_image)]
        assert widths[0] > 2 * widths[1]
        assert (by_storm[name][1] <= by_storm[name][0]) & (by_storm[name][0] <= by_storm[name][2])


def test_recall_by_days_before_genesis():
    days = np.array([2.0, 1.5, 2.5, 2.6, 5.0, 7.4, np.nan, 0.0])
    score = np.array([0.9, 0.2, 0.6, 0.9, 0.1, 0.7, 0.9, 0.9])
    result = recall_by_days(
        score, days, threshold=0.5, groups=np.arange(8) % 3, key=KEY, ahead=(2, 5, 7, 20)
    )
    np.testing.assert_allclose(result["recall"].sel(estimate="value"), [2 / 3, 0, 1, np.nan])
    np.testing.assert_array_equal(result["count"], [3, 1, 1, 0])
    assert float(result["recall"].sel(day=2, estimate="lower")) < 2 / 3


@pytest.mark.parametrize(
    ("score", "event", "message"),
    [
        ([0.1, 0.2], [1, 1], "2 of 2 pairs are events"),
        ([0.1, 0.2], [0, 0], "0 of 2 pairs are events"),
        ([], [], "0 of 0 pairs are events"),
        ([0.1, np.nan], [0, 1], "score 1 is NaN"),
        ([0.1], [0, 1], "expected one score for each event"),
        ([0.1, 0.2], [1, 2], "events other than 0 and 1"),
    ],
)
def test_says_what_is_wrong_in_one_line(score, event, message):
    for scored in (precision_recall, average_precision, precision_at_recall, choose_threshold):
        with pytest.raises(DataError, match=message) as error:
            scored(score, event)
        assert "\n" not in str(error.value)


def test_refuses_what_cannot_be_resampled():
    score, event, _ = synthetic(2)
    with pytest.raises(DataError, match="bootstrap over 1 group"):
        detection_scores(score, event, threshold=0, groups=np.zeros(score.size), key=KEY)
    with pytest.raises(DataError, match="3 group labels for 24 pairs"):
        detection_scores(score, event, threshold=0, groups=[1, 2, 3], key=KEY)
    with pytest.raises(DataError, match="expected one score, not NaN"):
        recall_by_days([np.nan], [1.0], threshold=0, groups=[1], key=KEY)
