"""Ship tracks across a sea floor, and what interpolators make of the soundings along them."""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator, RBFInterpolator
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

Floats = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]


def draw_tracks(side: int, count: int, rng: np.random.Generator) -> Mask:
    """Cells that ships have passed over: straight courses with a few changes, each one cell wide.

    Synthetic: the tracks are drawn, the depths along them are real.

    Parameters
    ----------
    side
        Cells along one side of the square.
    count
        Ships.
    rng
        Random numbers.
    """
    seen = np.zeros((side, side), bool)
    for _ in range(count):
        place, course = rng.uniform(0, side, 2), rng.uniform(0, 2 * np.pi)
        for ahead in (1.0, -1.0):
            at, heading = place.copy(), course
            while ((at >= 0) & (at < side)).all():
                seen[int(at[0]), int(at[1])] = True
                at = at + 0.5 * ahead * np.array([np.sin(heading), np.cos(heading)])
                if rng.random() < 0.01:
                    heading += rng.normal(0, 0.5)
    return seen


def _places(seen: Mask) -> tuple[Floats, Floats]:
    """Rows and columns of the soundings, and of all cells; (soundings, 2) and (cells, 2)."""
    everywhere = np.argwhere(np.ones(seen.shape, bool)).astype(float)
    return np.argwhere(seen).astype(float), everywhere


def linear(height: Floats, seen: Mask) -> Floats:
    """Linear within triangles of soundings, and the nearest sounding beyond them."""
    known, everywhere = _places(seen)
    made = LinearNDInterpolator(known, height[seen])(everywhere)
    outside = np.isnan(made)
    if outside.any():
        made[outside] = NearestNDInterpolator(known, height[seen])(everywhere[outside])
    return made.reshape(seen.shape)


def natural_neighbour(height: Floats, seen: Mask) -> Floats:
    """Sibson's natural neighbours, counted on the cells of the grid.

    A cell borrows from each sounding in proportion to the cells it would take over from it.

    References
    ----------
    Park et al. (2006): Discrete Sibson interpolation. IEEE TVCG 12, 243-253.
    """
    known, everywhere = _places(seen)
    radius, nearest = cKDTree(known).query(everywhere)
    # Each cell gives the value of its nearest sounding to all cells nearer to it than that.
    gives = (_distances(seen.shape) <= radius[:, None] + 1e-4).astype(np.float32)
    middle = height[seen].mean()
    values = (height[seen] - middle)[nearest].astype(np.float32)
    made = middle + ((values @ gives) / gives.sum(0)).reshape(seen.shape)
    return np.where(seen, height, made)


@cache
def _distances(shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Distance in cells between any two cells."""
    cells = np.argwhere(np.ones(shape, bool)).astype(float)
    return cdist(cells, cells).astype(np.float32)


def spline(height: Floats, seen: Mask) -> Floats:
    """Thin-plate spline: the least bent surface through all soundings (Duchon 1977)."""
    known, everywhere = _places(seen)
    surface = RBFInterpolator(known, height[seen], kernel="thin_plate_spline")
    return surface(everywhere).reshape(seen.shape)


INTERPOLATORS: Mapping[str, Callable[[Floats, Mask], Floats]] = MappingProxyType(
    {"linear": linear, "natural_neighbour": natural_neighbour, "spline": spline}
)
