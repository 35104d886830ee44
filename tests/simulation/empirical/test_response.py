"""The linear response of an impact, held against textbook regression."""

import jax
import numpy as np
import pytest
from scipy import stats

from shiome.core.errors import ModelError
from shiome.simulation.empirical import LinearResponse

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 1))
Y = 1.24 * X[:, 0] - 0.05 + 0.6 * RNG.normal(size=30)


def test_one_index_is_scipys_linear_regression():
    fitted, theirs = LinearResponse.fit(X, Y), stats.linregress(X[:, 0], Y)
    assert fitted.slope[0] == pytest.approx(theirs.slope)
    assert fitted.intercept == pytest.approx(theirs.intercept)
    assert fitted.correlation == pytest.approx(abs(theirs.rvalue))
    assert fitted.covariance[1, 1] == pytest.approx(theirs.stderr**2)
    assert fitted.covariance[0, 0] == pytest.approx(theirs.intercept_stderr**2)
    assert fitted.freedom == 28


def test_several_indices_are_least_squares():
    x = RNG.normal(size=(40, 3)) * [1.0, 10.0, 0.1]
    y = x @ [1.0, -0.2, 3.0] + 2.0 + RNG.normal(size=40)
    design = np.column_stack([np.ones(40), x])
    coefficients, squares, *_ = np.linalg.lstsq(design, y, rcond=None)
    fitted = LinearResponse.fit(x, y)
    np.testing.assert_allclose([fitted.intercept, *fitted.slope], coefficients)
    assert fitted.residual_sd == pytest.approx((squares[0] / 36) ** 0.5)
    expected = squares[0] / 36 * np.linalg.inv(design.T @ design)
    np.testing.assert_allclose(fitted.covariance, expected, rtol=1e-6)
    np.testing.assert_allclose(fitted.mean(x[:5]), (design @ coefficients)[:5])


def test_years_that_lack_one_of_the_two_are_left_out():
    x, y = X.copy(), Y.copy()
    x[[2, 5]], y[[5, 9]] = np.nan, np.nan
    keep = np.setdiff1d(np.arange(30), [2, 5, 9])
    first, second = LinearResponse.fit(x, y), LinearResponse.fit(X[keep], Y[keep])
    assert first.slope[0] == second.slope[0]
    assert first.freedom == 25


def test_too_few_years_and_an_index_that_does_not_vary_are_refused():
    with pytest.raises(ModelError, match=r"6 years have both .* expected at least 7 to fit 1"):
        LinearResponse.fit(X[:6], Y[:6])
    LinearResponse.fit(X[:7], Y[:7])
    with pytest.raises(ModelError, match="same value in every year"):
        LinearResponse.fit(np.full((30, 1), 0.3), Y)
    with pytest.raises(ModelError, match="same value in every year"):
        LinearResponse.fit(np.column_stack([X, np.zeros(30)]), Y)


def test_an_impact_that_does_not_vary_has_no_correlation():
    fitted = LinearResponse.fit(X, np.full(30, 2.0))
    assert fitted.slope[0] == pytest.approx(0.0, abs=1e-12)
    assert abs(fitted.correlation) <= 1.0


@pytest.mark.parametrize("correlation", [0.3, 0.84, 0.99])
@pytest.mark.parametrize("slope", [1.24, -2.0])
def test_a_published_regression_reproduces_its_correlation(correlation, slope):
    index = np.random.default_rng(1).normal(0.0, 0.6, size=(40_000, 1))
    response = LinearResponse.published(slope, -0.05, correlation, float(index.std()))
    impact = response.draws(index, jax.random.key(0), each=1)
    found = np.corrcoef(index[:, 0], impact)[0, 1]
    assert found == pytest.approx(np.sign(slope) * correlation, abs=0.02)
    line = stats.linregress(index[:, 0], impact)
    assert line.slope == pytest.approx(slope, rel=0.05)
    assert line.intercept == pytest.approx(-0.05, abs=5 * line.intercept_stderr)


def test_a_perfect_published_correlation_has_no_residual():
    assert LinearResponse.published(1.0, 0.0, 1.0, 0.5).residual_sd == 0.0


def test_draws_have_the_mean_and_the_variance_of_prediction():
    fitted = LinearResponse.fit(X, Y)
    x = np.array([[1.7]])
    drawn = fitted.draws(x, jax.random.key(0), each=50_000)
    assert drawn.shape == (50_000,)
    assert drawn.mean() == pytest.approx(fitted.mean(x)[0], abs=0.02)
    # Residual t(28) has variance 28 / 26; the coefficients' error adds x' C x.
    design = np.array([1.0, 1.7])
    variance = fitted.residual_sd**2 * 28 / 26 + design @ fitted.covariance @ design
    assert drawn.var() == pytest.approx(variance, rel=0.03)


def test_the_predictive_interval_covers_as_often_as_it_says():
    """New observations fall into the 80 % interval in 80 % of many synthetic experiments."""
    rng, hits, trials = np.random.default_rng(2), 0, 600
    for trial in range(trials):
        x = rng.normal(size=(12, 1))
        y = 2.0 * x[:, 0] + rng.normal(size=12)
        new = rng.normal(size=(1, 1))
        drawn = LinearResponse.fit(x, y).draws(new, jax.random.key(trial), each=400)
        low, high = np.quantile(drawn, [0.1, 0.9])
        hits += low < 2.0 * new[0, 0] + rng.normal() < high
    assert hits / trials == pytest.approx(0.8, abs=0.05)  # three standard errors


def test_draws_carry_the_spread_of_the_ensemble():
    response = LinearResponse.published(1.24, -0.05, 0.84, 0.5)
    key = jax.random.key(0)
    narrow = response.draws(np.full((108, 1), 0.4), key)
    wide = response.draws(0.4 + np.random.default_rng(0).normal(0, 0.5, (108, 1)), key)
    assert narrow.shape == wide.shape == (108 * 20,)
    extra = wide.var() - narrow.var()
    assert extra == pytest.approx((1.24 * 0.5) ** 2, rel=0.3)
    np.testing.assert_array_equal(narrow, response.draws(np.full((108, 1), 0.4), key))
