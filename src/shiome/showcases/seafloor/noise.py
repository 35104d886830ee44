"""Errors of a multibeam survey, and the filters that are used against them."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

Floats = npt.NDArray[np.floating]
SWATH = (6.0, 14.0)
"""Narrowest and widest swath, cells."""


def draw_noise(side: int, level: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Errors of depths along parallel swaths, (side, side).

    Each swath has an offset (tide), a tilt (roll) and a curve (refraction) across the track; each
    ping an error of its own that is kept for some pings (heave); each sounding noise that grows
    towards the outer beams, and one in a hundred is a blunder. Synthetic.

    Parameters
    ----------
    side
        Cells along one side of the square.
    level
        Root-mean-square error in the unit of the result, for example m.
    rng
        Random numbers.
    """
    course, width = rng.uniform(0, np.pi), rng.uniform(*SWATH)
    y, x = np.mgrid[:side, :side] - side / 2
    across = x * np.cos(course) + y * np.sin(course) + rng.uniform(0, width)
    along = np.round(y * np.cos(course) - x * np.sin(course)).astype(int)
    swath = np.floor(across / width).astype(int)
    beam = 2 * (across / width - swath) - 1
    swath, along = swath - swath.min(), along - along.min()
    offset, tilt, curve = rng.normal(0, (0.5, 0.4, 0.6), (swath.max() + 1, 3)).T
    pings = rng.normal(0, 1, (swath.max() + 1, along.max() + 1))
    heave = ndimage.gaussian_filter1d(pings, 1.0, axis=1)
    made = offset[swath] + tilt[swath] * beam + curve[swath] * (beam**2 - 1 / 3)
    made += 0.8 * heave[swath, along]
    speckle = rng.normal(0, 0.4 * (1 + beam**2))
    made += speckle * np.where(rng.random((side, side)) < 0.01, 6.0, 1.0)
    return made * level / np.sqrt(np.mean(made**2))


def gaussian(noisy: Floats, level: float, sigma: float) -> Floats:
    """Gaussian mean; ``sigma`` in cells."""
    return ndimage.gaussian_filter(noisy, sigma, mode="nearest")


def median(noisy: Floats, level: float, size: float) -> Floats:
    """Median of so many by so many cells."""
    return ndimage.median_filter(noisy, int(size), mode="nearest")


def wiener(noisy: Floats, level: float, size: float) -> Floats:
    """Towards the local mean, by the share of the local variance that is noise (Lee 1980)."""
    # Edges go on as they are; the filter itself would take heights beyond them for zero.
    reach = int(size) // 2
    padded = np.pad(noisy, reach, mode="edge")
    cut = slice(reach, -reach)
    return signal.wiener(padded, int(size), noise=level**2)[cut, cut]


class Filter(NamedTuple):
    """A filter, called with heights, noise level and strength; and the strengths to choose from."""

    function: Callable[[Floats, float, float], Floats]
    strengths: Sequence[float]


FILTERS: Mapping[str, Filter] = MappingProxyType(
    {
        "gaussian": Filter(gaussian, (0.3, 0.5, 0.7, 0.9, 1.1, 1.4, 1.8, 2.3, 3.0)),
        "median": Filter(median, (3, 5, 7, 9)),
        "wiener": Filter(wiener, (3, 5, 7, 9, 11)),
    }
)
