"""A network that learns an analysis scheme: the increment of 3D-Var, from examples of it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.cycle import assimilate, compiled, simulate, twins
from shiome.assimilation.experiments import TABLE
from shiome.assimilation.experiments.experiment import fully_observed
from shiome.assimilation.learned import LearnedAnalysis
from shiome.assimilation.scheme import Estimate
from shiome.assimilation.score import Score, score
from shiome.nets.ring import RingNet
from shiome.showcases.assimilation.increments import Increment
from shiome.training.fit import BatchLoss, fit, muon

SPIN_UP = 400


def imitate(cycles: int, steps: int, key: PRNGKeyArray) -> Increment:
    """Fit a network to the increments that 3D-Var makes along its cycle.

    The network sees forecast and innovation, never the covariance; of a fixed covariance it learns
    the Kalman gain.

    Parameters
    ----------
    cycles
        Length of the 3D-Var cycle to learn from, after a spin-up.
    steps
        Optimisation steps.
    key
        Of cycle and training.
    """
    nature, filtering, begin, run = jax.random.split(key, 4)
    scheme, problem = next(x for x in TABLE if x.key == "var3d").build()

    def pair(prior: Estimate, posterior: Estimate, cycle: Array) -> tuple[Array, Array]:
        return prior.mean, posterior.mean - prior.mean

    def cycle_of_examples() -> tuple[Array, Array, Array]:
        _, seen = simulate(problem, SPIN_UP + cycles, nature)
        forecast, increment = assimilate(scheme, problem, seen, filtering, record=pair).record
        return forecast, seen - forecast, increment

    examples = [series[SPIN_UP:] for series in compiled(cycle_of_examples, brief=True)()]
    start = Increment(RingNet(2, 1, width=8, blocks=1, key=begin))

    def error(network: Increment, example: tuple[Float[Array, " n"], ...]) -> Float[Array, ""]:
        forecast, innovation, increment = example
        return jnp.mean((network(forecast, innovation) - increment) ** 2)

    network, _ = fit(
        start,
        BatchLoss(error, tuple(examples), 32),
        None,
        optimiser=muon(2e-2, steps),
        steps=steps,
        key=run,
    )
    return network


def cycled(network: Increment, cycles: int, key: PRNGKeyArray) -> Score:
    """Analysis error of four experiments in which the network takes the place of 3D-Var."""
    scheme, keys = LearnedAnalysis(network, spread=0.4), jax.random.split(key, 4)
    errors, diagnosis = twins(scheme, fully_observed(), SPIN_UP + cycles, keys, brief=True)
    return score(errors, diagnosis, SPIN_UP)
