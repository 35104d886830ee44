"""Cycling: forecast, observe, analyse, again and again; and twin experiments."""

from collections.abc import Callable
from typing import Any, NamedTuple

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
    """Root-mean-square errors over the variables; each of shape (cycles,).

    Attributes
    ----------
    forecast, analysis
        Of the estimate before and after the observations came in.
    forecast_spread, analysis_spread
        What the scheme believes them to be.
    climate
        Of the mean over all cycles: what is known without a model and without observations.
    """

    forecast: Float[Array, " cycles"]
    analysis: Float[Array, " cycles"]
    forecast_spread: Float[Array, " cycles"]
    analysis_spread: Float[Array, " cycles"]
    climate: Float[Array, " cycles"]


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
    climate = truth.mean(0)

    def record(prior: Estimate, posterior: Estimate, cycle: Array) -> Errors:
        return Errors(
            _rms(prior.mean - truth[cycle]),
            _rms(posterior.mean - truth[cycle]),
            _rms(prior.spread),
            _rms(posterior.spread),
            _rms(climate - truth[cycle]),
        )

    return record


BRIEF = {"xla_backend_optimization_level": 1, "xla_cpu_multi_thread_eigen": False}
"""For runs of about a second: to optimise their code would take longer than it saves.

Their matrices are small: on a busy machine, threads that wait for each other cost many times more
than they save.
"""


def compiled(function: Callable[..., Any], *, brief: bool = False) -> Any:
    """Compile a function of pytrees, for long runs or for brief ones."""
    if not brief:
        return eqx.filter_jit(function)
    return eqx.filter_jit(function, compiler_options=BRIEF)  # type: ignore[call-overload]


def _worlds(problem: Problem, cycles: int, keys: PRNGKeyArray) -> tuple[Array, Array]:
    draw = lambda key: simulate(problem, cycles, jax.random.split(key)[0])
    return jax.vmap(draw)(keys)


def _filtered(
    scheme: Scheme, problem: Problem, truths: Array, seen: Array, keys: PRNGKeyArray
) -> tuple[Errors, Diagnosis]:
    def one(truth: Array, y: Array, key: PRNGKeyArray) -> tuple[Errors, Diagnosis]:
        within = jax.random.split(key)[1]
        trace = assimilate(scheme, problem, y, within, record=errors_against(truth))
        return trace.record, trace.diagnosis

    return jax.vmap(one)(truths, seen, keys)


# Apart, so that schemes of one problem share the compiled simulation.
_WORLDS = {brief: compiled(_worlds, brief=brief) for brief in (False, True)}
_FILTERED = {brief: compiled(_filtered, brief=brief) for brief in (False, True)}


def twins(
    scheme: Scheme, problem: Problem, cycles: int, keys: PRNGKeyArray, *, brief: bool = False
) -> tuple[Errors, Diagnosis]:
    """Twin experiments, one per key: draw a truth, observe it, assimilate, and compare.

    Parameters
    ----------
    scheme, problem, cycles
        How to assimilate, what, and for how long.
    keys
        Of shape (experiments,).
    brief
        Whether the runs take about a second, so that to compile them is what counts.

    Returns
    -------
    Errors and diagnosis, arrays of shape (experiments, cycles).
    """
    truths, seen = _WORLDS[brief](problem, cycles, keys)
    errors, diagnosis = _FILTERED[brief](scheme, problem, truths, seen, keys)
    return errors, diagnosis
