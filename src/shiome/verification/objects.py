"""From scores of windows to detections, and from detections to hits, misses and false alarms."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shiome.core.errors import ConfigError, DataError
from shiome.grids.distance import GLOBE, World

PLACE = ("time", "latitude", "longitude")


def detections(
    score: npt.ArrayLike,
    time: npt.ArrayLike,
    latitude: npt.ArrayLike,
    longitude: npt.ArrayLike,
    *,
    threshold: float,
    separation: float,
    world: World = GLOBE,
) -> pd.DataFrame:
    """Peaks of the score: each image's best window, then the best of those away from it, and so on.

    Parameters
    ----------
    score
        (time, window), larger for a likelier event; NaN where a window could not be scored.
    time
        Of each image, (time,).
    latitude, longitude
        Middle of each window, degrees, (window,).
    threshold
        Lowest score of a detection.
    separation
        Least distance between two detections in one image, km.
    world
        How distances are measured.

    Returns
    -------
    Table with the columns time, latitude, longitude and score, by time and falling score.

    Raises
    ------
    DataError
        If the shapes do not fit each other.
    """
    score, time = np.asarray(score, np.float64), np.asarray(time)
    y, x = np.asarray(latitude, np.float64), np.asarray(longitude, np.float64)
    if score.shape != (time.size, y.size) or y.shape != x.shape or y.ndim != 1:
        raise DataError(
            f"scores of shape {score.shape} for {time.size} images and {y.size} windows; "
            f"expected ({time.size}, {y.size})."
        )
    if separation < 0:
        raise ConfigError(f"separation={separation} km; expected not below 0.")
    image, window = [], []
    for number, row in enumerate(score):
        candidates = np.flatnonzero(row >= threshold)
        candidates = candidates[np.argsort(-row[candidates], kind="stable")]
        while candidates.size:
            best = candidates[0]
            image.append(number)
            window.append(best)
            apart = world.distance(y[best], x[best], y[candidates], x[candidates])
            candidates = candidates[1:][apart[1:] >= separation]
    return pd.DataFrame(
        {
            "time": time[image],
            "latitude": y[window],
            "longitude": x[window],
            "score": score[image, window],
        }
    )


@dataclass(frozen=True)
class Matches:
    """Detections beside the truth.

    Parameters
    ----------
    detections
        As given, with the columns hit (whether it found an event), truth (row of that event in
        :attr:`truth`, −1 for a false alarm) and distance (km, NaN for a false alarm).
    truth
        As given, with the columns detected and score (of the detection; −inf for a miss).
    """

    detections: pd.DataFrame
    truth: pd.DataFrame

    def pairs(self, group: str | None = None) -> pd.DataFrame:
        """One row per event and per false alarm, for :mod:`shiome.verification.ranking`.

        Parameters
        ----------
        group
            Column of the truth that names what belongs together, for example the storm; false
            alarms are grouped by day. Without it everything is grouped by day.

        Returns
        -------
        Table with the columns score (−inf for a missed event), event and group.
        """
        false = self.detections[~self.detections["hit"]]
        named = self.truth[group].astype(str) if group is not None else _day(self.truth)
        return pd.DataFrame(
            {
                "score": np.concatenate([self.truth["score"], false["score"]]),
                "event": np.repeat([True, False], [len(self.truth), len(false)]),
                "group": np.concatenate([named, _day(false)]),
            }
        )


def match(
    found: pd.DataFrame, truth: pd.DataFrame, *, radius: float, world: World = GLOBE
) -> Matches:
    """Pair detections with events of the same time, each at most once.

    In the order of falling score, each detection takes the nearest event within the radius that
    no better detection has taken. What a threshold leaves out later can therefore not change the
    pairs of the rest.

    Parameters
    ----------
    found
        As :func:`detections` gives them.
    truth
        Events: columns time, latitude, longitude; further columns are kept.
    radius
        Largest distance of a hit, km.
    world
        How distances are measured.

    Raises
    ------
    DataError
        If a column is missing.
    """
    for name, table, columns in (
        ("detections", found, (*PLACE, "score")),
        ("truth", truth, PLACE),
    ):
        missing = [column for column in columns if column not in table]
        if missing:
            raise DataError(f"the {name} have no column {', '.join(missing)}; expected {columns}.")
    found, truth = found.reset_index(drop=True), truth.reset_index(drop=True)
    taken = np.full(len(truth), -np.inf)
    partner, distance = np.full(len(found), -1), np.full(len(found), np.nan)
    events: dict[Any, Any] = dict(truth.groupby("time").indices)
    none = np.zeros(0, np.int64)
    at = [events.get(time, none) for time in found["time"]]
    y, x = truth["latitude"].to_numpy(), truth["longitude"].to_numpy()
    score, north, east = (found[c].to_numpy() for c in ("score", "latitude", "longitude"))
    for row in np.argsort(-score, kind="stable"):
        free = at[row][np.isneginf(taken[at[row]])]
        if not free.size:
            continue
        apart = world.distance(north[row], east[row], y[free], x[free])
        nearest = int(np.argmin(apart))
        if apart[nearest] <= radius:
            partner[row], distance[row] = free[nearest], apart[nearest]
            taken[free[nearest]] = score[row]
    return Matches(
        found.assign(hit=partner >= 0, truth=partner, distance=distance),
        truth.assign(detected=np.isfinite(taken), score=taken),
    )


def _day(table: pd.DataFrame) -> npt.NDArray:
    """Days of the rows as text."""
    return table["time"].to_numpy().astype("datetime64[D]").astype(str)
