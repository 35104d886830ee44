"""What every assimilation scheme must do, whatever it is."""

import functools
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.assimilation.background import conjugate_gradients
from shiome.assimilation.cycle import assimilate, errors_against, simulate
from shiome.assimilation.enkf import Deterministic, PerturbedObservations, SquareRoot
from shiome.assimilation.ensembles import Multiplicative, centre, whitened
from shiome.assimilation.extended_kalman import ExtendedKalman, Moments
from shiome.assimilation.finite_size import FiniteSize, certainty
from shiome.assimilation.ienks import IterativeSmoother
from shiome.assimilation.learned import LearnedAnalysis
from shiome.assimilation.letkf import LocalTransform
from shiome.assimilation.localisation import Neighbourhood
from shiome.assimilation.observations import Everything, IndependentError, Selection
from shiome.assimilation.optimal_interpolation import OptimalInterpolation
from shiome.assimilation.particle import ParticleFilter
from shiome.assimilation.problem import Gaussian, Problem
from shiome.assimilation.scheme import Scheme
from shiome.assimilation.var3d import Var3D
from shiome.assimilation.var4d import Var4D
from shiome.simulation.lorenz96 import Lorenz96
from shiome.simulation.model import Model

QUICK = {"xla_backend_optimization_level": 0}
"""What is compiled here runs once or twice: compiling is what takes the time."""

N = 5
SEEN = np.array([0, 2, 3])
VARIANCE = np.array([0.5, 1.0, 2.0])
B = np.eye(N) + 0.3 * np.ones((N, N))
FEEDBACK = 0.25


class Linear(Model):
    """A rotation with a little growth: every Kalman filter is exact on it."""

    matrix: Any
    time_step: float = 1.0
    time_unit: ClassVar[str] = "1"
    units: ClassVar[dict[str, str]] = {"state": "1"}

    def step(self, state, time, key):
        return self.matrix @ state


def matrix():
    orthogonal, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(N, N)))
    return 1.1 * orthogonal


def linear_problem(order=slice(None)):
    return Problem(
        Linear(jnp.asarray(matrix())),
        Selection(jnp.asarray(SEEN)[order]),
        IndependentError(jnp.asarray(VARIANCE)[order]),
        Gaussian(jnp.arange(N, dtype=float), jnp.asarray(2.0)),
    )


def everywhere(variables, observations):
    index = np.broadcast_to(np.arange(observations), (variables, observations))
    return Neighbourhood(jnp.asarray(index), jnp.ones((variables, observations)))


class Case(NamedTuple):
    """A scheme, the prior moments its analysis should start from, and what to expect of it."""

    make: Callable[[int, int], Scheme]
    moments: Callable[[Any, Any, Any], tuple[Any, Any]]
    covariance: bool = False
    tolerance: float = 1e-7
    # Instead, where nothing depends on the number of samples.
    few: Scheme | None = None


def of_ensemble(ensemble, y, problem):
    return np.asarray(ensemble).mean(0), np.cov(np.asarray(ensemble).T)


def of_finite_size(ensemble, y, problem):
    seen, innovation = whitened(ensemble, y, problem)
    sure = certainty(seen, innovation, 1.0)
    return np.asarray(ensemble).mean(0), np.cov(np.asarray(ensemble).T) * float(11 / sure)


def of_particles(particles, y, problem):
    return of_ensemble(particles.states, y, problem)


def gain_for(variables, observations):
    """Increment of a network that happens to be the best gain for a unit background."""
    seen = SEEN if observations < variables else np.arange(variables)
    variance = VARIANCE if observations < variables else np.ones(variables)

    def increment(forecast, innovation):
        gain = jnp.asarray(np.sqrt(variance) / (1 + variance))
        return jnp.zeros(variables).at[seen].set(gain * innovation)

    return increment


def background(size):
    return jnp.asarray(B if size == N else 0.3 * np.eye(size))


CASES = {
    "optimal_interpolation": Case(
        lambda n, p: OptimalInterpolation(
            jnp.ones(n) * (1.0 if n == N else 2.3), background(n) * (1 if n == N else 44)
        ),
        lambda state, y, problem: (np.ones(N), B),
    ),
    "var3d": Case(
        lambda n, p: Var3D(background(n)), lambda state, y, problem: (np.asarray(state), B)
    ),
    "extended_kalman": Case(
        lambda n, p: ExtendedKalman(1.0 if n == N else 10.0),
        lambda state, y, problem: (np.asarray(state.mean), np.asarray(state.covariance)),
        covariance=True,
    ),
    "perturbed": Case(lambda n, p: PerturbedObservations(12, inflated(n)), of_ensemble),
    "square_root": Case(
        lambda n, p: SquareRoot(12, inflated(n), rotation=True), of_ensemble, covariance=True
    ),
    "deterministic": Case(lambda n, p: Deterministic(12, inflated(n)), of_ensemble),
    "finite_size": Case(lambda n, p: FiniteSize(12), of_finite_size, covariance=True),
    "letkf": Case(
        lambda n, p: LocalTransform(12, everywhere(n, p), inflated(n), batch=n - 1),
        of_ensemble,
        covariance=True,
    ),
    "var4d": Case(
        lambda n, p: Var4D(background(n), solver=conjugate_gradients),
        lambda state, y, problem: (np.asarray(state.now), matrix() @ B @ matrix().T),
    ),
    "ienks": Case(
        lambda n, p: IterativeSmoother(12, inflation=inflated(n)),
        lambda state, y, problem: of_ensemble(state.now, y, problem),
        covariance=True,
    ),
    "learned": Case(
        lambda n, p: LearnedAnalysis(gain_for(n, p)),
        lambda state, y, problem: (np.asarray(state), np.eye(N)),
    ),
    "particles": Case(
        lambda n, p: ParticleFilter(40_000, jitter=0.0),
        of_particles,
        tolerance=0.1,
        few=ParticleFilter(50, jitter=0.0),
    ),
}


