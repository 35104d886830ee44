"""Figures of the seafloor showcase: shaded relief, and charts of scores."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LightSource, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from shiome.products.style import INK, OKABE_ITO, legend, new_axes, new_figure
from shiome.verification.spatial import KM_PER_DEGREE

Floats = npt.NDArray[np.floating]

WORDS = {
    "nearest": "nearest",
    "bilinear": "bilinear",
    "bicubic": "bicubic",
    "lanczos": "Lanczos",
    "spline": "cubic spline",
    "srcnn": "SRCNN",
    "fsrcnn": "FSRCNN",
    "espcn": "ESPCN",
    "edsr": "EDSR",
    "ensemble": "EDSR, ensemble",
    "rrdb": "RRDB",
    "texture": "EDSR, adversarial",
    "brief": "EDSR, trained in this run",
    "plain": "neither",
    "residual": "residual",
    "conserving": "means kept",
    "both": "both",
    "linear": "linear",
    "natural_neighbour": "natural neighbours",
    "unet": "U-Net",
}

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
    ramp = np.linspace(0, 1, 256)[None]
    for left, (low, high), table, ticks, names, label in (
        (0.045, (-9000, 3000), colours_, (-8000, -4000, 0), ("−8000", "−4000", "0"), "height (m)"),
        (0.52, (-1000, 1000), matplotlib.colormaps["RdBu_r"], (-800, 0, 800),
         ("−800", "0", "800"), "difference (m)"),
    ):  # fmt: skip
        axes = figure.add_axes((left, 0.42 / height, 0.44, 0.1 / height))
        axes.imshow(ramp, cmap=table, extent=(low, high, 0, 1), aspect="auto")
        axes.set_yticks([])
        axes.set_xticks(ticks, names, fontsize=8)
        axes.set_xlabel(label, fontsize=8, labelpad=1)


def score_chart(table: pd.DataFrame, title: str) -> Figure:
    """RMSE of every method with its interval.

    Parameters
    ----------
    table
        Columns method, rmse, low, high; one row per method.
    title
        Above the chart.
    """
    figure, axes = new_axes(title, height=1.0 + 0.27 * len(table), margins=(0.36, 0.17, 0.96, 0.92))
    at = np.arange(len(table))[::-1]
    learned = ~table.method.isin(["nearest", "bilinear", "bicubic", "lanczos", "spline"])
    for chosen, colour, words in (
        (~learned, "#777777", "interpolated"),
        (learned, OKABE_ITO["blue"], "learned"),
    ):
        part = table[chosen]
        beyond = [part.rmse - part.low, part.high - part.rmse]
        axes.errorbar(
            part.rmse, at[chosen], xerr=np.maximum(beyond, 0), fmt="o", ms=5, color=colour,
            label=words,
        )  # fmt: skip
    axes.set_yticks(at, [WORDS.get(name, name) for name in table.method])
    axes.set_xlabel("RMSE (m) with 90 % interval")
    legend(axes)
    return figure


def spectrum_chart(table: pd.DataFrame, factor: int, step_km: float) -> Figure:
    """Power over true power against wavelength; columns wavelength_km and one per method."""
    figure, axes = new_axes("How much relief is left at each wavelength", height=3.8)
    palette = [c for n, c in OKABE_ITO.items() if n not in ("black", "yellow")]
    for i, name in enumerate(table.columns[1:]):
        axes.plot(
            table.wavelength_km, table[name], color=palette[i % len(palette)],
            ls="-" if i < len(palette) else "--", label=WORDS.get(name, name),
        )  # fmt: skip
    axes.axhline(1, color=OKABE_ITO["black"], lw=0.8)
    axes.axvline(2 * factor * step_km, color="#888888", lw=0.8, ls=":")
    axes.set_xscale("log")
    axes.set_xlim(table.wavelength_km.max(), table.wavelength_km.min())
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xticks([200, 100, 50, 30, 20], ["200", "100", "50", "30", "20"])
    axes.minorticks_off()
    axes.set_ylim(0, 1.3)
    axes.set_xlabel("wavelength (km); dotted: the shortest that the input holds")
    axes.set_ylabel("power / true power")
    legend(axes, loc="lower left", ncols=2)
    return figure


def class_chart(table: pd.DataFrame) -> Figure:
    """RMSE relative to bicubic by depth and ruggedness; columns class, cells and methods."""
    figure, axes = new_axes("Where the networks gain", height=3.6, margins=(0.12, 0.28, 0.97, 0.91))
    palette = list(OKABE_ITO.values())[1:]
    names = [name for name in table.columns[2:] if name not in ("bicubic", "nearest", "bilinear")]
    at = np.arange(len(table))
    most = 0.0
    for i, name in enumerate(names):
        gain = 100 * (1 - table[name] / table.bicubic)
        most = max(most, float(gain.max()))
        axes.plot(at, gain, "o", ms=4, color=palette[i % len(palette)], label=WORDS.get(name, name))
    axes.set_ylim(top=1.35 * most)
    axes.axhline(0, color=OKABE_ITO["black"], lw=0.8)
    axes.set_xticks(at, table["class"], rotation=35, ha="right", fontsize=8)
    axes.set_ylabel("RMSE below bicubic (%)")
    legend(axes, ncols=2, fontsize=8)
    return figure


def ablation_chart(table: pd.DataFrame) -> Figure:
    """RMSE of the same small network with and without residual and constraint."""
    figure, axes = new_axes(
        "What the architecture adds", height=2.4, margins=(0.3, 0.2, 0.96, 0.88)
    )
    at = np.arange(len(table))[::-1]
    axes.barh(at, table.rmse, color=OKABE_ITO["sky"], height=0.6)
    for y, value in zip(at, table.rmse, strict=True):
        axes.text(value, y, f" {value:.0f}", va="center", fontsize=9)
    axes.set_yticks(at, [WORDS.get(name, name) for name in table.method])
    axes.set_xlim(0, 1.12 * table.rmse.max())
    axes.set_xlabel("RMSE (m)")
    return figure


def chart_of_tracks(
    panels: Mapping[str, Floats], seen: npt.NDArray[np.bool_], title: str
) -> Figure:
    """One square as ships know it, as methods fill it, and as it is; heights in m."""
    count = len(panels)
    figure = new_figure(5.0 * 1.12 * (-(-count // 3)) / 3 + 0.4)
    height = figure.get_size_inches()[1]
    figure.text(0.03, 1 - 0.22 / height, title, fontsize=11, weight="bold", color=INK)
    side = 0.305
    all_values = np.concatenate([p[np.isfinite(p)] for p in panels.values()])
    norm = Normalize(*np.quantile(all_values, [0.005, 0.995]))
    step = np.arange(seen.shape[0]) / 12
    for i, (name, values) in enumerate(panels.items()):
        bottom = 1 - (0.55 + (i // 3 + 1) * (side * 5 + 0.22) - 0.22) / height
        axes = figure.add_axes((0.03 + (side + 0.016) * (i % 3), bottom, side, side * 5 / height))
        axes.set_title(WORDS.get(name, name), fontsize=9, loc="left", pad=2, color=INK)
        axes.set(xticks=[], yticks=[])
        if np.isnan(values).any():
            axes.imshow(np.where(seen, values, np.nan), origin="lower", cmap="viridis", norm=norm)
        else:
            table = matplotlib.colormaps["viridis"]
            shown = _shaded(values, step, step, norm, table)
            axes.imshow(shown, origin="lower", interpolation="nearest")
    return figure
