"""Dense layers: a small network for states that are a handful of numbers."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class MLP(eqx.Module):
    """One hidden layer of tanh; the exit starts at zero.

    A network added to something known so begins by changing nothing.

    Parameters
    ----------
    inner, outer, width
        Numbers in, out and inside.
    """

    entry: Float[Array, "width inner"]
    bias: Float[Array, " width"]
    exit: Float[Array, "outer width"]

    def __init__(self, inner: int, outer: int, *, width: int, key: PRNGKeyArray):
        self.entry = jax.random.normal(key, (width, inner)) / inner**0.5
        self.bias = jnp.zeros(width)
        self.exit = jnp.zeros((outer, width))

    def __call__(self, x: Float[Array, " inner"]) -> Float[Array, " outer"]:
        """Map one vector."""
        return self.exit @ jnp.tanh(self.entry @ x + self.bias)
