"""Building blocks of convolutional networks: batches of images (batch, height, width, channels)."""

from collections.abc import Mapping
from types import MappingProxyType

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.core.errors import ConfigError, DataError
from shiome.nets.running import INFERENCE, Activation, Run, Statistics

Images = Float[Array, "batch height width channels"]


class Convolution(eqx.Module):
    """A two-dimensional convolution; zeros beyond the edges, so that stride 1 keeps the size.

    Weights are normal with variance 2 / (taps × inner) (He et al. 2015).

    Parameters
    ----------
    inner, outer
        Channels in and out.
    size
        Width of the square kernel, odd.
    stride
        Every how many points to keep one.
    bias
        Whether to add one; needless before batch normalisation.
    gain
        Factor on the initial weights.
    """

    weight: Float[Array, "size size inner outer"]
    bias: Float[Array, " outer"] | None
    stride: int = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        size: int = 3,
        *,
        stride: int = 1,
        bias: bool = True,
        gain: float = 1.0,
        key: PRNGKeyArray,
    ):
        scale = gain * (2 / (inner * size * size)) ** 0.5
        self.weight = scale * jax.random.normal(key, (size, size, inner, outer))
        self.bias = jnp.zeros(outer) if bias else None
        self.stride = stride

    def __call__(self, x: Images) -> Images:
        """Convolve a batch."""
        half = self.weight.shape[0] // 2
        y = lax.conv_general_dilated(
            x,
            self.weight,
            (self.stride, self.stride),
            ((half, half), (half, half)),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        return y if self.bias is None else y + self.bias


class BatchNorm(eqx.Module):
    """Batch normalisation (Ioffe and Szegedy 2015).

    In training by mean and variance of the batch, which move the running ones by ``momentum``; in
    inference by the running ones.
    """

    scale: Float[Array, " channels"]
    shift: Float[Array, " channels"]
    running: Statistics
    momentum: float = eqx.field(static=True)
    epsilon: float = eqx.field(static=True)

    def __init__(self, channels: int, *, momentum: float = 0.1, epsilon: float = 1e-5):
        self.scale, self.shift = jnp.ones(channels), jnp.zeros(channels)
        self.running = Statistics(jnp.zeros(channels), jnp.ones(channels))
        self.momentum, self.epsilon = momentum, epsilon

    def __call__(self, x: Images, run: Run = INFERENCE) -> Images:
        """Normalise a batch."""
        used = self._of_batch(x, run) if run.training else self.running
        factor = self.scale * lax.rsqrt(used.variance + self.epsilon)
        return x * factor + (self.shift - used.mean * factor)

    def _of_batch(self, x: Images, run: Run) -> Statistics:
        count = x.size // x.shape[-1]
        mean = x.mean((0, 1, 2))
        variance = jnp.square(x - mean).mean((0, 1, 2))
        move = lambda old, new: old + self.momentum * (lax.stop_gradient(new) - old)
        unbiased = variance * (count / max(count - 1, 1))
        moved = Statistics(move(self.running.mean, mean), move(self.running.variance, unbiased))
        run.leave(self, eqx.tree_at(lambda layer: layer.running, self, moved))
        return Statistics(mean, variance)


class Dense(eqx.Module):
    """A matrix product and a bias."""

    weight: Float[Array, "inner outer"]
    bias: Float[Array, " outer"]

    def __init__(self, inner: int, outer: int, *, key: PRNGKeyArray):
        self.weight = jax.random.normal(key, (inner, outer)) / inner**0.5
        self.bias = jnp.zeros(outer)

    def __call__(self, x: Float[Array, "batch inner"]) -> Float[Array, "batch outer"]:
        """Map a batch."""
        return x @ self.weight + self.bias


class DoubleUp(eqx.Module):
    """Transposed 2×2 convolution of stride 2, written as one matrix product."""

    weight: Float[Array, "inner four_outer"]
    bias: Float[Array, " outer"]

    def __init__(self, inner: int, outer: int, *, key: PRNGKeyArray):
        self.weight = (2 / inner) ** 0.5 * jax.random.normal(key, (inner, 4 * outer))
        self.bias = jnp.zeros(outer)

    def __call__(self, x: Images) -> Images:
        """(batch, 2 height, 2 width, outer) from (batch, height, width, inner)."""
        n, h, w, _ = x.shape
        y = (x @ self.weight).reshape(n, h, w, 2, 2, -1)
        return y.transpose(0, 1, 3, 2, 4, 5).reshape(n, 2 * h, 2 * w, -1) + self.bias


class Dropout(eqx.Module):
    """Zero a share of the values in training, and scale up the rest (Srivastava et al. 2014)."""

    share: float = eqx.field(static=True)

    def __call__(self, x: Array, run: Run = INFERENCE) -> Array:
        """Drop out of a batch."""
        if not run.training or self.share == 0:
            return x
        kept = jax.random.bernoulli(run.key(), 1 - self.share, x.shape)
        return jnp.where(kept, x / (1 - self.share), 0)


def max_pool(x: Images) -> Images:
    """Largest of each 2×2 block; a last odd row or column is left out."""
    n, h, w, c = x.shape
    blocks = x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c)
    # Two halves instead of a reduction: four times as fast on a CPU, gradient included.
    rows = jnp.maximum(blocks[:, :, 0], blocks[:, :, 1])
    return jnp.maximum(rows[:, :, :, 0], rows[:, :, :, 1])


