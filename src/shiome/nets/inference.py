"""Outputs of a network for many images, batch by batch."""

from collections.abc import Callable
from functools import cache
from typing import Any

import equinox as eqx
import numpy as np
import numpy.typing as npt
from jaxtyping import Float, PyTree

from shiome.nets.compiler import compiler_options


@cache
def _compiled() -> Any:
    options = dict(compiler_options())
    return eqx.filter_jit(lambda network, x: network(x), compiler_options=options)  # type: ignore[call-overload]


def outputs(
    network: Callable[..., PyTree],
    images: Float[npt.NDArray, "examples height width channels"],
    *,
    batch: int = 128,
) -> npt.NDArray[np.float32]:
    """(examples, ...) output of a network in inference, for any number of images.

    Compiled once for each size of image and batch. On a CPU the batches are looped over in Python:
    XLA's own loops make convolutions slow there.

    Parameters
    ----------
    network
        Called as ``network(x)`` with a batch.
    images
        Any array that can be sliced, also one in a file.
    batch
        Images at once.
    """
    parts = []
    for first in range(0, len(images), batch):
        x = np.asarray(images[first : first + batch], np.float32)
        # The last batch is filled up, so that it needs no compilation of its own.
        missing = batch - len(x) if first else 0
        padded = np.concatenate([x, np.zeros((missing, *x.shape[1:]), np.float32)])
        parts.append(np.asarray(_compiled()(network, padded))[: len(x)])
    return np.concatenate(parts)
