"""Gated residual convolutions on a circle: networks for fields that live on a ring of points."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


class RingConvolution(eqx.Module):
    """A convolution along a circle, written as one matrix product over shifted copies.

    On a CPU this runs at the speed of the matrix product, which a generic convolution of a few
    dozen channels does not.
    """

    weight: Float[Array, "taps_inner outer"]
    bias: Float[Array, " outer"]
    taps: int = eqx.field(static=True)

    def __init__(self, inner: int, outer: int, taps: int, *, key: PRNGKeyArray, gain: float = 1.0):
        scale = gain / (inner * taps) ** 0.5
        self.weight = scale * jax.random.normal(key, (taps * inner, outer))
        self.bias = jnp.zeros(outer)
        self.taps = taps

    def __call__(self, x: Float[Array, "points inner"]) -> Float[Array, "points outer"]:
        """Convolve one field; an odd number of taps is centred on each point."""
        half = self.taps // 2
        ring = jnp.concatenate([x[-half:], x, x[:half]]) if half else x
        shifted = [ring[i : i + x.shape[0]] for i in range(self.taps)]
        return jnp.concatenate(shifted, axis=-1) @ self.weight + self.bias


class RingNet(eqx.Module):
    """Entry convolution, gated residual blocks, and a pointwise exit.

    Each block multiplies two convolutions of its input: products of neighbours are what advection
    is made of, and what turns an innovation by a flow-dependent gain. The exit starts at zero, so
    that a network added to something known begins by changing nothing.

    Parameters
    ----------
    inner, outer
        Channels in and out.
    width, blocks, taps
        Channels inside, number of residual blocks, points per convolution.
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
                RingConvolution(width, 2 * width, taps, key=rest[2 * i]),
                RingConvolution(width, width, 1, key=rest[2 * i + 1], gain=blocks**-0.5),
            )
            for i in range(blocks)
        ]
        self.exit = RingConvolution(width, outer, 1, key=last, gain=0.0)

    def __call__(self, x: Float[Array, "points inner"]) -> Float[Array, "points outer"]:
        """Map one field."""
        x = self.entry(x)
        for pair, mix in self.blocks:
            one, other = jnp.split(pair(x), 2, axis=-1)
            x = x + mix(jnp.tanh(one) * other)
        return self.exit(x)
