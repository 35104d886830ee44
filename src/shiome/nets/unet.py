"""U-Net: from images to images, with what is fine handed across from the way down."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from shiome.nets.layers import (
    BatchNorm,
    Convolution,
    DoubleUp,
    Images,
    blocks,
    check_images,
    find_activation,
    max_pool,
    subpixels,
)
from shiome.nets.running import INFERENCE, Activation, Run


class TwoConvolutions(eqx.Module):
    """Twice: 3×3 convolution, normalisation, activation."""

    convolutions: tuple[Convolution, Convolution]
    norms: tuple[BatchNorm, BatchNorm]
    activation: Activation = eqx.field(static=True)

    def __init__(self, inner: int, outer: int, *, activation: Activation, key: PRNGKeyArray):
        one, two = jax.random.split(key)
        self.convolutions = (
            Convolution(inner, outer, bias=False, key=one),
            Convolution(outer, outer, bias=False, key=two),
        )
        self.norms = BatchNorm(outer), BatchNorm(outer)
        self.activation = activation

    def __call__(self, x: Images, run: Run = INFERENCE) -> Images:
        """Map a batch."""
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = self.activation(norm(convolution(x), run), run)
        return x


class UNet(eqx.Module):
    """U-Net (Ronneberger et al. 2015), padded and with batch normalisation.

    Parameters
    ----------
    inner, outer
        Channels of the input and of the output.
    width
        Channels of the first level; each level below has twice as many.
    depth
        Levels below the first; both sides of the images are multiples of block · 2**depth.
    activation
        A name in :data:`shiome.nets.layers.ACTIVATIONS`.
    block
        Pixels along one side of the blocks that the first level takes for points: with 2 it does
        a quarter of the work, and the output has all pixels nonetheless.
    """

    down: list[TwoConvolutions]
    rise: list[DoubleUp]
    up: list[TwoConvolutions]
    exit: Convolution
    inner: int = eqx.field(static=True)
    block: int = eqx.field(static=True)

    def __init__(
        self,
        inner: int,
        outer: int,
        *,
        width: int = 64,
        depth: int = 4,
        activation: str = "relu",
        block: int = 1,
        key: PRNGKeyArray,
    ):
        act = find_activation(activation)
        last, *keys = jax.random.split(key, 2 + 3 * depth)
        widths = [width * 2**level for level in range(depth + 1)]
        make = lambda a, b, k: TwoConvolutions(a, b, activation=act, key=k)
        self.down = [
            make(a, b, keys[i]) for i, (a, b) in enumerate(_pairs(block**2 * inner, widths))
        ]
        below = range(depth - 1, -1, -1)
        self.rise = [DoubleUp(widths[i + 1], widths[i], key=keys[depth + 1 + i]) for i in below]
        self.up = [make(2 * widths[i], widths[i], keys[2 * depth + 1 + i]) for i in below]
        self.exit = Convolution(width, block**2 * outer, 1, key=last)
        self.inner, self.block = inner, block

    @property
    def multiple(self) -> int:
        """What both sides of its images must be multiples of."""
        return self.block * 2 ** len(self.rise)

    def __call__(self, x: Images, run: Run = INFERENCE) -> Images:
        """(batch, height, width, outer) of a batch.

        Raises
        ------
        DataError
            If the images have other channels, or sides that cannot be halved often enough.
        """
        check_images(x, self.inner, self.multiple)
        x = blocks(x, self.block)
        passed = []
        for i, level in enumerate(self.down):
            x = level(max_pool(x) if i else x, run)
            passed.append(x)
        for rise, level, across in zip(self.rise, self.up, passed[-2::-1], strict=True):
            x = level(jnp.concatenate([across, rise(x)], -1), run)
        return subpixels(self.exit(x), self.block)


def _pairs(inner: int, widths: list[int]) -> list[tuple[int, int]]:
    return list(zip([inner, *widths[:-1]], widths, strict=True))
