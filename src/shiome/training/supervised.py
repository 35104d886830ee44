"""Learning from examples with targets: classifiers, and networks from images to images."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from shiome.nets.inference import outputs
from shiome.nets.running import Statistics, statistics, training_pass, with_statistics
from shiome.training.fit import History, fit

Network = TypeVar("Network", bound=PyTree)
Error = Callable[[Any, Array], Float[Array, " batch"]]
Augment = Callable[[Array, Array, PRNGKeyArray], tuple[Array, Array]]
Draw = Callable[[PRNGKeyArray, int, Int[Array, ""]], Int[Array, " size"]]


class Carried(NamedTuple):
    """What a step hands to the next: its number, and the running statistics."""

    step: Int[Array, ""]
    statistics: list[Statistics]


def settle(network: Network, carried: Carried) -> Network:
    """The network with the running statistics of its training."""
    return with_statistics(network, carried.statistics)


class Streamed(eqx.Module):
    """Mean error over batches that a feed brings, each ``(inputs, targets)``.

    Attributes
    ----------
    error
        ``error(output, target)`` per example, for example :func:`~shiome.training.losses.focal`.
    augment
        ``augment(inputs, targets, key)``, for example an
        :class:`~shiome.training.augmentation.Augmentation`.
    """

    error: Error
    augment: Augment | None = None

    def __call__(
        self, network: PyTree, carried: Carried, key: PRNGKeyArray, batch: tuple[Array, Array]
    ) -> tuple[Float[Array, ""], Carried]:
        """Mean error of one batch in training."""
        inside, change = jax.random.split(key)
        x, target = batch
        if self.augment is not None:
            x, target = self.augment(x, target, change)
        output, moved = training_pass(settle(network, carried), x, inside)
        return self.error(output, target).mean(), Carried(carried.step + 1, statistics(moved))


class InMemory(eqx.Module):
    """Mean error over batches drawn from examples in memory.

    Attributes
    ----------
    error, augment
        As in :class:`Streamed`.
    inputs, targets
        Examples along the first axis.
    size
        Examples per batch.
    draw
        ``draw(key, size, step)`` gives their indices, for example a
        :class:`~shiome.training.sampling.Mixture`; by default all are equally probable.
    """

    error: Error
    inputs: Float[Array, "examples ..."] = eqx.field(converter=jnp.asarray)
    targets: Array = eqx.field(converter=jnp.asarray)
    size: int = eqx.field(static=True)
    draw: Draw | None = None
    augment: Augment | None = None

    def __call__(
        self, network: PyTree, carried: Carried, key: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Carried]:
        """Mean error of one batch in training."""
        which, rest = jax.random.split(key)
        if self.draw is None:
            index = jax.random.randint(which, (self.size,), 0, len(self.inputs))
        else:
            index = self.draw(which, self.size, carried.step)
        batch = self.inputs[index], self.targets[index]
        return Streamed(self.error, self.augment)(network, carried, rest, batch)


class Validation(NamedTuple):
    """Mean error over all validation examples, in inference.

    Attributes
    ----------
    error
        As in :class:`Streamed`.
    inputs, targets
        Examples along the first axis.
    batch
        Examples at once.
    """

    error: Error
    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[Any]
    batch: int = 128

    def __call__(self, network: Callable[..., PyTree]) -> float:
        """Smaller is better."""
        made = outputs(network, self.inputs, batch=self.batch)
        return float(self.error(jnp.asarray(made), jnp.asarray(self.targets)).mean())


def train(network: Network, loss: InMemory | Streamed, **settings: Any) -> tuple[Network, History]:
    """Train a network with :func:`~shiome.training.fit.fit`, its running statistics carried along.

    Parameters
    ----------
    network
        Called as ``network(x, run)``.
    loss
        Over its examples.
    **settings
        As of :func:`~shiome.training.fit.fit`; ``validate`` may be a :class:`Validation`.

    Raises
    ------
    ModelError
        If the loss is no longer a number.
    DataError
        If the checkpoint is damaged or belongs to another training.
    """
    start = Carried(jnp.zeros((), jnp.int32), statistics(network))
    return fit(network, loss, start, settle=settle, compile_validation=False, **settings)
