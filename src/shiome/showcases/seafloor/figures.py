"""Charts of the scores of the seafloor showcase."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from shiome.products.style import OKABE_ITO, legend, new_axes

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
    "symmetric": "EDSR, eight ways",
    "rrdb": "RRDB",
    "texture": "EDSR, adversarial",
    "brief": "EDSR, trained in this run",
    "plain": "neither",
    "residual": "residual",
    "conserving": "means kept",
    "both": "both",
    "linear": "linear",
    "natural_neighbour": "natural neighbours",
    "noisy": "survey",
    "gaussian": "Gaussian",
    "median": "median",
    "wiener": "Wiener",
    "unet": "U-Net",
}


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
