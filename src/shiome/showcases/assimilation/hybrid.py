"""A biased physical model, a learned one, and the two together, inside the assimilation cycle.

The truth is the two-scale Lorenz-96 model; only its slow variables are observed. The physical
model knows the slow equations alone, and nothing of what the fast variables do to them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.cycle import Diagnosis, Errors, assimilate, compiled, errors_against
from shiome.assimilation.ensembles import Multiplicative
from shiome.assimilation.experiments.experiment import BRIEF_CYCLES
from shiome.assimilation.letkf import LocalTransform
from shiome.assimilation.localisation import neighbourhood
from shiome.assimilation.observations import Everything, IndependentError, Selection
from shiome.assimilation.problem import Gaussian, Problem
from shiome.assimilation.scheme import Estimate
from shiome.assimilation.score import DivergenceError, Score, score
from shiome.showcases.assimilation.learned_model import simulated
from shiome.simulation.lorenz96 import Lorenz96, TwoScaleLorenz96
from shiome.simulation.model import Model

NATURE = TwoScaleLorenz96(slow=40)
SLOW, FORCING, INTERVAL = NATURE.slow, NATURE.forcing, 0.05
SPIN_UP = 100


class World(NamedTuple):
    """Full truth, and observations of its slow variables; each cycle takes 0.05."""

    truth: Float[Array, "cycles n"]
    observations: Float[Array, "cycles slow"]

    @property
    def slow(self) -> Float[Array, "cycles slow"]:
        """The slow variables of the truth."""
        return self.truth[:, :SLOW]

    def part(self, cycles: slice) -> "World":
        """The same over a part of the cycles."""
        return World(self.truth[cycles], self.observations[cycles])


@dataclass(frozen=True)
class Outcome:
    """Error of one model inside the filter, and processor seconds that a cycle takes."""

    score: Score
    seconds: float


def nature_problem(variance: float, start: Float[Array, " n"]) -> Problem:
    """The two-scale model, its slow variables observed."""
    operator = Selection(jnp.arange(SLOW))
    steps = round(INTERVAL / NATURE.time_step)
    spread = jnp.where(jnp.arange(start.size) < SLOW, variance, 0.01)
    return Problem(NATURE, operator, IndependentError(variance), Gaussian(start, spread), steps)


def observe(cycles: int, variance: float, key: PRNGKeyArray) -> World:
    """Truth and observations of the slow variables, after a spin-up."""
    size = SLOW * (1 + NATURE.fast)
    draw, begin = jax.random.split(key)
    start = jnp.where(jnp.arange(size) < SLOW, 2.0, 0.0)
    start = start + 0.1 * jax.random.normal(begin, (size,))
    problem = nature_problem(variance, start)
    truth, seen = simulated(problem, SPIN_UP + cycles, draw)
    return World(truth[SPIN_UP:], seen[SPIN_UP:])


def physical() -> Lorenz96:
    """The slow equations alone."""
    return Lorenz96(forcing=FORCING, time_step=INTERVAL)


def slow_problem(model: Model, world: World, variance: float) -> Problem:
    """A model of the slow variables, all of them observed."""
    initial = Gaussian(world.observations[0], variance)
    return Problem(model, Everything(), IndependentError(variance), initial)


def _cycled(
    scheme: LocalTransform, problem: Problem, world: World, key: PRNGKeyArray
) -> tuple[Errors, Diagnosis]:
    """Errors in the slow variables."""
    against = errors_against(world.slow)

    def slow_only(prior: Estimate, posterior: Estimate, cycle: Array) -> Errors:
        prior, posterior = (Estimate(x.mean[:SLOW], x.spread[:SLOW]) for x in (prior, posterior))
        return against(prior, posterior, cycle)

    trace = assimilate(scheme, problem, world.observations, key, record=slow_only)
    return trace.record, trace.diagnosis


_CYCLED = {brief: compiled(_cycled, brief=brief) for brief in (False, True)}


def filtered(
    name: str,
    problem: Problem,
    world: World,
    key: PRNGKeyArray,
    inflations: Sequence[float],
    *,
    warn: Callable[[str], None],
    members: int = 20,
) -> Outcome | None:
    """Error of the local filter in the slow variables, and the processor time that a cycle takes.

    Parameters
    ----------
    name
        Of the model.
    problem
        Of the slow variables alone, or of all of them.
    world
        Truth and observations.
    inflations
        All are tried.
    warn
        Told of each with which the filter diverged.
    members
        Of the ensemble.

    Returns
    -------
    Outcome with the best inflation; ``None`` where all diverge.
    """
    size, cycles = problem.initial.mean.size, len(world.truth)
    owner = np.where(
        np.arange(size) < SLOW, np.arange(size), (np.arange(size) - SLOW) // NATURE.fast
    )
    near = neighbourhood(owner, np.arange(SLOW), 4.0, period=SLOW)
    schemes = {
        inflation: LocalTransform(members, near, Multiplicative(jnp.asarray(inflation)), True)
        for inflation in inflations
    }
    given = (problem, world, key)
    run = _CYCLED[cycles <= BRIEF_CYCLES].lower(schemes[inflations[0]], *given).compile()
    outcomes: list[Outcome] = []
    for inflation, scheme in schemes.items():
        begin = time.process_time()
        errors, diagnosis = jax.block_until_ready(run(scheme, *given))
        seconds = (time.process_time() - begin) / cycles
        try:
            result = score(errors, diagnosis, cycles // 5)
        except DivergenceError as reason:
            warn(f"The {name} model, {members} members, inflation {inflation:g}: {reason}")
        else:
            outcomes.append(Outcome(result, seconds))
    return min(outcomes, key=lambda outcome: outcome.score.mean, default=None)
