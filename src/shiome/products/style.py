"""One look for all figures: colours, sizes, saving.

Figures are made without pyplot, so that drawing leaves no global state behind. They are 5 inches
wide with letters of 9 points or more: shrunk to the width of a phone, the letters stay readable.
"""

from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

# Okabe and Ito (2008), "Color Universal Design": distinct for all common kinds of colour vision.
OKABE_ITO: Final = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
LAND: Final = "#E4E2DD"
NO_DATA: Final = "#C8C8C8"
INK: Final = "#222222"
WIDTH: Final = 5.0  # inches
DPI: Final = 192

_RC: Final[Any] = {
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#666666",
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.unicode_minus": True,
}


def new_axes(
    title: str,
    *,
    height: float = 3.5,
    margins: tuple[float, float, float, float] = (0.12, 0.14, 0.975, 0.91),
) -> tuple[Figure, Axes]:
    """Return a figure of the common width with one pair of axes.

    Parameters
    ----------
    title
        What is shown, above the axes on the left.
    height
        Height of the figure in inches.
    margins
        Left, bottom, right and top edge of the axes as fractions of the figure. Fixed margins
        spare the layout passes that would otherwise take most of the drawing time.
    """
    with matplotlib.rc_context(_RC):
        figure = new_figure(height)
        left, bottom, right, top = margins
        axes = figure.add_axes((left, bottom, right - left, top - bottom))
        axes.set_title(title, loc="left")
    return figure, axes


def new_figure(height: float) -> Figure:
    """Return an empty white figure of the common width and a height in inches."""
    with matplotlib.rc_context(_RC):
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    return figure


def legend(axes: Axes, **options: Any) -> None:
    """Add the axes' legend in the common style."""
    with matplotlib.rc_context(_RC):
        axes.legend(**({"handlelength": 1.6, "borderaxespad": 0.3} | options))


def save(figure: Figure, path: Path, description: str) -> tuple[int, int]:
    """Write a figure as PNG with a palette of 256 colours, with ``description`` inside the file.

    A palette makes files a third as large, and faster to write, than full colour.

    Returns
    -------
    Width and height in pixels.
    """
    canvas = FigureCanvasAgg(figure)
    with matplotlib.rc_context(_RC):
        canvas.draw()
    full = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    image = full.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    note = PngInfo()
    note.add_itxt("Description", description)
    image.save(path, pnginfo=note, dpi=(DPI, DPI))
    return image.width, image.height
