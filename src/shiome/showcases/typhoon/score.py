"""From maps of probability to detections, and how right they were."""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from jaxtyping import Float, PRNGKeyArray

from shiome.core.errors import DataError
from shiome.data.patches import tracks_at
from shiome.data.windows import ImageGrid
from shiome.showcases.typhoon.archive import Archive
from shiome.showcases.typhoon.config import Config
from shiome.verification import (
    Matches,
    choose_threshold,
    detection_scores,
    detections,
    match,
    recall_by_days,
)
from shiome.verification.ranking import WANTED_RECALL, precision_recall

DAYS = (2.0, 5.0, 7.0)
PRECURSOR_DAYS = 7.0
GAP = np.timedelta64(3, "D")  # after a boundary; the clouds of the days before are in it
FAINT_SHARE = 0.75  # of the points of all maps
FAINT = 0.05  # score below which nothing is called a detection


class Searched(NamedTuple):
    """Scores of one way to detect over whole images.

    Attributes
    ----------
    threshold
        Score from which something is announced, chosen on the validation.
    validation, test
        Detections beside the truth.
    scores, days
        As :func:`~shiome.verification.detection_scores` and
        :func:`~shiome.verification.recall_by_days` give them.
    """

    threshold: float
    validation: Matches
    test: Matches
    scores: xr.Dataset
    days: xr.Dataset


def part_of(times: npt.NDArray[np.datetime64], archive: Archive, part: str) -> npt.NDArray:
    """Indices of the images of "validation" or "test", without those just after the boundary."""
    first, last = archive.boundaries
    inside = times >= last + GAP if part == "test" else (times >= first + GAP) & (times < last)
    return np.flatnonzero(inside)[:: archive.every]


def events(archive: Archive, part: str) -> pd.DataFrame:
    """Cyclones and precursors in the images of one part; columns of ``tracks_at``, and the time.

    Raises
    ------
    DataError
        If there is none.
    """
    times = archive.images["time"].values
    truth = tracks_at(times, archive.tracks, ImageGrid.of(archive.images))
    wanted = (truth["label"] > 0) & (truth["days_to_genesis"] <= PRECURSOR_DAYS)
    truth = truth[wanted & truth["step"].isin(part_of(times, archive, part))]
    if not len(truth):
        raise DataError(f"no cyclone or precursor in the images of the {part}; expected some.")
    return truth.assign(time=times[truth["step"]])


def searched(
    maps: Float[npt.NDArray, "time rows columns"],
    archive: Archive,
    truth: Mapping[str, pd.DataFrame],
    config: Config,
    key: PRNGKeyArray,
) -> Searched:
    """Detect in whole images; choose the threshold on the validation, and score the test.

    Parameters
    ----------
    maps
        Score around each point of a grid that divides the pixels of the images, for all images.
    archive, truth, config
        Images, their :func:`events` of validation and test, and what the user chose.
    key
        Random key of the resamples.
    """
    held, seen = (found_in(maps, archive, truth[p], config, p) for p in ("validation", "test"))
    pairs = held.pairs("storm")
    curve = precision_recall(pairs["score"], pairs["event"])
    reachable = min(config.recall, float(curve["recall"].max()))
    threshold = choose_threshold(pairs["score"], pairs["event"], recall=reachable)
    pairs = seen.pairs("storm")
    scores = detection_scores(
        pairs["score"],
        pairs["event"],
        threshold=threshold,
        groups=pairs["group"],
        key=key,
        recall=WANTED_RECALL,
        resamples=100,
    )
    early = seen.truth[seen.truth["label"] == 1]
    days = recall_by_days(
        early["score"],
        early["days_to_genesis"],
        threshold=threshold,
        groups=early["storm"],
        key=key,
        ahead=DAYS,
        resamples=100,
    )
    return Searched(threshold, held, seen, scores, days)


def found_in(
    maps: Float[npt.NDArray, "time rows columns"],
    archive: Archive,
    truth: pd.DataFrame,
    config: Config,
    part: str,
) -> Matches:
    """Detections in the images of one part, beside its :func:`events`."""
    grid = ImageGrid.of(archive.images)
    times = archive.images["time"].values
    at = part_of(times, archive, part)
    # Fainter points are many, slow, and never announced.
    floor = max(FAINT, float(np.quantile(maps[at], FAINT_SHARE)))
    found = peaks(np.where(maps[at] >= floor, maps[at], np.nan), times[at], grid, config)
    return match(found, truth, radius=config.radius, world=grid.world)


def peaks(
    maps: Float[npt.NDArray, "time rows columns"],
    times: npt.NDArray[np.datetime64],
    grid: ImageGrid,
    config: Config,
) -> pd.DataFrame:
    """Peaks of each map; columns as in :func:`shiome.verification.detections`."""
    side = round(grid.shape[0] / maps.shape[1])
    rows, columns = np.meshgrid(*(np.arange(n) for n in maps.shape[1:]), indexing="ij")
    latitude, longitude = grid.centre(rows.ravel() * side, columns.ravel() * side, side)
    inside = (rows.ravel() * side < grid.shape[0]) & (columns.ravel() * side < grid.shape[1])
    score = np.where(inside, maps.reshape(len(maps), -1), np.nan)
    return detections(
        score,
        times,
        latitude,
        longitude,
        threshold=FAINT,
        separation=config.separation,
        world=grid.world,
    )


def enter_key(seed: int) -> PRNGKeyArray:
    """Key of the resamples: the same for all methods, so that they can be compared."""
    return jax.random.fold_in(jax.random.key(seed), 99)
