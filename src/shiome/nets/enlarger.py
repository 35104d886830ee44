"""What all networks that make images a whole factor finer share."""

import abc
from typing import Literal

import equinox as eqx
import jax.numpy as jnp

from shiome.core.errors import ConfigError
from shiome.grids.coarsen import bicubic, nearest
from shiome.nets.layers import Images, check_images
from shiome.nets.running import INFERENCE, Run


class Enlarger(eqx.Module):
    """A network from images to images that are ``factor`` times finer.

    A family says how a batch is enlarged.
    """

    inner: eqx.AbstractVar[int]
    factor: eqx.AbstractVar[int]

    @abc.abstractmethod
    def enlarged(self, x: Images) -> Images:
        """(batch, factor · h, factor · w, outer) of a batch (batch, h, w, inner)."""

    def __call__(self, x: Images, run: Run = INFERENCE) -> Images:
        """(batch, factor · h, factor · w, outer) of a batch.

        Raises
        ------
        DataError
            If the images have other channels.
        """
        check_images(x, self.inner)
        return self.enlarged(x)


def doublings_of(factor: int) -> int:
    """How often to double for a factor of two, four or eight."""
    count = factor.bit_length() - 1
    if factor < 2 or factor != 2**count:
        raise ConfigError(f"factor {factor}; expected a power of two.")
    return count


def upsample(x: Images, factor: int, method: Literal["bicubic", "nearest"]) -> Images:
    """Interpolate every channel to a finer grid."""
    function = bicubic if method == "bicubic" else nearest
    return jnp.moveaxis(function(jnp.moveaxis(x, -1, 1), factor), 1, -1)