def max_pool_overlapping(x: Images) -> Images:
    """Largest of 3×3 points around every second point."""
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-jnp.inf)
    rows = _largest_of_three(padded)
    return _largest_of_three(rows.swapaxes(1, 2)).swapaxes(1, 2)


def _largest_of_three(x: Array) -> Array:
    stop = x.shape[1]
    return jnp.maximum(jnp.maximum(x[:, 0 : stop - 2 : 2], x[:, 1 : stop - 1 : 2]), x[:, 2::2])


def mean_pool(x: Images) -> Images:
    """Mean of each 2×2 block; a last odd row or column is left out."""
    n, h, w, c = x.shape
    return x[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))


def subpixels(x: Images, factor: int) -> Images:
    """Sub-pixel arrangement: channels become points between the points (Shi et al. 2016).

    (batch, h, w, factor² · c) to (batch, factor · h, factor · w, c).
    """
    n, h, w, channels = x.shape
    y = x.reshape(n, h, w, factor, factor, channels // factor**2)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(n, factor * h, factor * w, -1)


def blocks(x: Images, side: int) -> Images:
    """The inverse of :func:`subpixels`: the points of each block become channels.

    (batch, side · h, side · w, c) to (batch, h, w, side² · c).
    """
    n, h, w, channels = x.shape
    y = x.reshape(n, h // side, side, w // side, side, channels)
    return y.transpose(0, 1, 3, 2, 4, 5).reshape(n, h // side, w // side, -1)


def relu(x: Array, run: Run = INFERENCE) -> Array:
    """Largest of x and zero."""
    return jnp.maximum(x, 0)


def leaky_relu(x: Array, run: Run = INFERENCE) -> Array:
    """Keep what is positive, and a hundredth of the rest (Maas et al. 2013)."""
    return jnp.where(x > 0, x, 0.01 * x)


def randomised_leaky_relu(x: Array, run: Run = INFERENCE) -> Array:
    """Keep what is positive, divide the rest by a: uniform in 3 … 8 in training, 5.5 in inference.

    References
    ----------
    Xu et al. (2015): Empirical evaluation of rectified activations, equations 4 and 5.
    """
    divisor = jax.random.uniform(run.key(), x.shape, x.dtype, 3.0, 8.0) if run.training else 5.5
    return jnp.where(x > 0, x, x / divisor)


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "relu": relu,
        "leaky_relu": leaky_relu,
        "randomised_leaky_relu": randomised_leaky_relu,
    }
)


def find_activation(name: str) -> Activation:
    """Activation of a name.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if name not in ACTIVATIONS:
        raise ConfigError(f"activation {name!r}; expected one of {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[name]


STEMS: Mapping[str, tuple[int, int]] = MappingProxyType({"small": (3, 1), "large": (7, 2)})


def find_stem(name: str) -> tuple[int, int]:
    """Size and stride of a classifier's first convolution; the large one is followed by pooling.

    Raises
    ------
    ConfigError
        If the name is neither small nor large.
    """
    if name not in STEMS:
        raise ConfigError(f"stem {name!r}; expected small or large.")
    return STEMS[name]


def check_images(x: Array, channels: int, multiple: int = 1) -> None:
    """See that a batch fits a network.

    Raises
    ------
    DataError
        If the array is not (batch, height, width, channels), or its sides cannot be divided.
    """
    if x.ndim != 4 or x.shape[-1] != channels:
        raise DataError(
            f"images of shape {x.shape}; expected (batch, height, width, {channels} channels)."
        )
    if min(x.shape[1:3]) < multiple or x.shape[1] % multiple or x.shape[2] % multiple:
        raise DataError(
            f"images of {x.shape[1]} × {x.shape[2]} points; expected multiples of {multiple}."
        )
