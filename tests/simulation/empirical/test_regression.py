"""Ridge regression against its closed form and its limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from shiome.core.errors import ModelError
from shiome.grids.months import MONTH_NAMES
from shiome.simulation.empirical.regression import (
    in_window,
    ridge,
    seasonal_factors,
    square_root,
    successive,
)

RNG = np.random.default_rng(1)
X = RNG.normal(size=(80, 4)) * [1.0, 2.0, 0.5, 10.0]
Y = X @ RNG.normal(size=(4, 3)) + RNG.normal(size=(80, 3))


@given(st.floats(1e-6, 1e3))
def test_a_scalar_penalty_is_that_of_scikit_learn(penalty):
    theirs = Ridge(alpha=penalty * len(X), fit_intercept=False).fit(X, Y).coef_.T
    np.testing.assert_allclose(ridge(X, Y, penalty), theirs, rtol=1e-6, atol=1e-9)


def test_no_penalty_is_least_squares():
    np.testing.assert_allclose(ridge(X, Y, 0.0), np.linalg.lstsq(X, Y, rcond=None)[0], rtol=1e-9)


def test_the_solution_minimises_the_stated_cost():
    penalty, towards = np.array([0.1, 1.0, 0.01, 5.0]), RNG.normal(size=(4, 3))

    def cost(b):
        return ((Y - X @ b) ** 2).mean(0).sum() + (penalty[:, None] * (b - towards) ** 2).sum()

    best = ridge(X, Y, penalty, towards)
    for _ in range(50):
        assert cost(best) < cost(best + 1e-3 * RNG.normal(size=best.shape))


def test_a_strong_penalty_gives_what_it_shrinks_to():
    towards = RNG.normal(size=(4, 3))
    np.testing.assert_allclose(ridge(X, Y, 1e9, towards), towards, atol=1e-6)
    np.testing.assert_allclose(ridge(X, Y, 1e9), 0.0, atol=1e-6)


def test_a_penalty_in_units_of_variance_does_not_depend_on_units():
    scale = np.array([1.0, 100.0, 0.01, 7.0])
    plain = ridge(X, Y, 0.3 * X.var(0))
    np.testing.assert_allclose(
        ridge(X * scale, Y, 0.3 * (X * scale).var(0)), plain / scale[:, None]
    )


@given(st.lists(st.booleans(), min_size=2, max_size=40), st.integers(0, 11))
def test_pairs_lie_wholly_in_training_and_hold_every_calendar_month(flags, first):
    training, month = np.array(flags), first + np.arange(len(flags))
    expected = {t for t in range(len(flags) - 1) if flags[t] and flags[t + 1]}
    missing = set(range(12)) - {(first + t) % 12 for t in expected}
    if missing:
        with pytest.raises(ModelError, match=MONTH_NAMES[min(missing)]):
            successive(training, month)
    else:
        assert set(successive(training, month)) == expected


@given(st.integers(0, 11), st.integers(0, 6))
def test_windows_are_cyclic_and_symmetric(centre, half_width):
    inside = in_window(np.arange(12), centre, half_width)
    assert inside.sum() == min(2 * half_width + 1, 12)
    assert inside[centre]
    np.testing.assert_array_equal(np.roll(inside, -centre)[1:], np.roll(inside, -centre)[1:][::-1])


@given(st.integers(0, 100), st.integers(1, 5))
def test_square_root(seed, n):
    a = np.random.default_rng(seed).normal(size=(n, n + 2))
    covariance = a @ a.T
    factor = square_root(covariance)
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-10)
    np.testing.assert_allclose(factor, factor.T, atol=1e-12)


def test_square_root_of_a_singular_covariance():
    covariance = np.array([[1.0, 1.0], [1.0, 1.0]])
    factor = square_root(covariance)
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-12)


def test_seasonal_factors_hold_the_seasons_and_shrink_to_the_mean():
    month = np.tile(np.arange(12), 3000)
    amplitude = 1.0 + 0.5 * np.cos(2 * np.pi * month / 12)
    residual = np.random.default_rng(0).normal(size=(len(month), 2)) * amplitude[:, None]
    own = seasonal_factors(residual, month, half_width=0, shrinkage=0.0)
    for m in range(12):
        np.testing.assert_allclose(own[m], amplitude[m] * np.eye(2), atol=0.05)
    pooled = seasonal_factors(residual, month, half_width=0, shrinkage=1.0)
    np.testing.assert_allclose(pooled, np.broadcast_to(pooled[0], pooled.shape))
    assert pooled[0, 0, 0] ** 2 == pytest.approx((amplitude**2).mean(), rel=0.03)
