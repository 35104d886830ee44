"""A model learned from noisy, partial observations by alternating assimilation and training."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.cycle import assimilate, compiled, simulate
from shiome.assimilation.ensembles import Multiplicative
from shiome.assimilation.experiments.experiment import near_rest
from shiome.assimilation.letkf import LocalTransform
from shiome.assimilation.localisation import neighbourhood
from shiome.assimilation.observations import Everything, IndependentError
from shiome.assimilation.problem import Gaussian, Problem
from shiome.assimilation.score import DivergenceError
from shiome.nets.ring import RingNet
from shiome.simulation.corrected import Corrected, Tendency
from shiome.simulation.lorenz96 import Lorenz96
from shiome.simulation.model import Model
from shiome.training.fit import BatchLoss, fit, muon

LYAPUNOV = 1.67
"""Leading Lyapunov exponent of Lorenz-96 with 40 variables and a forcing of 8."""

TENDENCY_SCALE = 10.0
"""Typical size of the tendency, so that the network's own output is of order one."""

WINDOW = 4
"""Successive states that the loss compares with one forecast."""

SETTLE = 50
"""Cycles at the start of an assimilation that nothing is learned from."""

SPIN_UP = 400
STEP = 0.05

# What is compiled here serves every model of the same structure.
simulated = compiled(simulate, brief=True)


class Correction(eqx.Module):
    """A network as a term of the tendency; states are scaled to order one for it."""

    net: RingNet
    mean: Float[Array, ""]
    scale: Float[Array, ""]

    def __call__(self, state: Float[Array, " n"]) -> Float[Array, " n"]:
        """Term of one state."""
        return TENDENCY_SCALE * self.net((state[:, None] - self.mean) / self.scale)[:, 0]


class ForecastError(eqx.Module):
    """Squared error of forecasts over a window of states; only the network is given, to be learned.

    Attributes
    ----------
    term, physics
        Of the model, the network of the term apart.
    """

    term: Correction
    physics: Tendency | None

    def __call__(self, net: RingNet, window: Float[Array, "window n"]) -> Float[Array, ""]:
        """Sum over the steps of one window."""
        model = Corrected(eqx.tree_at(lambda t: t.net, self.term, net), self.physics)

        def ahead(state: Array, target: Array) -> tuple[Array, Array]:
            state = model.step(state, jnp.asarray(0.0), jax.random.key(0))
            return state, jnp.mean((state - target) ** 2)

        return jnp.sum(jax.lax.scan(ahead, window[0], window[1:])[1])


class Nature(NamedTuple):
    """A truth and what was seen of it; NaN where nothing was."""

    truth: Float[Array, "cycles n"]
    observations: Float[Array, "cycles n"]


def observe(cycles: int, density: float, noise: float, key: PRNGKeyArray) -> Nature:
    """Truth of Lorenz-96, of which a random part is seen at every step.

    Parameters
    ----------
    cycles
        Length, after the spin-up.
    density
        Part of the variables seen, drawn anew at each step.
    noise
        Standard deviation of the observation error.
    """
    drawn, chosen = jax.random.split(key)
    problem = Problem(Lorenz96(), Everything(), IndependentError(noise**2), near_rest(1e-3))
    truth, seen = simulated(problem, SPIN_UP + cycles, drawn)
    keep = jax.random.uniform(chosen, seen.shape) < density
    return Nature(truth[SPIN_UP:], jnp.where(keep, seen, jnp.nan)[SPIN_UP:])


def interpolated(observations: Float[Array, "cycles n"]) -> Float[Array, "cycles n"]:
    """Fill what is missing linearly in time."""
    series, filled = np.asarray(observations), []
    times = np.arange(len(series))
    for column in series.T:
        there = np.isfinite(column)
        filled.append(np.interp(times, times[there], column[there]))
    return jnp.asarray(np.stack(filled, axis=1))


def learn(
    states: Float[Array, "times n"],
    *,
    steps: int,
    key: PRNGKeyArray,
    physics: Tendency | None = None,
    start: Corrected | None = None,
    width: int = 8,
) -> Corrected:
    """Fit the learned term of a model to a series of states one step apart.

    The loss is the squared error of forecasts over a few steps, in random batches. It is small
    networks that are learned here: what is asked of them is one sum of products.

    Parameters
    ----------
    states
        Successive states, real or analysed.
    steps
        Optimisation steps.
    physics
        Tendency that is known; ``None`` to learn the whole model.
    start
        A model to go on from; by default a new one with ``width`` channels.
    """
    begin, run = jax.random.split(key)
    if start is None:
        net = RingNet(1, 1, width=width, blocks=1, key=begin)
        start = Corrected(Correction(net, states.mean(), states.std()), physics)
    # The scaling stays as it is: only the network learns.
    term = cast("Correction", start.term)

    length = states.shape[0] - WINDOW + 1
    windows = jnp.stack([states[i : i + length] for i in range(WINDOW)], axis=1)
    net, _ = fit(
        term.net,
        BatchLoss(ForecastError(term, start.physics), windows, 32),
        None,
        optimiser=muon(1e-2, steps),
        steps=steps,
        key=run,
    )
    return Corrected(eqx.tree_at(lambda t: t.net, term, net), start.physics)


