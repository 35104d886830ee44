"""Figures of the coupled model's report."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from shiome.products.style import OKABE_ITO, legend, new_axes

COLOURS = {
    "surface": OKABE_ITO["sky"],
    "ocean": OKABE_ITO["blue"],
    "coupled": OKABE_ITO["vermilion"],
    "filtered": OKABE_ITO["orange"],
    "few": "#BBBBBB",
    "local": OKABE_ITO["yellow"],
    "physics": OKABE_ITO["purple"],
    "learned": OKABE_ITO["green"],
    "network": "#777777",
    "blend": OKABE_ITO["black"],
}
WORDS = {
    "surface": "surface only",
    "ocean": "+ simulated ocean",
    "coupled": "coupled",
    "filtered": "coupled, from the filter",
    "few": "from a filter of few",
    "local": "from a local filter of few",
    "physics": "coupled, theory alone",
    "learned": "theory, fitted",
    "network": "theory, fitted, and a network",
    "blend": "blend",
}

# Where the ratio of spread to error is aimed to be.
AIMED_RATIO = (0.8, 1.2)


def draw_seasons(table: pd.DataFrame) -> Figure:
    """Plot the standard deviation by calendar month, observed and of the free runs."""
    figure, axes = new_axes("How strongly the indices vary")
    for index, colour, name in (
        ("nino34", OKABE_ITO["vermilion"], "Niño 3.4"),
        ("dmi", OKABE_ITO["blue"], "dipole"),
    ):
        axes.plot(table[f"{index}_observed"], "o-", color=colour, label=f"{name}, observed")
        axes.plot(table[f"{index}_model"], "--", color=colour, label=f"{name}, free runs")
    axes.set_xticks(range(12), table["month"])
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Standard deviation (K)")
    legend(axes)
    return figure


def draw_warm_water(table: pd.DataFrame) -> Figure:
    """Plot the warm water volume of the spun ocean and of the filter with its spread."""
    figure, axes = new_axes("Warm water of the equatorial Pacific")
    time = table["time"].to_numpy()
    mean, spread = table["filter_mean"], table["filter_spread"]
    axes.fill_between(
        time, mean - 2 * spread, mean + 2 * spread, color=OKABE_ITO["orange"], alpha=0.35, lw=0
    )
    axes.plot(time, mean, color=OKABE_ITO["vermilion"], label="filter, ±2 standard deviations")
    axes.plot(time, table["spun"], color=OKABE_ITO["black"], lw=1.0, label="spun by mapped winds")
    axes.set_ylabel("Thickness anomaly (m)")
    legend(axes)
    return figure


def draw_filters(table: pd.DataFrame) -> Figure:
    """Plot the error of one-month forecasts by the filter's members, global and local."""
    figure, axes = new_axes("What a filter of few members knows")
    sizes = sorted(set(table["members"]))
    for name, words, colour in (
        ("filter", "every number feels all observations", OKABE_ITO["blue"]),
        ("local", "each those near where it acts (LETKF)", OKABE_ITO["vermilion"]),
    ):
        own = table[table["filter"] == name].set_index("members")
        axes.plot(range(len(sizes)), own["error"].reindex(sizes), "o-", color=colour, label=words)
    axes.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Members")
    axes.set_ylabel("Error of Niño 3.4, one month ahead (K)")
    legend(axes, loc="lower left")
    return figure


def draw_skill(cards: dict[str, xr.Dataset]) -> Figure:
    """Plot the correlation of every variant by lead; the blend with its interval."""
    figure, axes = new_axes(
        "Niño 3.4: correlation by lead", height=4.4, margins=(0.12, 0.38, 0.975, 0.93)
    )
    for name, card in cards.items():
        value, low, high = (card["acc"].sel(estimate=e) for e in ("value", "lower", "upper"))
        if name == "blend":
            axes.fill_between(card["lead"], low, high, color=OKABE_ITO["black"], alpha=0.12, lw=0)
        axes.plot(card["lead"], value, color=COLOURS[name], label=WORDS[name])
    axes.set_xticks(np.arange(1, 13))
    axes.set_ylim(top=1.0)
    axes.set_xlabel("Lead (months)")
    axes.set_ylabel("Correlation")
    # Ten curves leave no room among them.
    legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    return figure


def draw_spread(cards: dict[str, xr.Dataset]) -> Figure:
    """Plot the ratio of spread to error by lead with its interval, beside what is aimed at."""
    figure, axes = new_axes("Niño 3.4: spread over error")
    axes.axhspan(*AIMED_RATIO, color="#DDDDDD", lw=0)
    axes.axhline(1.0, color="#777777", lw=0.8)
    for i, (name, card) in enumerate(cards.items()):
        value, low, high = (
            card["spread_error"].sel(estimate=e) for e in ("value", "lower", "upper")
        )
        error = np.maximum([value - low, high - value], 0)
        at = card["lead"] + 0.15 * (i - 0.5 * (len(cards) - 1))
        axes.errorbar(at, value, error, fmt="o", ms=4, color=COLOURS[name], label=WORDS[name])
    axes.set_xticks(np.arange(1, 13))
    axes.set_ylim(AIMED_RATIO[0] - 0.15, None)
    axes.set_xlabel("Lead (months)")
    axes.set_ylabel("Ratio")
    legend(axes, loc="lower left", ncols=3)
    return figure


def draw_ranks(table: pd.DataFrame, names: tuple[str, ...]) -> Figure:
    """Plot rank histograms, each beside the interval that sampling allows a flat one."""
    figure, axes = new_axes("Niño 3.4: ranks among the members")
    for i, name in enumerate(names):
        at = table["group"] + 0.15 * (i - 0.5 * (len(names) - 1))
        flat, margin = 100 * table["expected"], 100 * table[f"{name}_margin"]
        axes.errorbar(at, flat, margin, fmt="none", ecolor="#BBBBBB", elinewidth=5)
        axes.plot(at, 100 * table[name], "o", color=COLOURS[name], label=WORDS[name])
    axes.axhline(100 * table["expected"].mean(), color="#777777", lw=0.8)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Group of ranks, from below all members to above them")
    axes.set_ylabel("Share (%)")
    legend(axes)
    return figure
