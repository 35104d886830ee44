"""An analysis learned through the cycle: what is added to the forecast of a single state."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.experiments.experiment import VARIABLES
from shiome.showcases.assimilation.increments import CLIMATE_MEAN
from shiome.showcases.assimilation.traced import TracedIncrement
from shiome.simulation.lorenz96 import Lorenz96
from shiome.training.fit import History, fit, muon

SHIPPED, SHIPPED_HISTORY = "analysis.eqx", "analysis.csv"
MODEL = Lorenz96()
BACK, WIDTH, BLOCKS, REACH = 16, 16, 2, 4
STEPS, RATE, CHUNK = 4000, 2e-3, 250
"""Of the training behind the shipped weights; ``CHUNK`` steps from one validation to the next."""

EXPERIMENTS, CYCLES = 16, 4
"""Twin experiments per step, and cycles that its gradient runs through."""


class Population(NamedTuple):
    """Twin experiments under way: analyses and truths of shape (experiments, n)."""

    analysis: Float[Array, "experiments n"]
    truth: Float[Array, "experiments n"]


def untrained(key: PRNGKeyArray) -> TracedIncrement:
    """Increment by the equations alone: nothing is learned yet."""
    sizes = {"cycles": BACK, "width": WIDTH, "blocks": BLOCKS, "reach": REACH}
    return TracedIncrement(MODEL, **sizes, key=key)


def _weights(name: str) -> resources.abc.Traversable:
    return resources.files("shiome.showcases.assimilation") / "weights" / name


def shipped() -> TracedIncrement:
    """Trained increment that comes with the package."""
    with resources.as_file(_weights(SHIPPED)) as path:
        return eqx.tree_deserialise_leaves(path, untrained(jax.random.key(0)))


def shipped_history() -> History:
    """Course of the training behind the shipped weights."""
    with resources.as_file(_weights(SHIPPED_HISTORY)) as path:
        steps, loss, validation = np.loadtxt(path, delimiter=",", unpack=True)
    return History(steps.astype(int), loss, validation)


def write(increment: TracedIncrement, history: History, folder: Path) -> None:
    """Write what :func:`shipped` and :func:`shipped_history` read."""
    eqx.tree_serialise_leaves(folder / SHIPPED, increment)
    np.savetxt(folder / SHIPPED_HISTORY, np.stack(history, 1), "%.5g", delimiter=",")


def populate(experiments: int, key: PRNGKeyArray) -> Population:
    """Truths on the attractor, and analyses half a standard error away."""
    start, away = jax.random.split(key)
    truth = CLIMATE_MEAN + jax.random.normal(start, (experiments, VARIABLES))

    def one(state: Array, step: Array) -> tuple[Array, None]:
        return MODEL.step(state, jnp.asarray(0.0), start), None

    truth = jax.lax.scan(one, truth, jnp.arange(400))[0]
    return Population(_near(truth, away), truth)


def _near(truth: Float[Array, "experiments n"], key: PRNGKeyArray) -> Float[Array, "experiments n"]:
    """Where experiments start, or start again."""
    return truth + 0.5 * jax.random.normal(key, truth.shape)


def cycled(
    increment: TracedIncrement, population: Population, cycles: int, key: PRNGKeyArray
) -> tuple[Population, Float[Array, "cycles experiments"]]:
    """Run some cycles of every experiment.

    Returns
    -------
    The population afterwards, and the mean squared error of each analysis.
    """

    def one(at: Population, noise_key: PRNGKeyArray) -> tuple[Population, Array]:
        step = lambda x: MODEL.step(x, jnp.asarray(0.0), noise_key)
        forecast, truth = step(at.analysis), step(at.truth)
        seen = truth + jax.random.normal(noise_key, truth.shape)
        analysis = forecast + jax.vmap(increment)(forecast, seen - forecast)
        return Population(analysis, truth), jnp.mean((analysis - truth) ** 2, -1)

    return jax.lax.scan(one, population, jax.random.split(key, cycles))


def cycle_loss(
    increment: TracedIncrement, population: Population, key: PRNGKeyArray
) -> tuple[Float[Array, ""], Population]:
    """Mean squared error of the analysis over a few cycles of every experiment of a population.

    The gradient runs through model and analysis of these cycles and stops where the next step
    takes over (truncated back-propagation through the cycle).
    """
    after, errors = cycled(increment, population, CYCLES, key)
    # An experiment that has lost its truth teaches nothing: it starts again from nearby.
    lost = (errors[-1] > 4)[:, None]
    analysis = jnp.where(lost, _near(after.truth, key), after.analysis)
    return errors.mean(), after._replace(analysis=analysis)


def validation(increment: TracedIncrement) -> Float[Array, ""]:
    """Analysis error of 16 experiments that training does not see."""
    start, run = jax.random.split(jax.random.key(424242))
    _, errors = cycled(increment, populate(16, start), 350, run)
    return jnp.mean(jnp.sqrt(errors[50:]))


def train(
    key: PRNGKeyArray,
    *,
    steps: int = STEPS,
    advance: Callable[[], None] = lambda: None,
    checkpoint: Path | None = None,
) -> tuple[TracedIncrement, History]:
    """Train through the cycle, as the shipped weights were.

    Parameters
    ----------
    key
        Random key of the whole training.
    steps
        Optimisation steps, over which the learning rate falls to nothing.
    advance
        Called after every chunk.
    checkpoint
        File from which an interrupted training goes on.

    References
    ----------
    Bocquet et al. (2024): Chaos 34, 091104.
    """
    begin, start, run = jax.random.split(key, 3)
    return fit(
        untrained(begin),
        cycle_loss,
        populate(EXPERIMENTS, start),
        optimiser=muon(RATE, steps),
        steps=steps,
        key=run,
        chunk=CHUNK,
        validate=validation,
        advance=advance,
        checkpoint=checkpoint,
    )
