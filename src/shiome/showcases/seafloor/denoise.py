"""From noisy surveys to clean relief: a U-Net beside filters that were tuned as it was trained."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shiome.nets.inference import outputs
from shiome.nets.unet import UNet
from shiome.showcases.seafloor.noise import FILTERS, draw_noise, wiener
from shiome.showcases.seafloor.squares import SIDE, draw_squares

LEVELS = (20.0, 200.0)
"""Least and greatest root-mean-square noise, m."""
CLASSES = 4
"""Classes of noise level, in each of which filters have a strength of their own."""
START = 5.0
"""Window of the Wiener filter that the network begins from, cells."""
SETTINGS: Mapping[str, Any] = {"inner": 4, "outer": 1, "width": 8, "depth": 3}


class Surveys(NamedTuple):
    """Squares of sea floor as noisy surveys have them.

    Attributes
    ----------
    true, noisy, start
        (squares, SIDE, SIDE) heights in m: as they are, as surveyed, and by a Wiener filter.
    level
        (squares,) root-mean-square noise in m; known to all methods.
    """

    true: npt.NDArray[np.float32]
    noisy: npt.NDArray[np.float32]
    start: npt.NDArray[np.float32]
    level: npt.NDArray[np.float32]

    @property
    def unit(self) -> npt.NDArray[np.float32]:
        """(squares, 1, 1) noise level, m."""
        return self.level[:, None, None]

    def shown(self) -> npt.NDArray[np.float32]:
        """(squares, SIDE, SIDE, 4) what the network sees.

        What the Wiener filter took away and how the result departs from its surroundings, both in
        units of the noise; its departure from the mean in units of the square's relief; and the
        logarithm of the noise level.
        """
        around = ndimage.uniform_filter(self.start, (0, 9, 9), mode="nearest")
        mean, spread = (f(self.start, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
        layers = [
            (self.noisy - self.start) / self.unit,
            np.clip((self.start - around) / self.unit, -10, 10),
            (self.start - mean) / (spread + 20),
            np.broadcast_to(np.log(self.unit / 60), self.noisy.shape),
        ]
        return np.stack(layers, -1).astype(np.float32)

    def target(self) -> npt.NDArray[np.float32]:
        """(squares, SIDE, SIDE, 1) what is to be added to the Wiener filter, in units of noise."""
        return ((self.true - self.start) / self.unit)[..., None]

    def classes(self) -> npt.NDArray[np.int64]:
        """(squares,) class of noise level, 0 … CLASSES − 1."""
        place = np.log(self.level / LEVELS[0]) / np.log(LEVELS[1] / LEVELS[0])
        return np.clip((CLASSES * place).astype(np.int64), 0, CLASSES - 1)


def draw_surveys(names: tuple[str, ...], count: int, seed: int) -> Surveys:
    """Squares at random places of basins, with random noise: real depths, synthetic errors.

    Parameters
    ----------
    names
        Of the basins.
    count
        Squares.
    seed
        Of places and noise.
    """
    rng = np.random.default_rng(seed)
    true = draw_squares(names, count, rng)
    level = np.exp(np.interp(rng.random(count), (0, 1), np.log(LEVELS))).astype(np.float32)
    noise = np.stack([draw_noise(SIDE, float(size), rng) for size in level])
    return surveyed(true, noise, level)


def surveyed(
    true: npt.NDArray[np.float32], noise: npt.NDArray[Any], level: npt.NDArray[np.float32]
) -> Surveys:
    """Heights with noise, and what the Wiener filter makes of them; shapes as in the result."""
    noisy = (true + noise).astype(np.float32)
    each = zip(noisy.astype(np.float64), level, strict=True)
    start = [wiener(field, float(size), START) for field, size in each]
    return Surveys(true, noisy, np.stack(start).astype(np.float32), level)


def filtered(name: str, strengths: npt.NDArray[np.float64], surveys: Surveys) -> npt.NDArray[Any]:
    """(squares, SIDE, SIDE) heights in m by a filter whose strength each class has."""
    function = FILTERS[name].function
    chosen = strengths[surveys.classes()]
    each = zip(surveys.noisy.astype(np.float64), surveys.level, chosen, strict=True)
    return np.stack([function(field, float(level), s) for field, level, s in each])


def tuned(judge: Surveys) -> dict[str, npt.NDArray[np.float64]]:
    """Strength of each filter in each class of noise level that is best on squares set aside."""
    found = {}
    for name, one in FILTERS.items():
        errors = np.array(
            [
                noise_errors(filtered(name, np.full(CLASSES, strength), judge), judge)
                for strength in one.strengths
            ]
        )
        members = [judge.classes() == c for c in range(CLASSES)]
        by_class = [errors[:, m if m.any() else slice(None)].mean(1) for m in members]
        found[name] = np.array([one.strengths[int(np.argmin(e))] for e in by_class], np.float64)
    return found


def denoise(network: UNet, surveys: Surveys) -> npt.NDArray[np.float32]:
    """(squares, SIDE, SIDE) heights in m."""
    return surveys.start + outputs(network, surveys.shown(), batch=32)[..., 0] * surveys.unit


def noise_errors(made: npt.NDArray[Any], surveys: Surveys) -> npt.NDArray[np.float64]:
    """(squares,) mean squared error in m²."""
    return ((made.astype(np.float64) - surveys.true) ** 2).mean((1, 2))
