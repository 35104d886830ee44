import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.assimilation.cycle import Diagnosis, Errors, assimilate
from shiome.assimilation.enkf import SquareRoot
from shiome.assimilation.finite_size import FiniteSize
from shiome.assimilation.ienks import IterativeSmoother
from shiome.assimilation.letkf import LocalTransform
from shiome.assimilation.localisation import gaspari_cohn, neighbourhood
from shiome.assimilation.observations import (
    CorrelatedError,
    Everything,
    Function,
    IndependentError,
    Selection,
)
from shiome.assimilation.particle import ParticleFilter
from shiome.assimilation.problem import Gaussian, Problem
from shiome.assimilation.quality import InnovationCheck
from shiome.assimilation.scheme import Estimate
from shiome.assimilation.score import DivergenceError, divergence, score
from shiome.core.errors import ConfigError, DataError
from shiome.simulation.lorenz96 import Lorenz96

START = Gaussian(jnp.zeros(8), 1.0)


UNIT, ALL = IndependentError(1.0), Everything()


def problem(operator=ALL, error=UNIT):
    return Problem(Lorenz96(), operator, error, START)


@pytest.mark.parametrize(
    "scheme", [SquareRoot(1), FiniteSize(1), IterativeSmoother(1, 2), ParticleFilter(1)]
)
def test_ensemble_of_one(scheme):
    with pytest.raises(ConfigError, match="at least 2 members"):
        scheme.init(problem(), jax.random.key(0))


@pytest.mark.parametrize("variance", [0.0, -1.0, np.array([1.0, np.nan])])
def test_error_variance_that_is_not_positive(variance):
    with pytest.raises(DataError, match="must be positive"):
        IndependentError(variance)


def test_error_covariance_that_is_not_positive_definite():
    with pytest.raises(DataError, match="positive definite"):
        CorrelatedError(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_operator_and_error_that_do_not_fit():
    with pytest.raises(DataError, match="one axis"):
        problem(Function(lambda x: x.reshape(2, 4)))
    with pytest.raises(DataError, match="cannot be applied to a state of 8"):
        problem(Function(lambda x: x @ jnp.ones(3)))
    with pytest.raises(DataError, match="state of 8 variables: index 8 is beyond its end"):
        problem(Selection([0, 8]))
    with pytest.raises(DataError, match="gives 2 observations"):
        problem(Selection([0, 3]), IndependentError(jnp.ones(3)))


def test_observations_of_the_wrong_shape():
    with pytest.raises(DataError, match=r"\(cycles, 8\) is expected"):
        assimilate(SquareRoot(4), problem(), jnp.zeros((5, 3)), jax.random.key(0))


def test_neighbourhood_of_another_state():
    near = neighbourhood(np.arange(5), np.arange(8), 1.0)
    with pytest.raises(ConfigError, match="of 5 variables, the state of 8"):
        assimilate(LocalTransform(4, near), problem(), jnp.zeros((1, 8)), jax.random.key(0))
    with pytest.raises(ConfigError, match="positive length"):
        neighbourhood(np.arange(5), np.arange(8), 0.0)


def diagnosis(surprise, finite=True):
    ones = np.ones_like(surprise)
    return Diagnosis(ones, 0 * ones, 0 * ones, surprise, np.full(surprise.shape, finite))


def errors_of(analysis):
    return Errors(analysis, analysis, analysis, analysis, np.full_like(analysis, 3.6))


def test_divergence_is_reported_instead_of_a_number():
    errors, calm = errors_of(np.full((2, 400), 0.2)), np.ones((2, 400))
    assert score(errors, diagnosis(calm), 100).mean == pytest.approx(0.2)
    wild = calm.copy()
    wild[1, 250:] = 30.0
    with pytest.raises(DivergenceError, match="experiment 1 from cycle 250"):
        score(errors, diagnosis(wild), 100)
    with pytest.raises(DivergenceError, match="not finite from cycle 0"):
        score(errors, diagnosis(calm, finite=False), 100)


def test_a_filter_that_lost_the_truth_and_does_not_notice_has_no_score():
    # Innovations stay as expected where few variables are seen, or the spread is as wide.
    analysis, calm = np.full((2, 400), 0.2), diagnosis(np.ones((2, 400)))
    analysis[1, 320:] = 4.5
    with pytest.raises(DivergenceError, match=r"errors of experiment 1 from cycle 300 .* climate"):
        score(errors_of(analysis), calm, 100)
    assert divergence(calm, 100) is None
    analysis[1, 320:] = 1.0
    assert score(errors_of(analysis), calm, 100).mean > 0.2


def test_standard_error_of_independent_errors():
    errors = errors_of(np.random.default_rng(0).normal(1.0, 0.3, size=(4, 10_000)))
    measured = score(errors, diagnosis(np.ones((4, 10_000))), 0)
    assert measured.standard_error == pytest.approx(0.3 / 200, rel=0.1)
    low, high = measured.interval
    assert low < 1.0 < high


def test_innovation_check_turns_away_what_is_far_off():
    check = InnovationCheck(limit=3.0, background_variance=3.0)
    prior = Estimate(jnp.zeros(8), jnp.ones(8))
    y = jnp.array([0.0, 5.9, 6.1, -6.1, jnp.nan, 1.0, 1.0, 1.0])
    kept = np.isfinite(check(y, prior, problem()))
    assert kept.tolist() == [True, True, False, False, False, True, True, True]


def test_gaspari_cohn_is_one_at_zero_smooth_and_compact():
    r = np.linspace(0, 3, 3001)
    value = gaspari_cohn(r, 1.0)
    assert value[0] == 1
    assert (np.diff(value) <= 1e-12).all()
    assert (value[r >= 2] == 0).all()
    assert gaspari_cohn(np.array([1.0]), 1.0) == pytest.approx(5 / 24)
    assert np.abs(np.diff(value, 2)).max() < 1e-5


def test_neighbourhood_is_the_naive_search_on_a_circle():
    near = neighbourhood(np.arange(20), np.arange(0, 20, 2), 1.5, period=20)
    distance = np.abs(np.arange(20)[:, None] - np.arange(0, 20, 2)[None])
    distance = np.minimum(distance, 20 - distance)
    weights = gaspari_cohn(distance, 1.5 * (10 / 3) ** 0.5)
    weights[weights <= 1e-3] = 0
    dense = np.zeros_like(weights)
    np.add.at(dense, (np.arange(20)[:, None], np.asarray(near.indices)), np.asarray(near.weights))
    np.testing.assert_allclose(dense, weights, atol=1e-6)


def test_correlated_error_with_a_missing_value_is_the_smaller_problem():
    covariance = np.array([[2.0, 0.5, 0.2], [0.5, 1.0, 0.3], [0.2, 0.3, 1.5]], np.float32)
    there = np.array([True, False, True])
    white = CorrelatedError(covariance).whiten(jnp.array([1.0, 9.0, -2.0]), jnp.asarray(there))
    small = np.array([1.0, -2.0])
    expected = small @ np.linalg.solve(covariance[np.ix_(there, there)], small)
    assert white @ white == pytest.approx(expected, rel=1e-5)
    assert white[1] == 0