@partial(compiled, brief=True)
def _analysed(
    scheme: LocalTransform, problem: Problem, observations: Array, key: PRNGKeyArray
) -> Float[Array, "cycles n"]:
    return assimilate(scheme, problem, observations, key).record.mean


def analyse(
    problem: Problem, observations: Float[Array, "cycles n"], inflation: float, key: PRNGKeyArray
) -> Float[Array, "cycles n"]:
    """Analyses of observations of a circle of variables, by a local filter of 20 members.

    Parameters
    ----------
    problem
        With the model so far.
    observations
        One per variable; NaN where missing.
    inflation
        Large while the model is poor.
    """
    size = observations.shape[1]
    near = neighbourhood(np.arange(size), np.arange(size), 4.0, period=size)
    scheme = LocalTransform(20, near, Multiplicative(jnp.asarray(inflation)), rotation=True)
    states = _analysed(scheme, problem, observations, key)
    if not bool(jnp.isfinite(states).all()):
        raise DivergenceError(
            "The filter diverged with the model learned so far; more observations may help."
        )
    return states


def alternate(
    observations: Float[Array, "cycles n"],
    noise: float,
    *,
    inflations: Sequence[float],
    steps: int,
    key: PRNGKeyArray,
    physics: Tendency | None = None,
    physical: Model | None = None,
) -> list[Model]:
    """Learn a model, or a term of one, from observations alone (Brajard et al. 2020).

    Each round assimilates the observations with the model so far, and fits the model to the
    analyses. The first model is the physical one, or is fitted to interpolated observations.

    Parameters
    ----------
    observations
        One per variable; NaN where missing.
    noise
        Standard deviation of their errors.
    inflations
        Of the filter, one per round.
    steps
        Optimisation steps per round.
    physics, physical
        Tendency that is known, and the model that steps it; ``None`` to learn all.

    Returns
    -------
    The first model and those of all rounds.
    """
    keys = jax.random.split(key, 2 * len(inflations) + 1)
    filled = interpolated(observations)
    initial = Gaussian(filled[0], noise**2)
    learned = None if physical else learn(filled[SETTLE:], steps=steps, key=keys[0])
    models = [model for model in (physical, learned) if model is not None]
    for i, inflation in enumerate(inflations):
        problem = Problem(models[-1], Everything(), IndependentError(noise**2), initial)
        states = analyse(problem, observations, inflation, keys[2 * i + 1])[SETTLE:]
        learned = learn(states, steps=steps, key=keys[2 * i + 2], physics=physics, start=learned)
        models.append(learned)
    return models


@partial(compiled, brief=True)
def _forecasts(
    model: Model, states: Float[Array, "starts n"], length: int
) -> Float[Array, "starts length n"]:
    def ahead(state: Array) -> Array:
        def one(x: Array, i: Array) -> tuple[Array, Array]:
            x = model.step(x, i * STEP, jax.random.key(0))
            return x, x

        return jax.lax.scan(one, state, jnp.arange(length))[1]

    return jax.vmap(ahead)(states)


def skill(
    model: Model, truth: Float[Array, "times n"], *, starts: int = 40, length: int = 80
) -> tuple[np.ndarray, np.ndarray]:
    """Forecast skill from true states.

    Returns
    -------
    Root-mean-square error over the climatological spread, of shape (starts, length), and the time
    for which it stays below one half, in Lyapunov times, of shape (starts,).
    """
    first = np.linspace(0, len(truth) - length - 1, starts).astype(int)

    forecasts = np.asarray(_forecasts(model, truth[first], length))
    truths = np.stack([np.asarray(truth[i + 1 : i + 1 + length]) for i in first])
    relative = np.sqrt(((forecasts - truths) ** 2).mean(-1)) / float(np.std(truth))
    wrong = ~(relative < 0.5)
    steps = np.where(wrong.any(1), wrong.argmax(1), length)
    return relative, steps * STEP * LYAPUNOV
