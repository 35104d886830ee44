"""Several classifiers as one: members weighted by their skill, and the eight symmetries."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from shiome.core.errors import ModelError
from shiome.nets.running import INFERENCE, Run
from shiome.training.fit import History
from shiome.training.supervised import InMemory, Streamed, train

Network = TypeVar("Network", bound=PyTree)
Predict = Callable[[Array], Float[Array, "batch classes"]]


def train_members(
    networks: Sequence[Network],
    losses: Sequence[InMemory | Streamed],
    *,
    key: PRNGKeyArray,
    checkpoints: Path | None = None,
    **settings: Any,
) -> tuple[list[Network], list[History]]:
    """Train members one after another, each from its own start and on its own loss.

    One compilation serves all members whose losses differ in arrays alone: in the shares of a
    :class:`~shiome.training.sampling.Mixture`, for example.

    Parameters
    ----------
    networks, losses
        One per member.
    key
        Random key of all.
    checkpoints
        Folder for one checkpoint per member.
    **settings
        As of :func:`~shiome.training.supervised.train`.
    """
    trained, histories = [], []
    for i, (network, loss) in enumerate(zip(networks, losses, strict=True)):
        file = None if checkpoints is None else checkpoints / f"member{i:02d}.ckpt"
        member, history = train(
            network, loss, key=jax.random.fold_in(key, i), checkpoint=file, **settings
        )
        trained.append(member)
        histories.append(history)
    return trained, histories


def skill_weights(score: Sequence[float], reference: float) -> npt.NDArray[np.float32]:
    """(members,) weights in proportion to the skill 1 − score / reference, and none below zero.

    Parameters
    ----------
    score
        Validation score of each member, smaller is better.
    reference
        The same of the forecast to beat, for example the frequency of each class.

    Raises
    ------
    ModelError
        If no member has skill.
    """
    skill = np.maximum(1 - np.asarray(score, np.float64) / reference, 0)
    if not skill.sum() > 0:
        raise ModelError(
            f"no member has skill: scores {', '.join(f'{s:.3g}' for s in score)}; expected some "
            f"below {reference:.3g}, the score of the reference."
        )
    return (skill / skill.sum()).astype(np.float32)


class Ensemble(eqx.Module):
    """Weighted mean of the members' probabilities, as logits.

    Attributes
    ----------
    members
        Each called with a batch.
    weight
        Of each, with sum 1.
    """

    members: list[Predict]
    weight: Float[Array, " members"]

    def __call__(self, x: Array) -> Float[Array, "batch classes"]:
        """Logarithm of the probabilities of a batch."""
        logits = jnp.stack([member(x) for member in self.members])
        return _pooled(logits, jnp.asarray(self.weight))


class Symmetric(eqx.Module):
    """Test-time augmentation: the mean over the eight symmetries of the square.

    Of a classifier, the mean of its probabilities, as logits; of a network from images to images,
    the mean of its outputs turned back.
    """

    network: Callable[[Array], Array]

    def __call__(
        self, x: Float[Array, "batch height width channels"], run: Run = INFERENCE
    ) -> Array:
        """Output of a batch.

        Parameters
        ----------
        x
            Square images pass through the network at once, others upright and lying.
        run
            Taken as all networks take it; the mean is always one of inference.
        """
        upright = [jnp.flip(x, axes) for axes in _MIRRORS]
        lying = [image.swapaxes(1, 2) for image in upright]
        square = x.shape[1] == x.shape[2]
        made = [
            y
            for images in ([upright + lying] if square else [upright, lying])
            for y in jnp.split(self.network(jnp.concatenate(images)), len(images))
        ]
        if made[0].ndim == 2:
            return _pooled(jnp.stack(made), jnp.full(8, 1 / 8))
        made[4:] = [y.swapaxes(1, 2) for y in made[4:]]
        back = [jnp.flip(y, axes) for y, axes in zip(made, 2 * _MIRRORS, strict=True)]
        return jnp.stack(back).mean(0)


_MIRRORS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (1, 2))


def _pooled(
    logits: Float[Array, "several batch classes"], weight: Float[Array, " several"]
) -> Float[Array, "batch classes"]:
    log_p = jax.nn.log_softmax(logits)
    return jax.scipy.special.logsumexp(log_p, axis=0, b=weight[:, None, None])
