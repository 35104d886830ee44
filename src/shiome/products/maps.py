"""Maps of anomalies and of tercile probabilities, each a few hundredths of a second."""

from collections.abc import Sequence
from typing import Final

import matplotlib
import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure

from shiome.products.frame import Frame

CATEGORIES: Final = ("below", "normal", "above")
# From 40 % up, one step per ten per cent. The nearest two of them stay ten CIELAB units apart
# for protan, deutan and tritan vision (simulated after Machado et al. 2009).
_TERCILE_COLOURS: Final = {
    "below": ("#D1E5F0", "#92C5DE", "#4393C3", "#2166AC", "#053061"),
    "normal": ("#BDBDBD", "#A0A0A0", "#838383", "#636363", "#404040"),
    "above": ("#FEE0B6", "#FDB863", "#E08214", "#B35806", "#7F3B08"),
}
_PROBABILITY_EDGES: Final = (0.4, 0.5, 0.6, 0.7, 0.8)


class AnomalyMap:
    """Maps of an anomaly in colours that grow both ways from zero.

    The class around zero stays white: an anomaly of doubtful sign has no colour.

    Parameters
    ----------
    frame
        The map to draw on.
    levels
        Positive class edges, ascending, in the unit of the field; the negative ones mirror them.
    label
        What the colours mean, with the unit.
    """

    def __init__(self, frame: Frame, levels: Sequence[float], label: str) -> None:
        self.frame = frame
        self.levels = np.concatenate([-np.asarray(levels)[::-1], levels])
        half = len(levels)
        # ColorBrewer's RdBu is safe for all common kinds of colour vision.
        depth = 0.5 + 0.5 * np.linspace(0.18, 1.0, half)
        red_blue = matplotlib.colormaps["RdBu_r"]
        colours = np.concatenate([red_blue(1.0 - depth[::-1]), [[1, 1, 1, 1]], red_blue(depth)])
        self._lookup = (colours * 255).round().astype(np.uint8)
        names = [f"{level:g}".replace("-", "−") for level in self.levels]
        axes = _bar(frame, 0.05, 0.9, self._lookup, ["", *names])
        axes.set_xlabel(label, fontsize=9, labelpad=1)

    def draw(self, field: xr.DataArray, title: str) -> Figure:
        """Show one field (latitude, longitude); it is the same figure each time."""
        values = self.frame.sample(field)
        kind = np.searchsorted(self.levels, np.nan_to_num(values), side="right")
        colours = self._lookup[kind]
        colours[np.isnan(values), 3] = 0
        self.frame.paint(colours)
        self.frame.title.set_text(title)
        return self.frame.figure


class TercileMap:
    """Maps of the most likely third (below, near, above normal) and its probability.

    Parameters
    ----------
    frame
        The map to draw on.
    names
        Words for the three categories.
    """

    def __init__(
        self,
        frame: Frame,
        names: Sequence[str] = ("Colder third", "Middle third", "Warmer third"),
    ) -> None:
        self.frame = frame
        tables = [to_rgba_array(_TERCILE_COLOURS[category]) for category in CATEGORIES]
        white = np.ones((1, 4))
        self._lookup = np.stack(
            [(np.concatenate([white, table]) * 255).round().astype(np.uint8) for table in tables]
        )
        for place, (name, colours) in enumerate(zip(names, self._lookup, strict=True)):
            edges = [f"{100 * edge:.0f}" for edge in _PROBABILITY_EDGES]
            axes = _bar(frame, 0.055 + 0.315 * place, 0.26, colours[1:], edges)
            axes.set_xlabel(f"{name} (%)", fontsize=9, labelpad=1)

    def draw(self, probability: xr.DataArray, title: str) -> Figure:
        """Show probabilities (category, latitude, longitude); it is the same figure each time.

        Places where no category reaches 40 % stay white.
        """
        values = np.stack(
            [self.frame.sample(probability.sel(category=category)) for category in CATEGORIES]
        )
        missing = np.isnan(values).any(axis=0)
        values = np.where(missing, 0.0, values)
        # A float32 probability of exactly 40 % may sit a rounding below its edge.
        strength = np.searchsorted(_PROBABILITY_EDGES, values.max(axis=0) + 1e-6, side="right")
        colours = self._lookup[values.argmax(axis=0), strength]
        colours[missing, 3] = 0
        self.frame.paint(colours)
        self.frame.title.set_text(title)
        return self.frame.figure


def _bar(
    frame: Frame, left: float, width: float, colours: npt.NDArray[np.uint8], names: Sequence[str]
) -> Axes:
    """Draw a colour bar below the map; ``names`` label the boxes' left edges."""
    room = frame.note_height
    axes = frame.figure.add_axes((left, 0.7 * room, width, 0.24 * room))
    axes.imshow(colours[None], extent=(0, len(colours), 0, 1), aspect="auto")
    axes.grid(False)
    axes.set_yticks([])
    axes.set_xticks(np.arange(len(names)), names)
    axes.tick_params(length=0, labelsize=9, pad=2)
    for spine in axes.spines.values():
        spine.set(visible=True, color="#666666", linewidth=0.6)
    return axes
