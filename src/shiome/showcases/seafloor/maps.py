"""Maps of the seafloor showcase: shaded relief."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LightSource, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from shiome.grids.distance import KM_PER_DEGREE
from shiome.products.style import INK, new_figure

Floats = npt.NDArray[np.floating]

# From the deepest trench to the shore, then land: blues whose lightness rises with the sea floor.
_SEA = ("#0b0f3b", "#15306e", "#1f5a9c", "#3d8bbd", "#7fbcd2", "#c9e4e2")
_LAND = ("#7f8f55", "#c8b97c", "#f2ead3")


class Scene(NamedTuple):
    """A part of a basin worth looking at.

    Attributes
    ----------
    title
        Of the figure.
    west, south, size
        Corner and side in degrees.
    places
        Name, longitude and latitude of what a geologist knows there.
    """

    title: str
    west: float
    south: float
    size: tuple[float, float]
    places: Sequence[tuple[str, float, float]]


MARIANAS = Scene(
    "Mariana Trench and Magellan Seamounts",
    141.0,
    10.0,
    (12.0, 14.0),
    (
        ("Challenger Deep", 142.2, 11.35),
        ("Guam", 144.8, 13.45),
        ("Mariana Ridge", 145.7, 19.2),
        ("Magellan Seamounts", 152.0, 16.3),
    ),
)


def colours() -> LinearSegmentedColormap:
    """Colours of heights from −9,000 m to 3,000 m; the shore lies at three quarters."""
    at = [*np.linspace(0, 0.7499, len(_SEA)), *np.linspace(0.75, 1, len(_LAND))]
    return LinearSegmentedColormap.from_list("relief", list(zip(at, _SEA + _LAND, strict=True)))


def relief(
    fields: Mapping[str, Floats],
    difference: tuple[str, Floats],
    latitude: Floats,
    longitude: Floats,
    scene: Scene,
) -> Figure:
    """Shaded relief of the same place as several methods have it, and one difference.

    Parameters
    ----------
    fields
        Heights in m (rows, columns) by the words above each panel; the first is the truth.
    difference
        Words and values in m of the last panel.
    latitude, longitude
        Of the cells in degrees.
    scene
        What is shown.
    """
    count = len(fields) + 1
    rows = -(-count // 2)
    aspect = np.ptp(latitude) / (np.ptp(longitude) * np.cos(np.deg2rad(latitude.mean())))
    width = 0.44
    each = width * 5.0 * aspect
    height = rows * (each + 0.28) + 1.0
    figure = new_figure(height)
    figure.text(0.05, 1 - 0.24 / height, scene.title, fontsize=11, weight="bold", color=INK)
    extent = (longitude[0], longitude[-1], latitude[0], latitude[-1])
    norm, map_ = Normalize(-9000, 3000), colours()
    panels = []
    for i, name in enumerate([*fields, difference[0]]):
        left = 0.045 + (width + 0.035) * (i % 2)
        bottom = 1 - (0.62 + (i // 2 + 1) * (each + 0.28) - 0.28) / height
        axes = figure.add_axes((left, bottom, width, each / height))
        axes.set_title(name, fontsize=9, loc="left", pad=3, color=INK)
        axes.set(xticks=[], yticks=[])
        shown = (
            _shaded(fields[name], latitude, longitude, norm, map_)
            if name in fields
            else _difference(difference[1])
        )
        axes.imshow(shown, origin="lower", extent=extent, aspect="auto", interpolation="nearest")
        panels.append(axes)
    _label(panels[0], scene)
    _scale_bar(panels[0], extent)
    _bars(figure, map_, height)
    return figure


def _shaded(
    height: Floats, latitude: Floats, longitude: Floats, norm: Normalize, colours_: Colormap
) -> Floats:
    """Colours of depth, lit from the north-west as on charts."""
    dy = 1000 * KM_PER_DEGREE * abs(latitude[1] - latitude[0])
    dx = 1000 * KM_PER_DEGREE * (longitude[1] - longitude[0]) * np.cos(np.deg2rad(latitude.mean()))
    light = LightSource(azdeg=315, altdeg=40)
    # Rows ascend northwards, matplotlib's light expects them to descend.
    return light.shade(
        height[::-1].astype(float), cmap=colours_, norm=norm, vert_exag=12, dx=dx, dy=dy,
        blend_mode="soft",
    )[::-1]  # fmt: skip


def _difference(values: Floats, most: float = 1000.0) -> Floats:
    table = matplotlib.colormaps["RdBu_r"]
    return table(np.clip(0.5 + 0.5 * values / most, 0, 1))


def _label(axes: Axes, scene: Scene) -> None:
    outline = [withStroke(linewidth=1.6, foreground="#10204d")]
    for name, x, y in scene.places:
        axes.plot(x, y, ".", color="white", ms=3)
        # Names reach inwards, so that none leaves the panel.
        left = x < scene.west + 0.5 * scene.size[1]
        axes.annotate(
            name, (x, y), xytext=(3 if left else -3, 3), textcoords="offset points", fontsize=7,
            ha="left" if left else "right", color="white", path_effects=outline,
        )  # fmt: skip


def _scale_bar(axes: Axes, extent: tuple[float, float, float, float], km: float = 300.0) -> None:
    """A bar of so many km, right at its own latitude."""
    west, east, south, north = extent
    y = south + 0.06 * (north - south)
    length = km / (KM_PER_DEGREE * np.cos(np.deg2rad(y)))
    x = east - 0.06 * (east - west) - length
    axes.plot([x, x + length], [y, y], color="white", lw=2.2, solid_capstyle="butt")
    axes.text(
        x + length / 2, y + 0.015 * (north - south), f"{km:g} km", color="white", fontsize=7,
        ha="center", va="bottom", path_effects=[withStroke(linewidth=1.6, foreground="#10204d")],
    )  # fmt: skip


def _bars(figure: Figure, colours_: Colormap, height: float) -> None:
    """Colour bars of depth and of the difference along the lower edge."""
    for left, bounds, table, ticks, label in (
        (0.045, (-9000, 3000), colours_, (-8000, -4000, 0), "height (m)"),
        (0.52, (-1000, 1000), matplotlib.colormaps["RdBu_r"], (-800, 0, 800), "difference (m)"),
    ):
        place = (left, 0.42 / height, 0.44, 0.1 / height)
        _bar(figure, place, table, bounds, ticks, label)


def _bar(
    figure: Figure,
    place: tuple[float, float, float, float],
    table: Colormap,
    bounds: tuple[float, float],
    ticks: Sequence[float],
    label: str,
) -> None:
    """A colour bar at a place of the figure (left, bottom, width, height)."""
    axes = figure.add_axes(place)
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=table, extent=(*bounds, 0, 1), aspect="auto")
    axes.set_yticks([])
    axes.set_xticks(ticks, [f"{t:g}".replace("-", "−") for t in ticks], fontsize=8)
    axes.set_xlabel(label, fontsize=8, labelpad=1)


def square_panels(panels: Mapping[str, Floats], title: str) -> Figure:
    """One square as it is, as it is known, and as methods mend it.

    Parameters
    ----------
    panels
        Heights in m (side, side) by the words above each panel; NaN where nothing is known.
    title
        Of the figure.
    """
    columns, side = 3, 0.305
    rows = -(-len(panels) // columns)
    figure = new_figure(5.0 * 1.12 * rows / columns + 0.8)
    height = figure.get_size_inches()[1]
    figure.text(0.03, 1 - 0.22 / height, title, fontsize=11, weight="bold", color=INK)
    values = np.concatenate([p[np.isfinite(p)] for p in panels.values()])
    low, high = (float(q) for q in np.quantile(values, [0.005, 0.995]))
    norm, table = Normalize(low, high), matplotlib.colormaps["viridis"]
    for i, (name, field) in enumerate(panels.items()):
        bottom = 1 - (0.55 + (i // columns + 1) * (side * 5 + 0.22) - 0.22) / height
        place = (0.03 + (side + 0.016) * (i % columns), bottom, side, side * 5 / height)
        axes = figure.add_axes(place)
        axes.set_title(name, fontsize=8, loc="left", pad=2, color=INK)
        axes.set(xticks=[], yticks=[])
        step = np.arange(len(field)) / 12
        gaps = bool(np.isnan(field).any())
        shown = field if gaps else _shaded(field, step, step, norm, table)
        axes.imshow(shown, origin="lower", cmap=table, norm=norm, interpolation="nearest")
    ticks = [t for t in MaxNLocator(5).tick_values(low, high) if low <= t <= high]
    place = (0.06, 0.42 / height, 0.88, 0.1 / height)
    _bar(figure, place, table, (low, high), ticks, "height (m)")
    return figure
