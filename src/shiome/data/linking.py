"""Points found at successive times joined into tracks, on the globe or on a periodic plane."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from shiome.grids.distance import World

Numbers = npt.NDArray[np.float64]
FAR = 1e9


@dataclass
class Track:
    """One thing followed through time.

    Attributes
    ----------
    frames
        Index of the time of each point, ascending.
    positions
        Latitude and longitude of each point, degrees.
    points
        Index of each point among those found at its time.
    """

    frames: list[int] = field(default_factory=list)
    positions: list[Numbers] = field(default_factory=list)
    points: list[int] = field(default_factory=list)

    def predicted(self, frame: int, world: World) -> Numbers:
        """Position at a later time if it moves on as over the last two points."""
        last = self.positions[-1]
        if len(self.frames) < 2:
            return last
        move = last - self.positions[-2]
        move = np.array([move[0], world.east(move[1])]) / (self.frames[-1] - self.frames[-2])
        return last + move * (frame - self.frames[-1])


def link(found: Sequence[Numbers], reach: float, world: World, gap: int = 1) -> list[Track]:
    """Join points of successive times where they lie near the position a track predicts.

    All tracks and points of a time are matched at once, for the least sum of distances.

    Parameters
    ----------
    found
        For each time, positions (n, 2): latitude and longitude in degrees.
    reach
        Largest distance from the predicted position, km.
    world
        How far apart two positions are.
    gap
        Number of successive times a track may miss.

    Returns
    -------
    Tracks in order of their beginning; every point belongs to exactly one.
    """
    done: list[Track] = []
    open_: list[Track] = []
    for frame, positions in enumerate(found):
        done += [t for t in open_ if frame - t.frames[-1] > gap + 1]
        open_ = [t for t in open_ if frame - t.frames[-1] <= gap + 1]
        taken = set()
        if open_ and len(positions):
            ahead = np.array([t.predicted(frame, world) for t in open_])
            cost = world.between(ahead[:, None], positions[None])
            cost = np.where(cost <= reach, cost, FAR)
            for i, j in zip(*linear_sum_assignment(cost), strict=True):
                if cost[i, j] < FAR:
                    _append(open_[i], frame, positions, j)
                    taken.add(j)
        for j in range(len(positions)):
            if j not in taken:
                open_.append(Track())
                _append(open_[-1], frame, positions, j)
    return sorted(done + open_, key=lambda t: t.frames[0])


def _append(track: Track, frame: int, positions: Numbers, point: int) -> None:
    track.frames.append(frame)
    track.positions.append(positions[point])
    track.points.append(int(point))
