"""Figures of skill: by lead, by month, reliability, ranks, spread against error."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure

from shiome.grids.months import MONTH_NAMES
from shiome.products.style import OKABE_ITO, legend, new_axes

_STYLES: Final[dict[str, dict[str, Any]]] = {
    "forecast": {"color": OKABE_ITO["blue"], "marker": "o", "markersize": 4, "linewidth": 2.2},
    "pastonly": {"color": OKABE_ITO["sky"], "marker": "s", "markersize": 3.5, "linestyle": "--"},
    "blend": {"color": OKABE_ITO["blue"], "marker": "o", "markersize": 4, "linewidth": 2.2},
    "coupled": {"color": OKABE_ITO["purple"], "marker": "D", "markersize": 3.5},
    "filtered": {"color": OKABE_ITO["orange"], "marker": "v", "markersize": 4},
    "ocean": {"color": OKABE_ITO["sky"], "marker": "s", "markersize": 3.5},
    "surface": {"color": OKABE_ITO["green"], "marker": "^", "markersize": 4},
    "persistence": {"color": OKABE_ITO["vermilion"], "marker": "v", "markersize": 4},
    "climatology": {"color": "#555555", "linestyle": ":"},
}
_GROUPS: Final = (
    (OKABE_ITO["blue"], "o"),
    (OKABE_ITO["vermilion"], "s"),
    (OKABE_ITO["green"], "^"),
    (OKABE_ITO["purple"], "D"),
)


def by_lead(
    curves: Mapping[str, tuple[str, xr.DataArray]],
    interval: tuple[xr.DataArray, xr.DataArray] | None = None,
    *,
    title: str,
    label: str,
    bottom: float | None = None,
    top: float | None = None,
) -> Figure:
    """Plot a score by lead with its interval and the simple forecasts it must beat.

    Parameters
    ----------
    curves
        For each forecast shown (a key of :data:`_STYLES`) its name for the legend and its score
        (lead).
    interval
        Lower and upper end of the forecast's score (lead).
    title, label
        Words above the figure, and at the score axis with the unit.
    bottom, top
        Ends of the score axis, where it has natural ones.
    """
    # The legend has two columns below the axis; more curves make the figure taller.
    rows = (len(curves) + (interval is not None) + 1) // 2
    height = 2.96 + 0.22 * rows
    room = (0.51 + 0.22 * rows) / height
    figure, axes = new_axes(title, height=height, margins=(0.125, room, 0.98, 1 - 0.31 / height))
    if interval is not None:
        lower, upper = interval
        axes.fill_between(
            lower["lead"].values, lower.values, upper.values, color=OKABE_ITO["blue"],
            alpha=0.18, linewidth=0, label="90 % interval",
        )  # fmt: skip
    for kind, (name, score) in curves.items():
        axes.plot(score["lead"].values, score.values, label=name, **_STYLES[kind])
    _lead_axis(figure.axes[0], next(iter(curves.values()))[1]["lead"].values)
    if bottom is not None and bottom < 0:
        axes.axhline(0.0, color="#888888", linewidth=0.8)
    # A natural end of the axis must never hide a score that lies beyond it.
    low, high = axes.get_ylim()
    axes.set_ylim(
        low if bottom is None else min(bottom, low), high if top is None else max(top, high)
    )
    axes.set_ylabel(label)
    legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    return figure


def _lead_axis(axes: Any, leads: Any) -> None:
    axes.set_xticks(leads)
    axes.set_xlim(leads[0] - 0.4, leads[-1] + 0.4)
    axes.set_xlabel("Lead (months after the last observed month)")


def month_by_lead(score: xr.DataArray, *, title: str, label: str) -> Figure:
    """Plot a score from 0 to 1 by target month and lead as coloured boxes.

    Parameters
    ----------
    score
        Shape (month, lead); target months 1…12. Values below 0 are shown as 0.
    title, label
        Words above the figure, and at the colour bar with the unit.
    """
    score = score.transpose("month", "lead")
    figure, axes = new_axes(title, height=3.9, margins=(0.115, 0.285, 0.98, 0.92))
    levels = np.linspace(0.0, 1.0, 11)
    cmap = matplotlib.colormaps["cividis"].copy()
    cmap.set_bad("#DDDDDD")
    leads, months = score["lead"].values, score["month"].values
    image = axes.pcolormesh(
        leads, months, np.maximum(score.values, 0.0), shading="nearest", cmap=cmap,
        norm=BoundaryNorm(levels, cmap.N), edgecolors="white", linewidth=0.6,
    )  # fmt: skip
    axes.grid(visible=False)
    axes.invert_yaxis()
    axes.set_xticks(leads)
    axes.set_yticks(months, [MONTH_NAMES[int(month) - 1][:3] for month in months])
    axes.set_xlabel("Lead (months after the last observed month)")
    axes.set_ylabel("Target month")
    place = figure.add_axes((0.115, 0.11, 0.865, 0.035))
    bar = figure.colorbar(image, cax=place, orientation="horizontal", ticks=levels[::2])
    bar.set_label(label, fontsize=9, labelpad=1)
    bar.ax.tick_params(labelsize=9, length=2)
    return figure


def reliability(curve: xr.Dataset, *, title: str) -> Figure:
    """Plot a reliability diagram with, below, how often each probability was given.

    Parameters
    ----------
    curve
        Shapes (group, bin): ``probability``, ``frequency`` and ``count`` as from
        :func:`shiome.verification.reliability_diagram`; ``group`` holds words for the legend.
    title
        Words above the figure.
    """
    figure, axes = new_axes(title, height=4.9, margins=(0.125, 0.37, 0.975, 0.935))
    below = figure.add_axes((0.125, 0.185, 0.85, 0.135))
    axes.plot([0, 100], [0, 100], color="#888888", linewidth=1.0)
    axes.annotate(
        "perfect", (88, 88), (-4, 5), textcoords="offset points", ha="right", fontsize=9,
        color="#555555",
    )  # fmt: skip
    groups = list(curve["group"].values)
    width = 0.8 * 100.0 / curve.sizes["bin"] / len(groups)
    for number, (group, (colour, marker)) in enumerate(zip(groups, _GROUPS, strict=False)):
        part = curve.sel(group=group)
        used = part["count"].values > 0
        given = 100.0 * part["probability"].values
        seen = 100.0 * part["frequency"].values
        axes.plot(
            given[used], seen[used], color=colour, marker=marker, markersize=4.5, label=str(group)
        )
        total = max(float(part["count"].sum()), 1.0)
        centres = 100.0 * (np.arange(curve.sizes["bin"]) + 0.5) / curve.sizes["bin"]
        shift = (number - 0.5 * (len(groups) - 1)) * width
        below.bar(centres + shift, 100.0 * part["count"].values / total, width, color=colour)
    axes.set(xlim=(0, 100), ylim=(0, 100))
    axes.set_ylabel("Observed frequency (%)")
    axes.tick_params(labelbottom=False)
    below.spines[["top", "right"]].set_visible(False)
    below.set(xlim=(0, 100))
    below.tick_params(labelsize=9)
    below.set_xlabel("Forecast probability (%)", fontsize=10)
    below.set_ylabel("Given (%)", fontsize=10)
    handles, words = axes.get_legend_handles_labels()
    legend(below, handles=handles, labels=words, loc="upper center",
           bbox_to_anchor=(0.5, -0.72), ncols=4, columnspacing=1.2)  # fmt: skip
    return figure


def rank_histogram(ranks: xr.Dataset, leads: Sequence[int], *, title: str) -> Figure:
    """Plot how often the observation fell between which members, relative to a fair ensemble.

    Parameters
    ----------
    ranks
        ``count`` (lead, rank) and ``expected`` (rank), a share, as from
        :func:`shiome.verification.rank_histogram`.
    leads
        The leads to be shown, four at most.
    title
        Words above the figure.
    """
    figure, axes = new_axes(title, height=3.4, margins=(0.125, 0.27, 0.975, 0.91))
    expected = ranks["expected"].values
    edges = np.concatenate([[0.0], 100.0 * np.cumsum(expected)])
    axes.axhline(1.0, color="#888888", linewidth=1.0)
    for lead, (colour, _) in zip(leads, _GROUPS, strict=False):
        count = ranks["count"].sel(lead=lead).values.astype(float)
        relative = count / max(count.sum(), 1.0) / expected
        axes.stairs(relative, edges, color=colour, linewidth=1.8, label=f"lead {lead}")
    axes.set(xlim=(0, 100), ylim=(0, max(2.0, axes.get_ylim()[1])))
    axes.set_xlabel("Rank of the observation among the members (%)")
    axes.set_ylabel("Frequency (1 = fair)")
    legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4)
    return figure


def spread_error(
    pairs: Mapping[str, tuple[xr.DataArray, xr.DataArray]], *, title: str, label: str
) -> Figure:
    """Plot ensemble spread and error of the ensemble mean by lead; ideally they coincide.

    Parameters
    ----------
    pairs
        For each index, by its name: spread (lead) and RMSE (lead).
    title, label
        Words above the figure, and at the value axis with the unit.
    """
    figure, axes = new_axes(title, height=3.3, margins=(0.125, 0.29, 0.975, 0.91))
    for (name, (spread, error)), (colour, marker) in zip(pairs.items(), _GROUPS, strict=False):
        leads = spread["lead"].values
        axes.plot(leads, error.values, color=colour, marker=marker, markersize=4,
                  label=f"{name}: error (RMSE)")  # fmt: skip
        axes.plot(leads, spread.values, color=colour, linestyle="--", label=f"{name}: spread")
        _lead_axis(axes, leads)
    axes.set_ylim(0.0, None)
    axes.set_ylabel(label)
    legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    return figure
