"""Cycling: forecast, observe, analyse, again and again; and twin experiments."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from shiome.assimilation.problem import Problem
from shiome.assimilation.quality import InnovationCheck
from shiome.assimilation.scheme import Estimate, Scheme, State
from shiome.core import DataError


class Diagnosis(NamedTuple):
    """What a cycle tells of itself without knowing the truth; each of shape (cycles,).

    Attributes
    ----------
    used, missing, rejected
        Observations assimilated, absent (NaN), and turned away by the quality control.
    surprise
        Mean of the squared innovations over what spread and observation error explain; near 1
        for a healthy filter. NaN where nothing was observed.
    finite
        Whether the estimate is a number everywhere.
    """

    used: Int[Array, " cycles"]
    missing: Int[Array, " cycles"]
    rejected: Int[Array, " cycles"]
    surprise: Float[Array, " cycles"]
    finite: Bool[Array, " cycles"]


class Trace(NamedTuple):
    """The course of an assimilation.

    Attributes
    ----------
    record
        What was asked to be kept of each cycle, stacked.
    diagnosis
        How each cycle went.
    state
        The scheme's state at the end.
    """

    record: PyTree
    diagnosis: Diagnosis
    state: PyTree


class Errors(NamedTuple):
    """Root-mean-square errors over the variables and the spreads that should match them."""

    forecast: Float[Array, " cycles"]
    analysis: Float[Array, " cycles"]
    forecast_spread: Float[Array, " cycles"]
    analysis_spread: Float[Array, " cycles"]


Record = Callable[[Estimate, Estimate, Array], PyTree]


def analyses(prior: Estimate, posterior: Estimate, cycle: Array) -> Estimate:
    """Keep the analysis: mean and spread of every variable."""
    return posterior


def _surprise(
    prior: Estimate, y: Float[Array, " p"], problem: Problem, present: Bool[Array, " p"]
) -> Float[Array, ""]:
    """Squared innovations over their expected size, averaged over what was observed."""
    seen, tangent = jax.jvp(problem.operator, (prior.mean,), (prior.spread,))
    expected = problem.error.variance(y.size) + tangent**2
    ratio = jnp.where(present, (y - seen) ** 2 / expected, 0)
    count = present.sum()
    return jnp.where(count > 0, ratio.sum() / jnp.maximum(count, 1), jnp.nan)


def assimilate(
    scheme: Scheme,
    problem: Problem,
    observations: Float[Array, "cycles p"],
    key: PRNGKeyArray,
    *,
    record: Record = analyses,
    check: InnovationCheck | None = None,
) -> Trace:
    """Assimilate a series of observations; the first belongs to the end of the first cycle.

    A cycle without any observation is a forecast only.

    Parameters
    ----------
    scheme, problem
        How to assimilate, and what.
    observations
        NaN where missing.
    key
        One key for all that is random.
    record
        ``record(prior, posterior, cycle)``: what to keep of each cycle.
    check
        Quality control of each cycle's observations against the forecast.
    """
    expected = jax.eval_shape(problem.operator, problem.initial.mean).shape
    if observations.ndim != 2 or observations.shape[1:] != expected:
        raise DataError(
            f"Observations have shape {observations.shape}; the operator gives {expected[0]} per "
            f"cycle, so (cycles, {expected[0]}) is expected."
        )
    start, run = jax.random.split(key)

    def one(state: State, at: tuple[Array, Array]) -> tuple[State, tuple[PyTree, Diagnosis]]:
        cycle, given = at
        time = cycle * problem.interval
        ahead, within = jax.random.split(jax.random.fold_in(run, cycle))
        state = scheme.forecast(state, problem, time, ahead)
        prior = scheme.estimate(state)
        y = given if check is None else check(given, prior, problem)
        present = jnp.isfinite(y)
        analysed = scheme.analyse(state, y, problem, time + problem.interval, within)
        state = jax.tree.map(lambda new, old: jnp.where(present.any(), new, old), analysed, state)
        posterior = scheme.estimate(state)
        missing = (~jnp.isfinite(given)).sum()
        diagnosis = Diagnosis(
            used=present.sum(),
            missing=missing,
            rejected=y.size - present.sum() - missing,
            surprise=_surprise(prior, y, problem, present),
            finite=jnp.isfinite(posterior.mean).all(),
        )
        return state, (record(prior, posterior, cycle), diagnosis)

    cycles = jnp.arange(observations.shape[0])
    state, (kept, diagnosis) = jax.lax.scan(
        one, scheme.init(problem, start), (cycles, observations)
    )
    return Trace(kept, diagnosis, state)


def simulate(
    problem: Problem, cycles: int, key: PRNGKeyArray
) -> tuple[Float[Array, "cycles n"], Float[Array, "cycles p"]]:
    """Draw a truth and its observations, once per cycle; the initial state is not included."""
    start, ahead, noise = jax.random.split(key, 3)

    def one(state: Array, cycle: Array) -> tuple[Array, Array]:
        k = jax.random.fold_in(ahead, cycle)
        state = problem.propagate(state, cycle * problem.interval, k)
        return state, state

    _, truth = jax.lax.scan(one, problem.initial.sample(start), jnp.arange(cycles))
    seen = jax.vmap(problem.operator)(truth)
    return truth, seen + problem.error.sample(noise, seen.shape)


def _rms(x: Float[Array, " n"]) -> Float[Array, ""]:
    return jnp.sqrt(jnp.mean(x**2))


def errors_against(truth: Float[Array, "cycles n"]) -> Record:
    """Record of errors and spreads, for experiments in which the truth is known."""

    def record(prior: Estimate, posterior: Estimate, cycle: Array) -> Errors:
        return Errors(
            _rms(prior.mean - truth[cycle]),
            _rms(posterior.mean - truth[cycle]),
            _rms(prior.spread),
            _rms(posterior.spread),
        )

    return record


def twin(
    scheme: Scheme,
    problem: Problem,
    cycles: int,
    key: PRNGKeyArray,
    *,
    world: Problem | None = None,
) -> tuple[Errors, Diagnosis]:
    """One twin experiment: draw a truth, observe it, assimilate, and compare.

    Parameters
    ----------
    world
        Where the truth comes from, if its model is not the one of ``problem``.
    """
    nature, filtering = jax.random.split(key)
    truth, observations = simulate(world or problem, cycles, nature)
    trace = assimilate(scheme, problem, observations, filtering, record=errors_against(truth))
    return trace.record, trace.diagnosis


def _many(
    scheme: Scheme,
    problem: Problem,
    cycles: int,
    keys: PRNGKeyArray,
    *,
    world: Problem | None = None,
) -> tuple[Errors, Diagnosis]:
    """Twin experiments in one compiled, vectorised call, one per key; arrays (keys, cycles)."""
    return jax.vmap(lambda key: twin(scheme, problem, cycles, key, world=world))(keys)


twins = eqx.filter_jit(_many)

BRIEF = {"xla_backend_optimization_level": 1}
"""For runs of about a second: to optimise their code would take longer than it saves."""

brief_twins: Callable[..., tuple[Errors, Diagnosis]] = eqx.filter_jit(_many, compiler_options=BRIEF)  # type: ignore[call-overload]
"""The same, compiled in two thirds of the time and no faster to run."""
