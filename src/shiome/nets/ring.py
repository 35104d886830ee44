"""Residual convolutions on a circle: networks for fields that live on a ring of points."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class RingConvolution(eqx.Module):
    """A convolution along a circle, written as one matrix product over shifted copies.

    On a CPU this runs at the speed of the matrix product, which a generic convolution of a few
    dozen channels does not.
    """

    weight: Float[Array, "taps inner outer"]
    bias: Float[Array, " outer"]

    def __init__(self, inner: int, outer: int, taps: int, *, key: PRNGKeyArray, gain: float = 1.0):
        bound = gain / (inner * taps) ** 0.5
        self.weight = bound * jax.random.normal(key, (taps, inner, outer))
        self.bias = jnp.zeros(outer)

    def __call__(self, x: Float[Array, "points inner"]) -> Float[Array, "points outer"]:
        """Convolve one field; an odd number of taps is centred on each point."""
        taps, inner, outer = self.weight.shape
        half = taps // 2
        ring = jnp.concatenate([x[-half:], x, x[:half]]) if half else x
        shifted = jnp.concatenate([ring[i : i + x.shape[0]] for i in range(taps)], axis=-1)
        return shifted @ self.weight.reshape(taps * inner, outer) + self.bias


class RingNet(eqx.Module):
    """Entry convolution, residual blocks, and a pointwise exit that starts at zero.

    The exit starts at zero so that a network added to something known begins by changing nothing.

    Parameters
    ----------
    inner, outer
        Channels in and out.
    width, blocks, taps
        Channels inside, number of residual blocks of two convolutions, points per convolution.
    """

    entry: RingConvolution
    blocks: list[tuple[RingConvolution, RingConvolution]]
    exit: RingConvolution

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        width: int,
        blocks: int,
        taps: int = 5,
        key: PRNGKeyArray,
    ):
        first, last, *rest = jax.random.split(key, 2 + 2 * blocks)
        self.entry = RingConvolution(inner, width, taps, key=first)
        self.blocks = [
            (
                RingConvolution(width, width, taps, key=rest[2 * i]),
                RingConvolution(width, width, 1, key=rest[2 * i + 1], gain=blocks**-0.5),
            )
            for i in range(blocks)
        ]
        self.exit = RingConvolution(width, outer, 1, key=last, gain=0.0)

    def __call__(self, x: Float[Array, "points inner"]) -> Float[Array, "points outer"]:
        """Map one field."""
        x = jax.nn.silu(self.entry(x))
        for first, second in self.blocks:
            x = x + second(jax.nn.silu(first(x)))
        return self.exit(x)
