"""Networks that turn a forecast and an innovation into an increment of the analysis."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from shiome.nets.ring import RingNet

CLIMATE_MEAN, CLIMATE_SPREAD = 2.3, 3.6
"""Rounded mean and standard deviation of Lorenz-96 with a forcing of 8."""

FIRST_GUESS = 0.3
"""Part of the innovation that :class:`Increment` takes before anything is learned."""


def _inputs(
    forecast: Float[Array, " n"], innovation: Float[Array, " n"]
) -> Float[Array, "n channels"]:
    """What the networks see of each point, scaled to order one."""
    return jnp.stack([(forecast - CLIMATE_MEAN) / CLIMATE_SPREAD, innovation], -1)


class Increment(eqx.Module):
    """What a network adds to a forecast, given the innovation."""

    net: RingNet

    def __call__(
        self, forecast: Float[Array, " n"], innovation: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """Increment of one state."""
        return FIRST_GUESS * innovation + self.net(_inputs(forecast, innovation))[:, 0]


def anchored(patterns: Float[Array, "n width"]) -> Float[Array, "n n"]:
    """Matrix whose row i holds pattern i, centred on point i of the circle.

    No index is gathered, which keeps the gradient as fast as the function.
    """
    n, width = patterns.shape
    reach = width // 2
    around = n + 2 * reach
    # Rows one longer than the matrix is wide shift each row by one more place.
    padded = jnp.pad(patterns, ((0, 0), (0, around + 1 - width)))
    line = padded.reshape(-1)[: n * around].reshape(n, around)
    left = jnp.pad(line[:, :reach], ((0, 0), (n - reach, 0)))
    right = jnp.pad(line[:, n + reach :], ((0, 0), (0, n - reach)))
    return line[:, reach : n + reach] + left + right
