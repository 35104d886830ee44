"""How a network is run: for inference, or in training with what that changes on the way."""

from collections.abc import Callable
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

Network = TypeVar("Network", bound=PyTree)


class Statistics(eqx.Module):
    """Running mean and variance of each channel: carried by training, never by a gradient."""

    mean: Float[Array, " channels"]
    variance: Float[Array, " channels"]


class Run:
    """One pass through a network: inference by default, training where a key is given.

    Layers ask it whether they train, draw their random numbers from it, and leave their new
    statistics with it. It lives only inside :func:`training_pass`, which is a pure function to
    whoever calls, differentiates, compiles or vectorises it.
    """

    def __init__(self, key: PRNGKeyArray | None = None):
        self.training = key is not None
        self._key = key
        self._moved: dict[int, Any] = {}

    def key(self) -> PRNGKeyArray:
        """A fresh random key."""
        if self._key is None:
            raise ValueError("no random key in inference")
        self._key, fresh = jax.random.split(self._key)
        return fresh

    def leave(self, layer: PyTree, moved: PyTree) -> None:
        """Note what a layer becomes by this pass."""
        self._moved[id(layer)] = moved

    def moved(self, layer: PyTree) -> PyTree:
        """What a layer has become by this pass."""
        return self._moved.get(id(layer), layer)


INFERENCE = Run()


def training_pass(
    network: Network, x: Float[Array, "batch height width channels"], key: PRNGKeyArray
) -> tuple[Any, Network]:
    """Output in training, by the statistics of this batch, and the network with those moved on.

    Parameters
    ----------
    network
        Called as ``network(x, run)``.
    x
        Batch of images.
    key
        For what is random in training.
    """
    run = Run(key)
    output = network(x, run)
    return output, jax.tree.map(run.moved, network, is_leaf=lambda node: id(node) in run._moved)


def _is_statistics(node: PyTree) -> bool:
    return isinstance(node, Statistics)


def statistics(network: PyTree) -> list[Statistics]:
    """All running statistics of a network, in the order of its layers."""
    nodes = jax.tree.leaves(network, is_leaf=_is_statistics)
    return [node for node in nodes if _is_statistics(node)]


def with_statistics(network: Network, values: list[Statistics]) -> Network:
    """The network with other running statistics."""
    nodes, structure = jax.tree.flatten(network, is_leaf=_is_statistics)
    rest = iter(values)
    moved = [next(rest) if _is_statistics(node) else node for node in nodes]
    return jax.tree.unflatten(structure, moved)


def learnable(network: PyTree) -> PyTree:
    """True for what a gradient may change: floating-point arrays that are no statistics.

    A filter for :func:`equinox.partition`.
    """
    return jax.tree.map(_is_floating, network, is_leaf=_is_statistics)


def _is_floating(leaf: Any) -> bool:
    kinds = (jax.Array, np.ndarray, jax.ShapeDtypeStruct)
    return isinstance(leaf, kinds) and bool(jnp.issubdtype(leaf.dtype, jnp.inexact))


def count_parameters(network: PyTree) -> int:
    """Number of learnable values."""
    chosen = eqx.filter(network, learnable(network))
    return sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(chosen))


Activation = Callable[[Array, Run], Array]