def inflated(size):
    return Multiplicative(1.0 if size == N else 1.1)


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(params=CASES)
def name(request):
    return request.param


KEY = jax.random.key(3)


@functools.cache
def compiled(name):
    """Prior, posterior and estimate of one linear cycle, given observations and their order."""
    scheme = CASES[name].make(N, SEEN.size)
    start, run = jax.random.split(KEY)
    ahead, within = jax.random.split(jax.random.fold_in(run, 0))

    def go(y, order):
        problem = linear_problem(order)
        state = scheme.init(problem, start)
        state = scheme.forecast(state, problem, jnp.asarray(0.0), ahead)
        new = scheme.analyse(state, y, problem, jnp.asarray(1.0), within)
        return state, new, scheme.estimate(new)

    return jax.jit(go, compiler_options=QUICK)


def analysed(name, y, order=(0, 1, 2)):
    return compiled(name)(jnp.asarray(y)[jnp.asarray(order)], jnp.asarray(order))


Y = np.array([1.0, -2.0, 3.0])


def kalman(mean, covariance, y):
    there = np.isfinite(y)
    h = np.eye(N)[SEEN[there]]
    gain = covariance @ h.T @ np.linalg.inv(h @ covariance @ h.T + np.diag(VARIANCE[there]))
    return mean + gain @ (y[there] - h @ mean), (np.eye(N) - gain @ h) @ covariance


@pytest.mark.parametrize("y", [Y, np.array([1.0, np.nan, 3.0])], ids=["all", "one missing"])
def test_linear_gaussian_case_is_the_kalman_filter(name, y):
    case = CASES[name]
    prior, posterior, estimate = analysed(name, y)
    mean, covariance = kalman(*case.moments(prior, jnp.asarray(y), linear_problem()), y)
    np.testing.assert_allclose(estimate.mean, mean, atol=case.tolerance)
    if case.covariance:
        if isinstance(posterior, Moments):
            got = posterior.covariance
        else:
            anomalies = centre(getattr(posterior, "now", posterior))[1]
            got = anomalies.T @ anomalies / (anomalies.shape[0] - 1)
        np.testing.assert_allclose(got, covariance, atol=1e-6)


def test_order_of_observations_does_not_matter(name):
    if name == "learned":
        pytest.skip("a network is trained for one order of its inputs")
    straight, turned = analysed(name, Y), analysed(name, Y, (2, 0, 1))
    np.testing.assert_allclose(straight[2].mean, turned[2].mean, atol=1e-8)


def test_missing_is_counted_nothing_is_a_forecast_and_batches_agree(name):
    case, problem = CASES[name], linear_problem()
    scheme = case.few or case.make(N, SEEN.size)
    given = np.random.default_rng(1).normal(size=(3, 2, 3))
    given[0] = np.nan
    given[1, 0, 1] = np.nan
    given[2, 0] = Y
    keys = jnp.stack([*jax.random.split(KEY), KEY])
    go = jax.vmap(lambda y, key: assimilate(scheme, problem, y, key))
    many = jax.jit(go, compiler_options=QUICK)(jnp.asarray(given), keys)
    assert many.diagnosis.missing.tolist() == [[3, 3], [1, 0], [0, 0]]
    assert many.diagnosis.used.tolist() == [[0, 0], [2, 3], [3, 3]]
    start, _ = jax.random.split(keys[0])
    first = scheme.estimate(scheme.init(problem, start)).mean
    free = matrix() @ matrix() @ np.asarray(first)
    np.testing.assert_allclose(many.record.mean[0, -1], free, atol=1e-10)
    # The same alone, with the random numbers that the loop gives it.
    if case.few is None:
        alone = analysed(name, Y)[2].mean[None]
    else:
        run = jax.jit(lambda y: assimilate(scheme, problem, y, KEY), compiler_options=QUICK)
        alone = run(jnp.asarray(given[2])).record.mean
    np.testing.assert_allclose(many.record.mean[2, : len(alone)], alone, atol=1e-7)


CYCLES = 90
WIDE = 12


def wide_problem():
    start = Gaussian(2.3 * jnp.ones(WIDE), 1.0)
    return Problem(Lorenz96(), Everything(), IndependentError(1.0), start)


@functools.cache
def worlds():
    """Truths of four experiments, and observations of all and of half of the variables."""
    keys = jax.random.split(jax.random.key(5), 4)
    draw = jax.jit(jax.vmap(lambda k: simulate(wide_problem(), CYCLES, k)), compiler_options=QUICK)
    truth, full = draw(keys)
    half = jnp.where(jnp.arange(WIDE) % 2 == 0, 0.0, jnp.nan)
    return keys, truth, jnp.stack([full, full + half], 1)


def test_more_observations_do_not_hurt_on_average(name):
    if name == "particles":
        pytest.skip("this many variables would need far more particles")
    problem, scheme = wide_problem(), CASES[name].make(WIDE, WIDE)

    def errors(key, truth, networks):
        record = errors_against(truth)
        run = lambda y: assimilate(scheme, problem, y, key, record=record).record.analysis
        return jax.vmap(run)(networks)[:, 30:].mean(-1)

    go = jax.jit(jax.vmap(errors), compiler_options=QUICK)
    full, half_seen = go(*worlds()).mean(0)
    assert full < half_seen
    assert full < 1.6
