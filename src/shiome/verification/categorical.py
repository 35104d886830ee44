"""Yes or no: was the event found, and was it there when it was announced; with intervals.

Pairs of score and event as in :mod:`shiome.verification.ranking`.
"""

from collections.abc import Callable, Sequence

import jax
import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.verification.intervals import with_interval, year_counts
from shiome.verification.ranking import (
    WANTED_RECALL,
    Floats,
    Ranking,
    area,
    checked_pairs,
    contingency,
    ratio,
)

BLOCK = 4_000_000  # values of one matrix resamples × pairs


def detection_scores(
    score: npt.ArrayLike,
    event: npt.ArrayLike,
    *,
    threshold: float,
    groups: npt.ArrayLike,
    key: jax.Array,
    recall: float = WANTED_RECALL,
    resamples: int = 1000,
    level: float = 0.9,
) -> xr.Dataset:
    """All categorical scores of one forecast, with intervals.

    Parameters
    ----------
    score, event
        As :func:`~shiome.verification.ranking.precision_recall`.
    threshold
        Lowest score at which an event is forecast, chosen on other data.
    groups
        (pair,) what is drawn together in a resample, for example the storm or the day: images of
        one storm share their errors.
    key
        Random key of the resamples.
    recall
        Share of the events that the conditional precision asks for.
    resamples, level
        As in :func:`shiome.verification.intervals.bootstrap`.

    Returns
    -------
    Dataset (estimate: value, lower, upper) of the scores of
    :func:`~shiome.verification.ranking.contingency`, ``average_precision``, and
    ``precision_at_recall`` (at the threshold given).

    Raises
    ------
    DataError
        As :func:`~shiome.verification.ranking.precision_recall`; or if there are fewer than two
        groups.
    """
    score, event = checked_pairs(score, event)
    ranked = Ranking(score, event)

    def values(weight: Floats) -> dict[str, Floats]:
        scores = contingency(*ranked.counts(weight, threshold))
        scores["average_precision"] = area(*ranked.curve(weight))
        scores["precision_at_recall"] = ranked.conditional(weight, recall, threshold)
        return scores

    result = _bootstrapped(values, _group_counts(groups, event.size, key, resamples), level)
    return result.assign_attrs(threshold=threshold, wanted_recall=recall)


def recall_by_days(
    score: npt.ArrayLike,
    days: npt.ArrayLike,
    *,
    threshold: float,
    groups: npt.ArrayLike,
    key: jax.Array,
    ahead: Sequence[float] = (2.0, 5.0, 7.0),
    width: float = 1.0,
    resamples: int = 1000,
    level: float = 0.9,
) -> xr.Dataset:
    """Share of the precursors that are found, by the days they have left until genesis.

    Parameters
    ----------
    score
        (pair,) of events only.
    days
        (pair,) days to genesis; NaN is left out.
    threshold, groups, key, resamples, level
        As :func:`detection_scores`.
    ahead
        Middle of each class, days.
    width
        Of each class, days: from half of it before to half of it after the middle.

    Returns
    -------
    Dataset (day): ``recall`` with ``estimate``, NaN in empty classes, and ``count``.
    """
    score, days = np.asarray(score, np.float64), np.asarray(days, np.float64)
    if score.shape != days.shape or score.ndim != 1 or np.isnan(score).any():
        raise DataError(
            f"scores of shape {score.shape} for days of shape {days.shape}; "
            "expected one score, not NaN, for each."
        )
    with np.errstate(invalid="ignore"):
        inside = np.abs(days - np.asarray(ahead, np.float64)[:, None]) <= 0.5 * width
    member, found = inside.astype(np.float64), (inside & (score >= threshold)).astype(np.float64)

    def values(weight: Floats) -> dict[str, Floats]:
        return {"recall": ratio(weight @ found.T, weight @ member.T)}

    counts = _group_counts(groups, score.size, key, resamples)
    result = _bootstrapped(values, counts, level, ("day",))
    return result.assign(count=("day", inside.sum(1))).assign_coords(day=list(ahead))


def _group_counts(
    groups: npt.ArrayLike, size: int, key: jax.Array, resamples: int
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """How often each group is drawn (resamples, group), and the group of each pair."""
    label, index = np.unique(np.asarray(groups), return_inverse=True)
    if index.shape != (size,):
        raise DataError(f"{index.size} group labels for {size} pairs; expected one each.")
    if label.size < 2:
        raise DataError(
            f"a bootstrap over {label.size} group(s); expected at least 2 storms or days."
        )
    return year_counts(key, years=label.size, resamples=resamples), index


def _bootstrapped(
    values: Callable[[Floats], dict[str, Floats]],
    counts: tuple[Floats, npt.NDArray[np.int64]],
    level: float,
    dims: tuple[str, ...] = (),
) -> xr.Dataset:
    """Scores of all pairs, and their interval over resamples, some resamples at a time."""
    drawn, index = counts
    if not 0 < level < 1:
        raise ConfigError(f"the level of the interval is {level}; expected between 0 and 1.")
    whole = values(np.ones((1, index.size)))
    step = max(1, BLOCK // max(index.size, 1))
    parts = [values(drawn[i : i + step][:, index]) for i in range(0, len(drawn), step)]
    result = {}
    for name, value in whole.items():
        replicates = xr.DataArray(
            np.concatenate([part[name] for part in parts]), dims=("resample", *dims)
        )
        result[name] = with_interval(xr.DataArray(value[0], dims=dims), replicates, level)
    return xr.Dataset(result)
