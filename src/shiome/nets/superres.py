"""Super-resolution: networks from images to images that are a whole factor finer."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.nets.enlarger import Enlarger, doublings_of, upsample
from shiome.nets.layers import Convolution, Images, relu, subpixels


class ParametricReLU(eqx.Module):
    """Keep what is positive, and a learned share of the rest (He et al. 2015)."""

    slope: Float[Array, " channels"]

    def __init__(self, channels: int):
        self.slope = jnp.full(channels, 0.25)

    def __call__(self, x: Images) -> Images:
        """Map a batch."""
        return jnp.where(x > 0, x, self.slope * x)


class Raised(eqx.Module):
    """Transposed convolution to a finer grid, computed as a sub-pixel convolution.

    The kernel of fine points is cut into one small kernel per place between the coarse points,
    which is many times faster on a CPU than the transposed convolution that it equals.

    Parameters
    ----------
    inner, outer
        Channels in and out.
    factor
        How much finer.
    size
        Fine points along one side of the kernel, odd.
    gain
        Factor on the initial weights.
    """

    weight: Float[Array, "size size inner outer"]
    bias: Float[Array, " outer"]
    factor: int = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        factor: int,
        size: int = 9,
        gain: float = 1.0,
        key: PRNGKeyArray,
    ):
        scale = gain * factor * (2 / (inner * size**2)) ** 0.5
        self.weight = scale * jax.random.normal(key, (size, size, inner, outer))
        self.bias = jnp.zeros(outer)
        self.factor = factor

    def __call__(self, x: Images) -> Images:
        """(batch, factor · h, factor · w, outer) from (batch, h, w, inner)."""
        size, _, inner, outer = self.weight.shape
        f, half = self.factor, size // 2
        reach = -(-half // f)
        # Point a of cell i hears cell i + d through the weight at a − f·d + half.
        place = jnp.arange(f) - f * jnp.arange(-reach, reach + 1)[:, None] + half
        inside = (place >= 0) & (place < size)
        take = jnp.clip(place, 0, size - 1)
        parts = self.weight[take[:, None, :, None], take[None, :, None, :]]
        parts = parts * (inside[:, None, :, None] & inside[None, :, None, :])[..., None, None]
        taps = 2 * reach + 1
        small = parts.transpose(0, 1, 4, 2, 3, 5).reshape(taps, taps, inner, f * f * outer)
        y = jax.lax.conv_general_dilated(
            x, small, (1, 1), ((reach, reach),) * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return subpixels(y, f) + self.bias


class SRCNN(Enlarger):
    """Three convolutions on the interpolated image (Dong et al. 2016).

    Parameters
    ----------
    inner, outer
        Channels of the image and of the result.
    factor
        How much finer.
    widths, sizes
        Channels after the first two convolutions, and sizes of all three kernels; as published by
        default: 9-1-5 and 64-32.
    gain
        Factor on the initial weights of the last layer.
    """

    layers: list[Convolution]
    inner: int = eqx.field(static=True)
    factor: int = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        factor: int,
        widths: tuple[int, int] = (64, 32),
        sizes: tuple[int, int, int] = (9, 1, 5),
        gain: float = 1.0,
        key: PRNGKeyArray,
    ):
        channels = (inner, *widths, outer)
        self.layers = [
            Convolution(a, b, size, gain=gain if i == 2 else 1.0, key=k)
            for i, (a, b, size, k) in enumerate(
                zip(channels, channels[1:], sizes, jax.random.split(key, 3), strict=False)
            )
        ]
        self.inner, self.factor = inner, factor

    def enlarged(self, x: Images) -> Images:
        x = upsample(x, self.factor, "bicubic")
        return self.layers[2](relu(self.layers[1](relu(self.layers[0](x)))))


class FSRCNN(Enlarger):
    """Narrow convolutions on the coarse grid, then a transposed one (Dong et al. 2016).

    Parameters
    ----------
    inner, outer, factor, gain
        As of :class:`SRCNN`.
    width, narrow, depth
        The published d, s and m: features, features between, and mapping layers.
    """

    layers: list[Convolution]
    activations: list[ParametricReLU]
    exit: Raised
    inner: int = eqx.field(static=True)
    factor: int = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        factor: int,
        width: int = 56,
        narrow: int = 12,
        depth: int = 4,
        gain: float = 1.0,
        key: PRNGKeyArray,
    ):
        last, *keys = jax.random.split(key, depth + 4)
        shapes = [(inner, width, 5), (width, narrow, 1)]
        shapes += [(narrow, narrow, 3)] * depth + [(narrow, width, 1)]
        self.layers = [Convolution(*shape, key=k) for shape, k in zip(shapes, keys, strict=True)]
        self.activations = [ParametricReLU(outside) for _, outside, _ in shapes]
        self.exit = Raised(width, outer, factor=factor, gain=gain, key=last)
        self.inner, self.factor = inner, factor

    def enlarged(self, x: Images) -> Images:
        for layer, activation in zip(self.layers, self.activations, strict=True):
            x = activation(layer(x))
        return self.exit(x)


class ESPCN(Enlarger):
    """Convolutions on the coarse grid, then sub-pixels (Shi et al. 2016).

    Parameters
    ----------
    inner, outer, factor, gain
        As of :class:`SRCNN`.
    widths
        Channels after the first two convolutions (5×5 and 3×3).
    """

    layers: list[Convolution]
    inner: int = eqx.field(static=True)
    factor: int = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        factor: int,
        widths: tuple[int, int] = (64, 32),
        gain: float = 1.0,
        key: PRNGKeyArray,
    ):
        one, two, three = jax.random.split(key, 3)
        self.layers = [
            Convolution(inner, widths[0], 5, key=one),
            Convolution(widths[0], widths[1], key=two),
            Convolution(widths[1], factor**2 * outer, gain=gain, key=three),
        ]
        self.inner, self.factor = inner, factor

    def enlarged(self, x: Images) -> Images:
        x = self.layers[2](jnp.tanh(self.layers[1](jnp.tanh(self.layers[0](x)))))
        return subpixels(x, self.factor)


class EDSR(Enlarger):
    """Residual blocks without normalisation, then sub-pixels (Lim et al. 2017).

    The published baseline has 16 blocks of 64 channels; the published large network 32 of 256 with
    ``scale=0.1``.

    Parameters
    ----------
    inner, outer, factor, gain
        As of :class:`SRCNN`.
    blocks, width
        Residual blocks and their channels.
    scale
        Factor on what each block adds.
    direct
        Raise to the fine grid by one small convolution and sub-pixels, without the published
        doublings at full width: most of the cost of the published network lies there.
    """

    entry: Convolution
    blocks: list[tuple[Convolution, Convolution]]
    body: Convolution
    doublings: list[Convolution]
    exit: Convolution
    scale: float = eqx.field(static=True)
    inner: int = eqx.field(static=True)
    factor: int = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        factor: int,
        blocks: int = 16,
        width: int = 64,
        scale: float = 1.0,
        direct: bool = False,
        gain: float = 1.0,
        key: PRNGKeyArray,
    ):
        count = 0 if direct else doublings_of(factor)
        first, middle, last, *keys = jax.random.split(key, 3 + 2 * blocks + count)
        make = lambda k, gain=1.0: Convolution(width, width, gain=gain, key=k)
        self.entry = Convolution(inner, width, key=first)
        # Blocks that begin by adding little leave depth trainable without normalisation.
        self.blocks = [(make(keys[2 * i]), make(keys[2 * i + 1], 0.3)) for i in range(blocks)]
        self.body = make(middle)
        self.doublings = [Convolution(width, 4 * width, key=k) for k in keys[2 * blocks :]]
        self.exit = Convolution(width, outer * (factor**2 if direct else 1), gain=gain, key=last)
        self.scale, self.inner, self.factor = scale, inner, factor

    def enlarged(self, x: Images) -> Images:
        start = x = self.entry(x)
        for one, two in self.blocks:
            x = x + self.scale * two(relu(one(x)))
        x = start + self.body(x)
        if not self.doublings:
            return subpixels(self.exit(x), self.factor)
        for doubling in self.doublings:
            x = subpixels(doubling(x), 2)
        return self.exit(x)
