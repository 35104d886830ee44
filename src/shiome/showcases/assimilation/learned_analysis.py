"""An analysis learned through the cycle: a network corrects the forecast of a single state."""

from collections.abc import Callable
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
from shiome.nets.ring import RingNet
from shiome.training.fit import History, fit, muon

CLIMATE_MEAN, CLIMATE_SPREAD = 2.3, 3.6
"""Rounded mean and standard deviation of Lorenz-96 with a forcing of 8."""

FIRST_GUESS = 0.3
"""Part of the innovation that is taken before anything is learned."""

SHIPPED = "analysis.eqx"
WIDTH, BLOCKS = 24, 4


class Increment(eqx.Module):
    """What the network adds to a forecast, given the innovation."""

    net: RingNet

    def __call__(
        self, forecast: Float[Array, " n"], innovation: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """Increment of one state."""
        scaled = (forecast - CLIMATE_MEAN) / CLIMATE_SPREAD
        return FIRST_GUESS * innovation + self.net(jnp.stack([scaled, innovation], -1))[:, 0]


class Population(NamedTuple):
    """Twin experiments under way: analyses and truths of shape (experiments, n)."""

    analysis: Float[Array, "experiments n"]
    truth: Float[Array, "experiments n"]


def untrained(key: PRNGKeyArray) -> Increment:
    """Network that takes the first guess only."""
    return Increment(RingNet(2, 1, width=WIDTH, blocks=BLOCKS, key=key))


def shipped() -> Increment:
    """Trained network that comes with the package."""
    file = resources.files("shiome.showcases.assimilation") / "weights" / SHIPPED
    with resources.as_file(file) as path:
        return eqx.tree_deserialise_leaves(path, untrained(jax.random.key(0)))


def write(network: Increment, path: Path) -> None:
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
        increment: Increment, population: Population, key: PRNGKeyArray
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


def validation(increment: Increment) -> Float[Array, ""]:
    """Analysis error of 16 experiments that training does not see."""
    keys = jax.random.split(jax.random.key(424242), 16)
    errors, _ = twins(LearnedAnalysis(increment), fully_observed(), 600, keys)
    return jnp.mean(errors.analysis[:, 400:])


def train(
    increment: Increment,
    *,
    steps: int,
    rate: float,
    experiments: int,
    cycles: int,
    key: PRNGKeyArray,
    chunk: int = 250,
    advance: Callable[[], None] = lambda: None,
    checkpoint: Path | None = None,
) -> tuple[Increment, History]:
    """Train through the cycle.

    Parameters
    ----------
    increment
        Where to start.
    steps, rate
        Optimisation steps and learning rate.
    experiments, cycles
        Twin experiments per step, and cycles that each step's gradient runs through.
    key
        Random key of the whole training.
    chunk
        Steps from one validation to the next.
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
        optimiser=muon(rate, steps),
        steps=steps,
        key=run,
        chunk=chunk,
        validate=validation,
        advance=advance,
        checkpoint=checkpoint,
    )


def train_fully(
    key: PRNGKeyArray,
    advance: Callable[[], None] = lambda: None,
    checkpoint: Path | None = None,
) -> tuple[Increment, History]:
    """Training behind the shipped weights: short gradients first, then longer ones.

    With a checkpoint, the first stage is kept in the file of that name and ``.first``.
    """
    keys = jax.random.split(key, 3)
    before = checkpoint and checkpoint.with_name(f"{checkpoint.name}.first")
    rough, first = train(
        untrained(keys[0]),
        steps=20_000,
        rate=1e-2,
        experiments=48,
        cycles=2,
        key=keys[1],
        advance=advance,
        checkpoint=before,
    )
    fine, second = train(
        rough,
        steps=14_000,
        rate=4e-3,
        experiments=24,
        cycles=6,
        key=keys[2],
        advance=advance,
        checkpoint=checkpoint,
    )
    joined = [np.concatenate([a, b]) for a, b in zip(first, second, strict=True)]
    return fine, History(*joined)
