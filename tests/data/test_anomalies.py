"""Climatologies, anomalies and terciles see training months alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiome.core import DataError
from shiome.data.anomalies import anomalies, monthly_climatology, tercile_edges

MONTH = 12 * 1990 + np.arange(240)


def record(seed=0, points=3):
    rng = np.random.default_rng(seed)
    cycle = 10 * np.cos(2 * np.pi * (MONTH % 12) / 12)[:, None]
    values = cycle + rng.normal(size=(len(MONTH), points))
    return values.astype(np.float32)


def year_masks():
    return st.lists(st.booleans(), min_size=20, max_size=20).filter(any).map(
        lambda years: np.repeat(years, 12)
    )  # fmt: skip


@given(year_masks(), st.integers(0, 5))
def test_months_outside_training_change_nothing_fitted(training, seed):
    values = record(seed)
    spoiled = np.where(training[:, None], values, np.float32(1e5))
    for fitted in (monthly_climatology, tercile_edges):
        np.testing.assert_array_equal(
            fitted(values, MONTH, training), fitted(spoiled, MONTH, training)
        )
    first, second = (anomalies(v, MONTH, training) for v in (values, spoiled))
    np.testing.assert_array_equal(first[training], second[training])


@given(year_masks())
def test_anomalies_average_to_zero_over_training(training):
    anomaly = anomalies(record(), MONTH, training)
    for m in range(12):
        np.testing.assert_allclose(anomaly[training & (m == MONTH % 12)].mean(0), 0.0, atol=1e-5)


def test_climatology_is_the_mean_of_each_calendar_month_whatever_the_first_month():
    values, training = record()[5:], np.ones(235, bool)
    climatology = monthly_climatology(values, MONTH[5:], training)
    for m in range(12):
        np.testing.assert_allclose(climatology[m], values[MONTH[5:] % 12 == m].mean(0), rtol=1e-5)
    assert climatology.dtype == np.float32


def test_missing_values_are_left_out():
    values, training = record(), np.ones(240, bool)
    values[::24, 0] = np.nan  # every other January
    values[:, 1] = np.nan
    climatology = monthly_climatology(values, MONTH, training)
    assert climatology[0, 0] == pytest.approx(values[12::24, 0].mean(), rel=1e-6)
    assert np.isnan(climatology[:, 1]).all()
    assert np.isfinite(climatology[:, 2]).all()
    anomaly = anomalies(values, MONTH, training)
    np.testing.assert_array_equal(np.isnan(anomaly), np.isnan(values))


def test_any_number_of_dimensions():
    values = record(points=6)
    whole = anomalies(values.reshape(240, 2, 3), MONTH, MONTH > 0)
    np.testing.assert_array_equal(whole.reshape(240, 6), anomalies(values, MONTH, MONTH > 0))
    single = anomalies(values[:, 0], MONTH, MONTH > 0)
    np.testing.assert_allclose(single, whole[:, 0, 0], atol=1e-6)


def test_a_calendar_month_without_training_is_refused():
    with pytest.raises(DataError, match="no training month is a June"):
        monthly_climatology(record(), MONTH, MONTH % 12 != 5)


def test_terciles_part_the_training_months_into_thirds():
    values, training = record(), np.ones(240, bool)
    edges = tercile_edges(values, MONTH, training)
    assert edges.shape == (12, 2, 3)
    assert (edges[:, 0] < edges[:, 1]).all()
    below = values < edges[MONTH % 12, 0]
    above = values > edges[MONTH % 12, 1]
    np.testing.assert_allclose(below.mean(0), 1 / 3, atol=0.03)
    np.testing.assert_allclose(above.mean(0), 1 / 3, atol=0.03)
