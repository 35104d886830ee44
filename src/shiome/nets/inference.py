"""Outputs of a network for many images, batch by batch."""

from collections.abc import Callable
from functools import cache
from math import prod
from threading import Lock
from typing import Any

import equinox as eqx
import jax
import numpy as np
import numpy.typing as npt
from jaxtyping import Float, PyTree

from shiome.core.threads import side_by_side
from shiome.nets.compiler import compiler_options

# Pixels that one thread of a CPU works on at once: eight images of 64 × 64, whose channels about
# stay in its cache from one layer to the next.
CACHED = 8 * 64 * 64


@cache
def _compiled() -> Any:
    options = dict(compiler_options())
    return eqx.filter_jit(lambda network, x: network(x), compiler_options=options)  # type: ignore[call-overload]


_compiled_for: set[Any] = set()  # structures and shapes of networks, and shapes of batches


def outputs(
    network: Callable[..., PyTree],
    images: Float[npt.NDArray, "examples height width channels"],
    *,
    batch: int = 128,
) -> npt.NDArray[np.float32]:
    """(examples, ...) output of a network in inference, for any number of images.

    Compiled once for each size of image and batch. On a CPU small batches are looped over in
    Python, on two threads: XLA's own loops make convolutions slow there.

    Parameters
    ----------
    network
        Called as ``network(x)`` with a batch.
    images
        Any array that can be sliced, also one in a file.
    batch
        Images at once, at most.
    """
    threaded = jax.default_backend() == "cpu" and batch > 1
    if threaded:
        batch = max(1, min(batch // 2, CACHED // max(1, prod(images.shape[1:3]))))
    reading = Lock()

    def made(first: int) -> npt.NDArray[np.float32]:
        with reading:  # not every file can be read by two threads at once
            x = np.asarray(images[first : first + batch], np.float32)
        # The last batch is filled up, so that it needs no compilation of its own.
        missing = batch - len(x) if first else 0
        padded = np.concatenate([x, np.zeros((missing, *x.shape[1:]), np.float32)])
        return np.asarray(_compiled()(network, padded))[: len(x)]

    firsts = range(0, len(images), batch)
    sizes = tuple(a.shape for a in jax.tree.leaves(eqx.filter(network, eqx.is_array)))
    program = jax.tree.structure(network), sizes, (batch, *images.shape[1:])
    # Two threads would compile the same program twice: the first batch of a new one comes alone.
    alone = int(program not in _compiled_for) if threaded else len(firsts)
    parts = [made(first) for first in firsts[:alone]]
    _compiled_for.add(program)
    return np.concatenate(parts + side_by_side(made, firsts[alone:]))
