"""A Kalman increment from a single state: its covariance is found along the way to the forecast."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.nets.ring import RingNet
from shiome.showcases.assimilation.increments import CLIMATE_MEAN, CLIMATE_SPREAD, anchored
from shiome.simulation.lorenz96 import Lorenz96

FIRST_SPREAD = 0.17
"""Error of the analysis that is assumed where the way begins, before anything is learned."""

BEYOND = 25.0
"""Bound of states on the way back, where damped errors grow; the attractor ends near 13."""

NEARBY = 4
"""Diagonals of the covariance that the correction is told: variances and three covariances."""


@jax.custom_jvp
def _inverse(matrix: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Inverse of a positive definite matrix."""
    factor = jnp.linalg.cholesky(matrix)
    unit = jnp.eye(matrix.shape[0], dtype=matrix.dtype)
    root = jax.scipy.linalg.solve_triangular(factor, unit, lower=True)
    return root.T @ root


@_inverse.defjvp
def _slope_of_inverse(
    at: tuple[Array], along: tuple[Array]
) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
    # From the inverse itself: cheaper than through the factorisation.
    inverse = _inverse(*at)
    return inverse, -inverse @ along[0] @ inverse


class TracedIncrement(eqx.Module):
    """Increment of the extended Kalman filter, for a filter that carries a state and nothing else.

    The covariance of a filter that has run for long depends on the trajectory alone. So the
    forecast is traced back over some cycles, and a covariance carried forward again by the
    tangent-linear model and the Kalman update. Networks give what the equations do not: the
    covariance to start from, read from the state there, and a correction of the increment. Both
    begin by changing nothing.

    Every variable is observed at every step, with unit error.

    Attributes
    ----------
    model
        Equations of the forecast.
    cycles
        How far the forecast is traced back.
    start
        From the state there to a pattern of errors around every point, ``2 * reach + 1`` wide; the
        sum of the patterns' outer products is the covariance.
    correction
        From forecast, innovation, Kalman increment and covariance to what is added.
    spread, growth
        Error where the way begins, without the network; logarithm of the covariance's inflation
        in each cycle, in tenths.
    """

    model: Lorenz96
    start: RingNet
    correction: RingNet
    spread: Float[Array, ""]
    growth: Float[Array, ""]
    cycles: int = eqx.field(static=True)
    reach: int = eqx.field(static=True)

    def __init__(
        self,
        model: Lorenz96,
        *,
        cycles: int,
        width: int,
        blocks: int,
        reach: int,
        key: PRNGKeyArray,
    ):
        first, second = jax.random.split(key)
        net = partial(RingNet, width=width, blocks=blocks)
        self.model = model
        self.start = net(1, 2 * reach + 1, key=first)
        self.correction = net(3 + NEARBY, 1, key=second)
        self.spread, self.growth = FIRST_SPREAD * jnp.ones(()), jnp.zeros(())
        self.cycles, self.reach = cycles, reach

    def __call__(
        self, forecast: Float[Array, " n"], innovation: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """Increment of one state."""
        prior, posterior = self._covariances(forecast)
        # With unit errors everywhere the gain is the covariance of the analysis.
        increment = posterior @ innovation
        # All that a network is told is of order one.
        nearby = [10 * jnp.diagonal(jnp.roll(prior, -i, 1)) for i in range(NEARBY)]
        state = (forecast - CLIMATE_MEAN) / CLIMATE_SPREAD
        told = jnp.stack([state, innovation, 3 * increment, *nearby], -1)
        return increment + 0.3 * self.correction(told)[:, 0]

    def _covariances(
        self, forecast: Float[Array, " n"]
    ) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
        """Error covariance of the forecast, and of the analysis that it leads to."""
        way = jax.lax.stop_gradient(self.traced(forecast))
        state = (way[0] - CLIMATE_MEAN) / CLIMATE_SPREAD
        patterns = 0.3 * self.start(state[:, None])
        errors = anchored(patterns.at[:, self.reach].add(self.spread))
        unit = jnp.eye(forecast.size, dtype=forecast.dtype)
        inflation = jnp.exp(0.1 * self.growth)

        def cycle(at: tuple[Array, Array], state: Array) -> tuple[tuple[Array, Array], None]:
            _, analysis = at
            slope = self.model.tangent(state)
            prior = inflation * slope @ analysis @ slope.T
            # B - B (B + I)^-1 B = I - (B + I)^-1
            return (prior, unit - _inverse(prior + unit)), None

        begin = errors.T @ errors
        return jax.lax.scan(cycle, (begin, begin), way)[0]

    def traced(self, forecast: Float[Array, " n"]) -> Float[Array, "cycles n"]:
        """States that lead to the forecast, the earliest first."""
        back = self.model.reversed()

        def one(state: Array, _: None) -> tuple[Array, Array]:
            state = back.step(state, jnp.asarray(0.0), jax.random.key(0))
            state = jnp.clip(state, -BEYOND, BEYOND)
            return state, state

        return jax.lax.scan(one, forecast, None, length=self.cycles)[1][::-1]
