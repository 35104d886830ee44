"""An analysis learned through the cycle: a network corrects the forecast of a single state."""

from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.cycle import twins
from shiome.assimilation.experiments.experiment import VARIABLES, fully_observed
from shiome.assimilation.learned import LearnedAnalysis
from shiome.showcases.assimilation.increments import CLIMATE_MEAN, FlowIncrement
from shiome.training.fit import History, fit, muon

SHIPPED, SHIPPED_HISTORY = "analysis.eqx", "analysis.csv"
WIDTH, BLOCKS, REACH = 24, 4, 5
CHUNK = 250
"""Steps from one validation to the next."""


class Stage(NamedTuple):
    """Steps of a training, their first rate, and the steps after which it would have fallen."""

    steps: int
    rate: float
    schedule: int


STAGES = (Stage(2250, 1e-2, 4000), Stage(1000, 5e-3, 1000), Stage(1500, 7e-3, 1500))
"""Of the training behind the shipped weights; each starts with the best of the one before."""


class Population(NamedTuple):
    """Twin experiments under way: analyses and truths of shape (experiments, n)."""

    analysis: Float[Array, "experiments n"]
    truth: Float[Array, "experiments n"]


def untrained(key: PRNGKeyArray) -> FlowIncrement:
    """Network that takes a fifth of every innovation."""
    return FlowIncrement(WIDTH, BLOCKS, REACH, key=key)


def shipped() -> FlowIncrement:
    """Trained network that comes with the package."""
    file = resources.files("shiome.showcases.assimilation") / "weights" / SHIPPED
    with resources.as_file(file) as path:
        return eqx.tree_deserialise_leaves(path, untrained(jax.random.key(0)))


def shipped_history() -> History:
    """Course of the training behind the shipped weights."""
    file = resources.files("shiome.showcases.assimilation") / "weights" / SHIPPED_HISTORY
    with resources.as_file(file) as path:
        steps, loss, validation = np.loadtxt(path, delimiter=",", unpack=True)
    return History(steps.astype(int), loss, validation)


def write(network: FlowIncrement, path: Path) -> None:
    """Write the weights of a network for :func:`shipped`."""
    eqx.tree_serialise_leaves(path, network)


def populate(experiments: int, key: PRNGKeyArray) -> Population:
    """Truths on the attractor, and analyses one standard error away."""
    problem = fully_observed()
    start, away = jax.random.split(key)
    truth = CLIMATE_MEAN + jax.random.normal(start, (experiments, VARIABLES))

    def one(state: Array, step: Array) -> tuple[Array, None]:
        return problem.model.step(state, jnp.asarray(0.0), start), None

    truth = jax.lax.scan(one, truth, jnp.arange(400))[0]
    return Population(truth + jax.random.normal(away, truth.shape), truth)


def cycle_loss(cycles: int) -> Callable[..., tuple[Float[Array, ""], Population]]:
    """Mean squared error of the analysis over some cycles of every experiment of a population.

    The gradient runs through model and analysis of these cycles and stops where the next step
    takes over (truncated back-propagation through the cycle).
    """
    problem = fully_observed()

    def loss(
        increment: FlowIncrement, population: Population, key: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Population]:
        def one(at: Population, noise_key: PRNGKeyArray) -> tuple[Population, Array]:
            step = lambda x: problem.model.step(x, jnp.asarray(0.0), noise_key)
            forecast, truth = step(at.analysis), step(at.truth)
            seen = truth + jax.random.normal(noise_key, truth.shape)
            analysis = forecast + jax.vmap(increment)(forecast, seen - forecast)
            return Population(analysis, truth), jnp.mean((analysis - truth) ** 2, -1)

        after, errors = jax.lax.scan(one, population, jax.random.split(key, cycles))
        # An experiment that has lost its truth teaches nothing: it starts again from nearby.
        lost = (errors[-1] > 4)[:, None]
        anew = after.truth + jax.random.normal(key, after.truth.shape)
        return errors.mean(), after._replace(analysis=jnp.where(lost, anew, after.analysis))

    return loss


def validation(increment: FlowIncrement) -> Float[Array, ""]:
    """Analysis error of 16 experiments that training does not see."""
    keys = jax.random.split(jax.random.key(424242), 16)
    errors, _ = twins(LearnedAnalysis(increment), fully_observed(), 600, keys)
    return jnp.mean(errors.analysis[:, 400:])


def train(
    increment: FlowIncrement,
    *,
    steps: int,
    rate: float,
    schedule: int,
    experiments: int,
    cycles: int,
    key: PRNGKeyArray,
    advance: Callable[[], None] = lambda: None,
    checkpoint: Path | None = None,
) -> tuple[FlowIncrement, History]:
    """Train through the cycle.

    Parameters
    ----------
    increment
        Where to start.
    steps, rate, schedule
        Optimisation steps, learning rate, and steps over which the rate falls to nothing.
    experiments, cycles
        Twin experiments per step, and cycles that each step's gradient runs through.
    key
        Random key of the whole training.
    advance
        Called after every chunk.
    checkpoint
        File from which an interrupted training goes on.

    References
    ----------
    Bocquet et al. (2024): Chaos 34, 091104.
    """
    start, run = jax.random.split(key)
    return fit(
        increment,
        cycle_loss(cycles),
        populate(experiments, start),
        optimiser=muon(rate, schedule),
        steps=steps,
        key=run,
        chunk=CHUNK,
        validate=validation,
        advance=advance,
        checkpoint=checkpoint,
    )


def train_fully(
    key: PRNGKeyArray,
    advance: Callable[[], None] = lambda: None,
    checkpoint: Path | None = None,
) -> tuple[FlowIncrement, History]:
    """Training behind the shipped weights, in stages.

    With a checkpoint, stages before the last are kept in files of that name and a number.
    """
    keys = jax.random.split(key, 1 + len(STAGES))
    network, histories = untrained(keys[0]), []
    for number, stage in enumerate(STAGES, 1):
        kept = checkpoint
        if checkpoint and number < len(STAGES):
            kept = checkpoint.with_name(f"{checkpoint.name}.{number}")
        network, history = train(
            network,
            steps=stage.steps,
            rate=stage.rate,
            schedule=stage.schedule,
            experiments=32,
            cycles=6,
            key=keys[number],
            advance=advance,
            checkpoint=kept,
        )
        histories.append(history)
    return network, joined(histories)


def joined(histories: Sequence[History]) -> History:
    """One course of several stages, with steps counted through."""
    before = np.cumsum([0, *(history.steps[-1] for history in histories[:-1])])
    steps = [history.steps + n for history, n in zip(histories, before, strict=True)]
    return History(
        np.concatenate(steps),
        np.concatenate([history.loss for history in histories]),
        np.concatenate([history.validation for history in histories]),
    )
