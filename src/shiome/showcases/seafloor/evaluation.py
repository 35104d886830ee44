"""All methods on the basins that judge: what they make, and how right it is."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.random import default_rng

from shiome.grids.coarsen import INTERPOLATIONS, refine
from shiome.nets.sharpener import Sharpener
from shiome.showcases.seafloor.basins import EDGE, Basin
from shiome.showcases.seafloor.learning import NORMAL90
from shiome.showcases.seafloor.scoring import (
    Numbers,
    PatchScores,
    interval90,
    peak_of,
    pooled,
    redrawn,
    score,
    together,
)
from shiome.showcases.seafloor.sharpen import REACH, eight_ways, predict

Heights = list[npt.NDArray[np.float32]]

FINEST = "symmetric"
"""What comes nearest: the mean of all trainings of the best network, each tried eight ways."""


class Scored(NamedTuple):
    """One method at one factor.

    Attributes
    ----------
    heights
        Of each basin, m.
    members
        Scores of each training (one where nothing is trained), patches of all basins together.
    numbers
        Pooled over patches, mean over trainings.
    drawn
        (resamples, scores) of the same resamples of patches for all methods.
    """

    heights: Heights
    members: list[PatchScores]
    numbers: Numbers
    drawn: npt.NDArray[np.float64]

    @property
    def scores(self) -> PatchScores:
        """Of the first training."""
        return self.members[0]

    def interval(self, score: str) -> tuple[float, float]:
        """90 % interval of a score over patches and trainings."""
        return interval90(self.drawn[:, Numbers._fields.index(score)])

    def gain(self, other: "Scored") -> tuple[float, tuple[float, float]]:
        """By how many per cent the RMSE is below another's, and the paired 90 % interval."""
        below = lambda mine, theirs: 100 * (1 - mine / theirs)
        paired = below(self.drawn[:, 0], other.drawn[:, 0])
        return below(self.numbers.rmse, other.numbers.rmse), interval90(paired)


def sharpened(
    members: Sequence[Sharpener], on: Basin
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Heights and standard errors of an ensemble on a whole basin, m."""
    factor = on.fine.shape[0] // on.coarse.shape[0]
    padded = np.pad(on.coarse, REACH, mode="edge")
    rows = np.pad(on.rows, REACH * factor, mode="edge")
    height, error = predict(members, padded[None, ..., None], rows[None])
    cut = slice(REACH * factor, -REACH * factor)
    return height[0, cut, cut], error[0, cut, cut]


def of_heights(members: Sequence[Heights], basins: Sequence[Basin], seed: int) -> Scored:
    """Scores of what one or more trainings of a method made of the basins."""
    factor = basins[0].fine.shape[0] // basins[0].coarse.shape[0]
    peak, above = max(peak_of(b) for b in basins), 1 / factor
    scores = [
        together([score(h, b) for h, b in zip(made, basins, strict=True)]) for made in members
    ]
    each = [pooled(s, peak, above) for s in scores]
    return Scored(
        members[0],
        scores,
        Numbers(*np.mean(each, axis=0).tolist()),
        redrawn(scores, peak, above, default_rng(seed)),
    )


def interpolated(basins: Sequence[Basin], seed: int) -> dict[str, Scored]:
    """Every interpolation."""
    factor = basins[0].fine.shape[0] // basins[0].coarse.shape[0]
    return {
        name: of_heights([[refine(b.coarse, factor, name) for b in basins]], basins, seed)
        for name in INTERPOLATIONS
    }


def learned(members: Sequence[Any], basins: Sequence[Basin], seed: int) -> Scored:
    """A network, trained once or several times."""
    made = [[sharpened([member], b)[0] for b in basins] for member in members]
    return of_heights(made, basins, seed)


def joined(members: Sequence[Sharpener], basins: Sequence[Basin], seed: int) -> dict[str, Scored]:
    """The mean of all trainings of a network, as they are and eight ways."""
    ways = {"ensemble": members, FINEST: [eight_ways(member) for member in members]}
    return {
        kind: of_heights([[sharpened(those, b)[0] for b in basins]], basins, seed)
        for kind, those in ways.items()
    }


def coverage(members: Sequence[Sharpener], basins: Sequence[Basin], level: float) -> float:
    """Share of the area whose true height lies in the stated interval.

    Parameters
    ----------
    members, basins
        An ensemble, and where it is tried.
    level
        Half width of the interval in standard errors, for example :data:`NORMAL90`.
    """
    inner = (slice(EDGE, -EDGE),) * 2
    hits, area = 0.0, 0.0
    for basin in basins:
        height, error = sharpened(members, basin)
        inside = (np.abs(height - basin.fine) <= level * error)[inner]
        hits += float((inside.mean(1) * basin.rows[EDGE:-EDGE]).sum())
        area += float(basin.rows[EDGE:-EDGE].sum())
    return hits / area


def coverage90(members: Sequence[Sharpener], basins: Sequence[Basin]) -> float:
    """Share of the area in the 90 % interval."""
    return coverage(members, basins, NORMAL90)
