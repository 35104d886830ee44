"""The outcome of cycling, as numbers that may be trusted, or as the news that there are none."""

from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike

from shiome.assimilation.cycle import Diagnosis, Errors
from shiome.core.errors import ModelError

BLOCK = 50
"""Cycles over which errors are averaged before their scatter is measured."""

SURPRISE = 8.0
"""Surprise, averaged over a block, from which on a filter counts as diverged."""

LOST = 0.7
"""Error, averaged over a block and relative to the climate's, from which on the truth is lost."""


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


def divergence(diagnosis: Diagnosis, burn_in: int = 0, errors: Errors | None = None) -> str | None:
    """Say where a filter diverged, or ``None`` if it did not.

    A filter has diverged where its estimate is no longer finite; where the innovations of a whole
    block are far larger than spread and observation error explain; and, if the truth is known,
    where its error over a whole block is close to that of the climate.

    Parameters
    ----------
    diagnosis
        Arrays of shape (cycles,) or (experiments, cycles).
    burn_in
        Cycles at the start that are judged by being finite only.
    errors
        Of the same cycles, in experiments in which the truth is known.
    """
    finite = np.atleast_2d(diagnosis.finite)
    if not finite.all():
        which, cycle = np.argwhere(~finite)[0]
        return f"the estimate of experiment {which} is not finite from cycle {cycle} on"
    surprise = _blocks(diagnosis.surprise, burn_in)
    tests = [(surprise, SURPRISE, "squared innovations", "what spread and error explain")]
    if errors is not None:
        relative = _blocks(errors.analysis, burn_in) / _blocks(errors.climate, burn_in)
        tests.append((relative, LOST, "analysis errors", "the spread of the climate"))
    for means, limit, what, of in tests:
        if (means > limit).any():
            which, block = np.argwhere(means > limit)[0]
            cycle = burn_in + block * min(BLOCK, finite.shape[1] - burn_in)
            return (
                f"the {what} of experiment {which} from cycle {cycle} on are "
                f"{means[which, block]:.2g} times {of}"
            )
    return None


def _blocks(series: ArrayLike, burn_in: int, length: int = BLOCK) -> np.ndarray:
    """Means of blocks of cycles, (experiments, blocks); zero where nothing was observed."""
    rows = np.atleast_2d(np.asarray(series, float))[:, burn_in:]
    length = max(1, min(length, rows.shape[1]))
    cut = rows[:, : rows.shape[1] // length * length].reshape(len(rows), -1, length)
    there = np.isfinite(cut)
    means: np.ndarray = np.where(there, cut, 0).sum(-1) / np.maximum(there.sum(-1), 1)
    return means


def score(errors: Errors, diagnosis: Diagnosis, burn_in: int) -> Score:
    """Average the analysis error over cycles and experiments.

    Parameters
    ----------
    errors, diagnosis
        Of the same cycles, (cycles,) or (experiments, cycles).
    burn_in
        Cycles at the start to leave out.

    Raises
    ------
    DivergenceError
        If the filter diverged.
    """
    reason = divergence(diagnosis, burn_in, errors)
    if reason is not None:
        raise DivergenceError(
            f"The filter diverged: {reason}; more members, inflation or localisation may help."
        )
    rows = np.atleast_2d(np.asarray(errors.analysis, float))[:, burn_in:]
    means = _blocks(rows, 0, min(BLOCK, rows.shape[1] // 4))
    spread = means.std(ddof=1) if means.size > 1 else float("nan")
    return Score(float(rows.mean()), float(spread / means.size**0.5))
