"""Losses of classifiers, per example, on logits."""

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, Int

from shiome.core.errors import DataError

Logits = Float[Array, "batch classes"]
Labels = Int[Array, " batch"]


def cross_entropy(
    logits: Logits, label: Labels, weight: Float[Array, " classes"] | None = None
) -> Float[Array, " batch"]:
    """Minus the logarithm of the probability of the true class.

    Parameters
    ----------
    logits, label
        Of a batch; labels count from 0.
    weight
        Of each class, for example :func:`class_weights`.
    """
    return focal(logits, label, gamma=0.0, alpha=weight)


def focal(
    logits: Logits,
    label: Labels,
    *,
    gamma: float = 2.0,
    alpha: Float[Array, " classes"] | None = None,
) -> Float[Array, " batch"]:
    """Cross entropy, faded out where the network is already sure and right.

    −α (1 − p)^γ log p, with p the probability of the true class.

    Parameters
    ----------
    logits, label
        Of a batch; labels count from 0.
    gamma
        How strongly; 0 is the cross entropy.
    alpha
        Weight of each class.

    References
    ----------
    Lin et al. (2017): Focal loss for dense object detection, equations 4 and 5.
    """
    log_p = jnp.take_along_axis(jax.nn.log_softmax(logits), label[:, None], axis=1)[:, 0]
    loss = -log_p
    if gamma:
        # 1 − p by expm1 is never negative, and the power has a gradient where p rounds to 1.
        loss = loss * jnp.maximum(-jnp.expm1(log_p), 1e-12) ** gamma
    return loss if alpha is None else loss * jnp.asarray(alpha)[label]


def class_weights(label: npt.ArrayLike, classes: int) -> npt.NDArray[np.float32]:
    """(classes,) weights inverse to how often each class occurs, with mean 1 over the examples.

    Raises
    ------
    DataError
        If a class does not occur.
    """
    count = np.bincount(np.asarray(label), minlength=classes)
    if (count == 0).any():
        raise DataError(
            f"no example of class {int(np.argmin(count))} among {count.sum()}; expected at least "
            f"one of each of {classes} classes."
        )
    return (count.sum() / (classes * count)).astype(np.float32)
