"""EOFs: orthonormal, the same as a singular value decomposition gives, repeatable."""

import numpy as np
import pytest

from shiome.core.errors import ModelError
from shiome.simulation.empirical import EOFBasis

MONTHS, POINTS = 60, 90
RNG = np.random.default_rng(0)
AREA = RNG.uniform(0.2, 1.0, POINTS)
# Synthetic: a few patterns of decreasing strength, and noise.
FIELD = (
    (RNG.normal(size=(MONTHS, 6)) * [6, 4, 3, 2, 1.5, 1]) @ RNG.normal(size=(6, POINTS))
    + 0.3 * RNG.normal(size=(MONTHS, POINTS))
).astype(np.float32)  # fmt: skip
ALL = np.ones(MONTHS, bool)


@pytest.fixture(scope="module")
def basis():
    return EOFBasis.fit(FIELD, AREA, ALL, 5)


def test_patterns_are_orthonormal(basis):
    np.testing.assert_allclose(basis.patterns @ basis.patterns.T, np.eye(5), atol=1e-10)


def test_components_are_uncorrelated_and_the_first_has_unit_variance(basis):
    components = basis.encode(FIELD)
    covariance = components.T @ components / MONTHS
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-5)
    assert covariance[0, 0] == pytest.approx(1.0, rel=1e-5)
    assert (np.diff(np.diag(covariance)) < 0).all()


def test_patterns_and_variances_match_the_singular_value_decomposition(basis):
    _, singular, right = np.linalg.svd(FIELD.astype(float) * np.sqrt(AREA), full_matrices=False)
    np.testing.assert_allclose(basis.explained, (singular**2 / (singular**2).sum())[:5])
    np.testing.assert_allclose(np.abs((basis.patterns * right[:5]).sum(1)), 1.0, rtol=1e-8)


def test_no_other_five_patterns_leave_less_unexplained(basis):
    data = FIELD * np.sqrt(AREA)
    left = data - data @ basis.patterns.T @ basis.patterns
    assert (left**2).sum() / (data**2).sum() == pytest.approx(1 - basis.explained.sum(), rel=1e-5)


def test_signs_are_fixed_and_the_fit_is_repeatable(basis):
    again = EOFBasis.fit(FIELD, AREA, ALL, 5)
    np.testing.assert_array_equal(again.patterns, basis.patterns)
    flipped = EOFBasis.fit(-FIELD, AREA, ALL, 5)
    np.testing.assert_allclose(flipped.patterns, basis.patterns, atol=1e-9)
    largest = np.abs(basis.patterns).argmax(1)
    assert (basis.patterns[np.arange(5), largest] > 0).all()


def test_anomalies_that_add_up_to_zero_are_repeatable_too():
    """A constant start of the eigenvector iteration is orthogonal to every pattern of these."""
    anomaly = FIELD.astype(np.float64) - FIELD.mean(0, dtype=np.float64)
    first, second = (EOFBasis.fit(anomaly, AREA, ALL, 5) for _ in range(2))
    np.testing.assert_array_equal(first.patterns, second.patterns)


def test_only_training_months_count():
    training = np.arange(MONTHS) < 40
    spoiled = FIELD.copy()
    spoiled[~training] = 1e6
    first, second = (EOFBasis.fit(f, AREA, training, 5) for f in (FIELD, spoiled))
    np.testing.assert_array_equal(first.patterns, second.patterns)
    assert first.scale == second.scale


def test_no_more_modes_than_the_data_have():
    assert len(EOFBasis.fit(FIELD[:4], AREA, ALL[:4], 20).patterns) == 3
    assert len(EOFBasis.fit(FIELD[:, :2], AREA[:2], ALL, 20).patterns) == 2


def test_modes_beyond_the_rank_are_left_out():
    """Anomalies of two years from their own climatology have half the rank of their months."""
    field = FIELD[:24].reshape(2, 12, -1)
    field = (field - field.mean(0)).reshape(24, -1)
    basis = EOFBasis.fit(field, AREA, ALL[:24], 20)
    assert len(basis.patterns) == 12
    np.testing.assert_allclose(basis.patterns @ basis.patterns.T, np.eye(12), atol=1e-6)


def test_encoding_any_number_of_dimensions(basis):
    stacked = basis.encode(FIELD.reshape(6, 10, POINTS))
    np.testing.assert_allclose(stacked.reshape(MONTHS, 5), basis.encode(FIELD))


def test_a_field_that_does_not_vary_is_refused():
    with pytest.raises(ModelError, match="does not vary in 60 training months"):
        EOFBasis.fit(np.zeros_like(FIELD), AREA, ALL, 5)
