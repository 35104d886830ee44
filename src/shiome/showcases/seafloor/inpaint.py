"""From ship tracks to a whole grid: a U-Net that corrects what interpolators make."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from shiome.nets.inference import outputs
from shiome.nets.unet import UNet
from shiome.showcases.seafloor.squares import SIDE, draw_squares
from shiome.showcases.seafloor.tracks import INTERPOLATORS, draw_tracks

SHIPS = (4, 12)
"""Fewest and most tracks across a square."""
SETTINGS: Mapping[str, Any] = {"inner": 5, "outer": 1, "width": 12, "depth": 3}


class Charts(NamedTuple):
    """Squares of sea floor as ships and interpolators know them.

    Attributes
    ----------
    true
        (squares, SIDE, SIDE) heights in m.
    seen
        Cells with soundings.
    made
        What each interpolator makes of them, m.
    """

    true: npt.NDArray[np.float32]
    seen: npt.NDArray[np.bool_]
    made: Mapping[str, npt.NDArray[np.float32]]

    @property
    def unit(self) -> npt.NDArray[np.float32]:
        """(squares, 1, 1) roughness of each square as its soundings tell, m."""
        soundings = np.where(self.seen, self.true, np.nan)
        return np.nanstd(soundings, (1, 2), keepdims=True) + 20

    def shown(self) -> npt.NDArray[np.float32]:
        """(squares, SIDE, SIDE, 5) what the network sees, in units of roughness."""
        start, unit = self.made["natural_neighbour"], self.unit
        mean = start.mean((1, 2), keepdims=True)
        layers = [
            (start - mean) / unit,
            (self.made["spline"] - start) / unit,
            (self.made["linear"] - start) / unit,
            self.seen,
            np.broadcast_to(np.log(unit / 200), start.shape),
        ]
        return np.stack(layers, -1).astype(np.float32)

    def target(self) -> npt.NDArray[np.float32]:
        """(squares, SIDE, SIDE, 1) what is to be added to natural neighbours, in roughness."""
        return ((self.true - self.made["natural_neighbour"]) / self.unit)[..., None]


def draw_charts(names: tuple[str, ...], count: int, seed: int) -> Charts:
    """Squares at random places of basins, with random tracks across them.

    Parameters
    ----------
    names
        Of the basins.
    count
        Squares.
    seed
        Of places and tracks.
    """
    rng = np.random.default_rng(seed)
    true = draw_squares(names, count, rng)
    seen = np.stack([_charted(rng) for _ in true])
    pairs = list(zip(true, seen, strict=True))
    made = {
        name: np.stack([function(t.astype(np.float64), s) for t, s in pairs]).astype(np.float32)
        for name, function in INTERPOLATORS.items()
    }
    return Charts(true, seen, made)


def _charted(rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Tracks with soundings enough to interpolate between."""
    while True:
        tracks = draw_tracks(SIDE, int(rng.integers(SHIPS[0], SHIPS[1] + 1)), rng)
        if tracks.sum() > SIDE:
            return tracks


def inpaint(network: UNet, charts: Charts) -> npt.NDArray[np.float32]:
    """(squares, SIDE, SIDE) heights in m; soundings are kept as they are."""
    added = outputs(network, charts.shown(), batch=32)[..., 0] * charts.unit
    return np.where(charts.seen, charts.true, charts.made["natural_neighbour"] + added)


def gap_errors(made: npt.NDArray[np.float32], charts: Charts) -> npt.NDArray[np.float64]:
    """(squares,) mean squared error in m² where no ship has been."""
    square = np.where(charts.seen, 0.0, (made.astype(np.float64) - charts.true) ** 2)
    return square.sum((1, 2)) / (~charts.seen).sum((1, 2))
