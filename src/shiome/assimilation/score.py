"""The outcome of cycling, as numbers that may be trusted, or as the news that there are none."""

from dataclasses import dataclass

import numpy as np

from shiome.assimilation.cycle import Diagnosis
from shiome.core.errors import ModelError

BLOCK = 50
"""Cycles over which errors are averaged before their scatter is measured."""

LIMIT = 8.0
"""Surprise, averaged over a block, from which on a filter counts as diverged."""


class DivergenceError(ModelError):
    """A filter lost the truth; its error is that of a free run, not a property of the scheme."""


@dataclass(frozen=True)
class Score:
    """A time mean with its uncertainty.

    Attributes
    ----------
    mean
        Over all cycles and experiments.
    standard_error
        From the scatter of block means, which allows for the correlation from cycle to cycle.
    """

    mean: float
    standard_error: float

    @property
    def interval(self) -> tuple[float, float]:
        """About 95 % of the uncertainty of the mean."""
        half = 1.96 * self.standard_error
        return self.mean - half, self.mean + half


def divergence(diagnosis: Diagnosis, burn_in: int = 0) -> str | None:
    """Say where a filter diverged, or ``None`` if it did not.

    A filter has diverged where its estimate is no longer finite, or where the innovations of a
    whole block are far larger than spread and observation error explain.

    Parameters
    ----------
    diagnosis
        Arrays of shape (cycles,) or (experiments, cycles).
    burn_in
        Cycles at the start that are not judged by their innovations.
    """
    finite = np.atleast_2d(diagnosis.finite)
    if not finite.all():
        which, cycle = np.argwhere(~finite)[0]
        return f"the estimate of experiment {which} is not finite from cycle {cycle} on"
    surprise = np.atleast_2d(diagnosis.surprise)[:, burn_in:]
    length = min(BLOCK, surprise.shape[1])
    blocks = surprise[:, : surprise.shape[1] // length * length].reshape(len(surprise), -1, length)
    observed = np.isfinite(blocks)
    means = np.where(observed, blocks, 0).sum(-1) / np.maximum(observed.sum(-1), 1)
    if (means > LIMIT).any():
        which, block = np.argwhere(means > LIMIT)[0]
        return (
            f"the squared innovations of experiment {which} from cycle {burn_in + block * length} "
            f"on are {means[which, block]:.0f} times what spread and observation error explain"
        )
    return None


def score(errors: np.ndarray, diagnosis: Diagnosis, burn_in: int) -> Score:
    """Average an error over cycles and experiments.

    Parameters
    ----------
    errors
        Root-mean-square error of each cycle, (cycles,) or (experiments, cycles).
    diagnosis
        Of the same cycles.
    burn_in
        Cycles at the start to leave out.

    Raises
    ------
    DivergenceError
        If the filter diverged.
    """
    reason = divergence(diagnosis, burn_in)
    if reason is not None:
        raise DivergenceError(
            f"The filter diverged: {reason}; more members, inflation or localisation may help."
        )
    rows = np.atleast_2d(np.asarray(errors, float))[:, burn_in:]
    length = max(1, min(BLOCK, rows.shape[1] // 4))
    blocks = rows[:, : rows.shape[1] // length * length].reshape(len(rows), -1, length).mean(-1)
    spread = blocks.std(ddof=1) if blocks.size > 1 else float("nan")
    return Score(float(rows.mean()), float(spread / blocks.size**0.5))
