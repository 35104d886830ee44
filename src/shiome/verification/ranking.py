"""Ranked events: precision and recall as the threshold falls.

An event is scored as a pair (score, whether it happened). A missed object that no detection came
near has the score −inf: no threshold finds it (:func:`shiome.verification.objects.match`).
"""

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError

Floats = npt.NDArray[np.float64]
WANTED_RECALL = 0.79


def precision_recall(score: npt.ArrayLike, event: npt.ArrayLike) -> xr.Dataset:
    """Precision and recall at every threshold.

    Parameters
    ----------
    score, event
        (pair,): larger for a likelier event; whether it happened.

    Returns
    -------
    Dataset (threshold): ``precision``, ``recall``; thresholds falling, each a score that occurs.
    An event is forecast where the score is at least the threshold.

    Raises
    ------
    DataError
        If a score is NaN, the lengths differ, or there are only events or none.
    """
    ranked = Ranking(*checked_pairs(score, event))
    precision, recall = ranked.curve(np.ones((1, ranked.event.size)))
    return xr.Dataset(
        {"precision": ("threshold", precision[0]), "recall": ("threshold", recall[0])},
        {"threshold": ranked.threshold},
    )


def average_precision(score: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Mean of the precision over the recall gained at each threshold: Σ (Rₙ − Rₙ₋₁) Pₙ.

    Parameters and errors as :func:`precision_recall`.
    """
    curve = precision_recall(score, event)
    return float(area(curve["precision"].values[None], curve["recall"].values[None])[0])


def precision_at_recall(
    score: npt.ArrayLike,
    event: npt.ArrayLike,
    *,
    recall: float = WANTED_RECALL,
    threshold: float | None = None,
) -> float:
    """Precision where enough events are found, else 0.

    Parameters
    ----------
    score, event
        As :func:`precision_recall`.
    recall
        Share of the events that must be found.
    threshold
        Chosen beforehand, on other data; by default the best one for these data, which is an
        upper bound of what a forecaster can reach.
    """
    score, event = checked_pairs(score, event)
    ranked = Ranking(score, event)
    return float(ranked.conditional(np.ones((1, event.size)), recall, threshold)[0])


def choose_threshold(
    score: npt.ArrayLike, event: npt.ArrayLike, *, recall: float = WANTED_RECALL
) -> float:
    """Threshold of the largest precision among those that find enough events.

    Parameters
    ----------
    score, event
        Of validation data, as :func:`precision_recall`.
    recall
        Share of the events that must be found.

    Raises
    ------
    DataError
        If no threshold finds so many events.
    """
    curve = precision_recall(score, event)
    enough = curve["recall"].values >= recall
    if not enough.any():
        raise DataError(
            f"the detections reach a recall of {float(curve['recall'].max()):.3f}; "
            f"expected at least {recall}."
        )
    best = np.argmax(np.where(enough, curve["precision"].values, -1.0))
    return float(curve["threshold"].values[best])


class Ranking:
    """Pairs in the order of falling score, and sums over the best of them.

    Attributes
    ----------
    order, event
        Pairs by falling score, and whether each happened, (pair,).
    threshold
        Scores that occur, falling, without −inf.
    """

    def __init__(self, score: Floats, event: npt.NDArray[np.bool_]) -> None:
        self.order = np.argsort(-score, kind="stable")
        ranked = score[self.order]
        self.score, self.event, self._event = ranked, event[self.order], event
        last = np.flatnonzero(np.append(ranked[1:] < ranked[:-1], True))
        self._last = last[np.isfinite(ranked[last]) | (ranked[last] > 0)]
        self.threshold = ranked[self._last]

    def curve(self, weight: Floats) -> tuple[Floats, Floats]:
        """Precision and recall (resample, threshold) of weighted pairs (resample, pair)."""
        ranked = weight[:, self.order]
        hits = np.cumsum(ranked * self.event, axis=1)
        forecast = np.cumsum(ranked, axis=1)[:, self._last]
        return ratio(hits[:, self._last], forecast), ratio(hits[:, self._last], hits[:, -1:])

    def counts(self, weight: Floats, threshold: float) -> tuple[Floats, Floats, Floats]:
        """Hits, false alarms and misses (resample,) at a threshold."""
        ranked, said = weight[:, self.order], self.score >= threshold
        return (
            ranked @ (said & self.event),
            ranked @ (said & ~self.event),
            ranked @ (~said & self.event),
        )

    def conditional(self, weight: Floats, recall: float, threshold: float | None) -> Floats:
        """Precision (resample,) where the recall is reached, else 0; NaN without events."""
        if threshold is None:
            precision, found = self.curve(weight)
        else:
            scores = contingency(*self.counts(weight, threshold))
            precision, found = scores["precision"][:, None], scores["recall"][:, None]
        best = np.where(found >= recall, np.nan_to_num(precision), 0.0).max(axis=1, initial=0.0)
        return np.where(weight @ self._event > 0, best, np.nan)


def contingency(hits: Floats, false_alarms: Floats, misses: Floats) -> dict[str, Floats]:
    """Scores of a contingency table; NaN where they are undefined.

    Parameters
    ----------
    hits, false_alarms, misses
        Counts or weights of one shape. Correct negatives do not enter: among objects there are
        none to count.

    Returns
    -------
    ``pod`` = ``recall`` (probability of detection), ``far`` (false-alarm ratio), ``precision`` =
    1 − far, ``csi`` (critical success index), ``frequency_bias``, ``f1``.

    References
    ----------
    Wilks (2011), Statistical Methods in the Atmospheric Sciences, section 8.2.2.
    """
    forecast, observed = hits + false_alarms, hits + misses
    found, right = ratio(hits, observed), ratio(hits, forecast)
    return {
        "pod": found,
        "far": 1.0 - right,
        "csi": ratio(hits, forecast + misses),
        "frequency_bias": ratio(forecast, observed),
        "precision": right,
        "recall": found,
        "f1": ratio(2.0 * hits, forecast + observed),
    }


def area(precision: Floats, recall: Floats) -> Floats:
    """Sum of the precision times the gain of recall, along thresholds."""
    gain = np.diff(recall, axis=-1, prepend=0.0)
    # A threshold that a resample does not contain gains nothing.
    return np.where(gain > 0, np.nan_to_num(precision) * gain, 0.0 * gain).sum(axis=-1)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Part over whole; NaN where there is nothing."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def checked_pairs(
    score: npt.ArrayLike, event: npt.ArrayLike
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Refuse pairs that cannot be scored."""
    score, event = np.asarray(score, np.float64), np.asarray(event)
    if score.ndim != 1 or score.shape != event.shape:
        raise DataError(
            f"scores of shape {score.shape} for events of shape {event.shape}; "
            "expected one score for each event, in one row."
        )
    if np.isnan(score).any():
        raise DataError(f"score {int(np.argmax(np.isnan(score)))} is NaN; expected a number.")
    if not np.isin(event, (0, 1)).all():
        raise DataError("events other than 0 and 1 (or False and True); expected these only.")
    event = event.astype(bool)
    if event.all() or not event.any():
        raise DataError(
            f"{int(event.sum())} of {event.size} pairs are events; expected some that are and some "
            "that are not."
        )
    return score, event
