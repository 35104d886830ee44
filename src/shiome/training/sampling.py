"""Which examples a batch is made of: over- and undersampling, hard negatives, changing ratios."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiome.core.errors import ConfigError, DataError

Index = npt.NDArray[np.int64]


class Mixture(eqx.Module):
    """Batches drawn from groups of examples in given shares, with replacement.

    Shares that start at the groups' own sizes change nothing; equal shares of classes oversample
    the rare ones; a group of hard negatives with a growing share is a curriculum.

    Parameters
    ----------
    groups
        Indices of the examples of each group.
    shares
        Of each group in a batch, at the first step; any positive scale.
    later
        The same from step ``over`` on, linearly approached; by default they stay.
    over
        Steps of the change.

    Raises
    ------
    DataError
        If a group with a share is empty.
    ConfigError
        If shares are negative, or not one per group.
    """

    index: Int[Array, " examples"]
    first: Int[Array, " groups"]
    count: Int[Array, " groups"]
    shares: Float[Array, "two groups"]
    over: int = eqx.field(static=True)

    def __init__(
        self,
        groups: Sequence[npt.ArrayLike],
        shares: Sequence[float],
        *,
        later: Sequence[float] | None = None,
        over: int = 1,
    ):
        table = np.array([shares, shares if later is None else later], np.float64)
        if table.shape[1:] != (len(groups),) or (table < 0).any() or (table.sum(1) <= 0).any():
            raise ConfigError(
                f"shares {table.tolist()} of {len(groups)} groups; expected one per group, none "
                "negative and not all zero."
            )
        arrays = [np.asarray(group, np.int64) for group in groups]
        count = np.array([len(group) for group in arrays])
        if empty := [i for i in range(len(groups)) if not count[i] and table[:, i].any()]:
            raise DataError(
                f"group {empty[0]} has no examples but a share of {table[:, empty[0]].max():g}; "
                "expected examples, or a share of zero."
            )
        self.index = jnp.asarray(np.concatenate(arrays), jnp.int32)
        self.count = jnp.asarray(count, jnp.int32)
        self.first = jnp.asarray(np.cumsum(count) - count, jnp.int32)
        self.shares = jnp.asarray(table / table.sum(1, keepdims=True), jnp.float32)
        self.over = over

    def __call__(self, key: PRNGKeyArray, size: int, step: Int[Array, ""]) -> Int[Array, " size"]:
        """Indices of a batch at a step."""
        progress = jnp.clip(step / self.over, 0, 1)
        shares = (1 - progress) * self.shares[0] + progress * self.shares[1]
        which, inside = jax.random.split(key)
        group = jax.random.categorical(which, jnp.log(shares), shape=(size,))
        at = jax.random.randint(inside, (size,), 0, jnp.maximum(self.count[group], 1))
        return self.index[self.first[group] + at]


def by_class(label: npt.ArrayLike, classes: int) -> list[Index]:
    """Indices of the examples of each class."""
    return [np.flatnonzero(np.asarray(label) == c) for c in range(classes)]


def oversampled(label: npt.ArrayLike, classes: int) -> Mixture:
    """Batches in which all classes are equally frequent, however rare they are."""
    return Mixture(by_class(label, classes), [1.0] * classes)


def undersampled(label: npt.ArrayLike, classes: int, *, ratio: float = 1.0, seed: int = 0) -> Index:
    """Ascending indices of a part in which no class has more than ``ratio`` times the rarest.

    Raises
    ------
    DataError
        If a class does not occur.
    """
    groups = by_class(label, classes)
    rarest = min(len(group) for group in groups)
    if rarest == 0:
        raise DataError(
            f"one of {classes} classes has no example; expected some of each to undersample."
        )
    most, rng = int(ratio * rarest), np.random.default_rng(seed)
    kept = [g if len(g) <= most else rng.choice(g, most, replace=False) for g in groups]
    return np.sort(np.concatenate(kept))


def hardest(
    score: npt.ArrayLike, candidate: npt.ArrayLike, *, share: float = 0.2
) -> npt.NDArray[np.bool_]:
    """Hard-negative mining: the negatives that a trained network takes most for positives.

    Parameters
    ----------
    score
        (examples,) what the network says, larger for positives.
    candidate
        (examples,) True for negatives.
    share
        Of the candidates to choose, at least one.

    Returns
    -------
    (examples,) True for the chosen.

    Raises
    ------
    DataError
        If there is no candidate.
    """
    values, negatives = np.asarray(score), np.flatnonzero(candidate)
    if len(negatives) == 0:
        raise DataError("no negatives to choose hard ones from; expected at least one candidate.")
    count = max(1, round(share * len(negatives)))
    chosen = np.zeros(len(values), bool)
    chosen[negatives[np.argsort(-values[negatives], kind="stable")[:count]]] = True
    return chosen
