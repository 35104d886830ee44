"""Residual-in-residual dense blocks: the generator of ESRGAN."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from shiome.nets.enlarger import Enlarger, doublings_of, upsample
from shiome.nets.layers import Convolution, Images, subpixels


def leaky(x: Images) -> Images:
    """Keep what is positive, and a fifth of the rest."""
    return jnp.where(x > 0, x, 0.2 * x)


class DenseBlock(eqx.Module):
    """Five convolutions, each of which sees all before it; a fifth of the result is added."""

    layers: list[Convolution]

    def __init__(self, width: int, growth: int, *, key: PRNGKeyArray):
        # A tenth of He's scale, as published: deep residual networks begin near the identity.
        self.layers = [
            Convolution(width + i * growth, growth if i < 4 else width, gain=0.1, key=k)
            for i, k in enumerate(jax.random.split(key, 5))
        ]

    def __call__(self, x: Images) -> Images:
        """Map a batch."""
        seen = x
        for layer in self.layers[:-1]:
            seen = jnp.concatenate([seen, leaky(layer(seen))], -1)
        return x + 0.2 * self.layers[-1](seen)


class RRDB(Enlarger):
    """Generator of ESRGAN (Wang et al. 2018); as published by default, at a factor of four.

    Parameters
    ----------
    inner, outer
        Channels of the image and of the result.
    factor
        How much finer, a power of two.
    blocks, width, growth
        Blocks of three dense blocks each, their channels, and what each convolution adds.
    direct
        As of :class:`~shiome.nets.superres.EDSR`.
    gain
        Factor on the initial weights of the last layer.
    """

    entry: Convolution
    blocks: list[tuple[DenseBlock, DenseBlock, DenseBlock]]
    body: Convolution
    doublings: list[Convolution]
    last: Convolution | None
    exit: Convolution
    inner: int = eqx.field(static=True)
    factor: int = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        factor: int,
        blocks: int = 23,
        width: int = 64,
        growth: int = 32,
        direct: bool = False,
        gain: float = 1.0,
        key: PRNGKeyArray,
    ):
        count = 0 if direct else doublings_of(factor)
        first, middle, last, end, *keys = jax.random.split(key, 4 + 3 * blocks + count)
        dense = [DenseBlock(width, growth, key=k) for k in keys[: 3 * blocks]]
        self.entry = Convolution(inner, width, key=first)
        self.blocks = [(dense[i], dense[i + 1], dense[i + 2]) for i in range(0, 3 * blocks, 3)]
        self.body = Convolution(width, width, key=middle)
        self.doublings = [Convolution(width, width, key=k) for k in keys[3 * blocks :]]
        self.last = None if direct else Convolution(width, width, key=last)
        self.exit = Convolution(width, outer * (factor**2 if direct else 1), gain=gain, key=end)
        self.inner, self.factor = inner, factor

    def enlarged(self, x: Images) -> Images:
        start = x = self.entry(x)
        for block in self.blocks:
            y = x
            for dense in block:
                y = dense(y)
            x = x + 0.2 * y
        x = start + self.body(x)
        if self.last is None:
            return subpixels(self.exit(leaky(x)), self.factor)
        for doubling in self.doublings:
            x = leaky(doubling(upsample(x, 2, "nearest")))
        return self.exit(leaky(self.last(x)))
