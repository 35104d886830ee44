"""Figures of forecasts: index plumes, category probabilities, a predicted distribution."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from shiome.grids.months import MONTH_NAMES, month_number, month_start
from shiome.products.style import OKABE_ITO, legend, new_axes

_ANALOGUE_COLOURS: Final = tuple(
    OKABE_ITO[name] for name in ("vermilion", "green", "purple", "orange")
)
_PAST_MONTHS: Final = 12
# Dry or low, middle, wet or high: bars, and letters dark enough for white paper.
_THIRD_COLOURS: Final = ("#B98A4A", "#B9B9B9", "#3F8FBF")
_THIRD_INKS: Final = ("#8A5A12", "#555555", "#1F6A99")
_Label = tuple[float, str, str]  # height, words, colour


def plume(
    members: xr.DataArray,
    history: xr.DataArray,
    analogues: xr.DataArray | None = None,
    *,
    title: str,
    label: str,
    thresholds: Mapping[float, str],
) -> Figure:
    """Plot an index forecast: members, median, 50 and 90 % bands, what was observed, analogues.

    Parameters
    ----------
    members
        Shape (member, lead), with coordinate ``valid_time`` (lead), month starts.
    history
        Observed index (time), month starts; months after the forecast's start, where given, are
        shown as observed later.
    analogues
        Shape (analogue, offset): observed trajectories of past years, ``offset`` in months from
        the last observed month, ``analogue`` their labels. The first four are drawn.
    title, label
        Words above the figure, and at the value axis with the unit.
    thresholds
        Values to be marked, with their words.
    """
    members = members.transpose("member", "lead")
    months = month_number(members["valid_time"].values)
    last = int(months[0]) - 1
    figure, axes = new_axes(title, height=4.1, margins=(0.135, 0.255, 0.85, 0.925))
    axes.axhline(0.0, color="#888888", linewidth=0.8)
    for value in thresholds:
        axes.axhline(value, color="#888888", linewidth=0.9, linestyle=(0, (4, 3)))
    labels: list[_Label] = [(value, words, "#555555") for value, words in thresholds.items()]
    _draw_members(axes, members, months, history.sel(time=month_start(last)).item())
    _draw_history(axes, history, last, int(months[-1]))
    if analogues is not None:
        labels += _draw_analogues(axes, analogues, last)
    _label_ends(axes, labels)
    axes.axvline(last, color="#666666", linewidth=0.8, linestyle=":")
    axes.set_xlim(last - _PAST_MONTHS + 1, months[-1])
    _month_axis(axes, last - _PAST_MONTHS + 1, int(months[-1]))
    axes.set_ylabel(label)
    legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, columnspacing=1.2)
    return figure


def _draw_members(
    axes: Axes, members: xr.DataArray, months: npt.NDArray[np.int64], last_seen: float
) -> None:
    """Draw bands, thin members and the median, all of them starting from the last observation."""
    x = np.concatenate([[months[0] - 1], months])
    start = np.full((members.sizes["member"], 1), last_seen)
    values = np.concatenate([start, members.values], axis=1)
    low, quarter, median, three, high = np.nanquantile(
        values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0
    )
    axes.fill_between(x, low, high, color="#CFE2F0", linewidth=0, label="90 % of members")
    axes.fill_between(x, quarter, three, color="#94C0DE", linewidth=0, label="50 % of members")
    strands = [np.column_stack([x, line]) for line in values]
    axes.add_collection(
        LineCollection(strands, colors=OKABE_ITO["blue"], linewidths=0.3, alpha=0.22)
    )
    axes.plot(x, median, color=OKABE_ITO["blue"], linewidth=2.2, label="median")
    axes.set_ylim(-1.0, 1.5)
    _make_room(axes, values)


def _draw_history(axes: Axes, history: xr.DataArray, last: int, end: int) -> None:
    times = month_number(history["time"].values)
    past = (times > last - _PAST_MONTHS) & (times <= last)
    later = (times >= last) & (times <= end)
    values = history.values
    axes.plot(times[past], values[past], color=OKABE_ITO["black"], linewidth=2.2, label="observed")
    if later.sum() > 1:
        axes.plot(
            times[later], values[later], color=OKABE_ITO["black"], linewidth=1.2,
            linestyle=":", marker="o", markersize=2.5, label="observed later",
        )  # fmt: skip
    _make_room(axes, values[past | later])


def _draw_analogues(axes: Axes, analogues: xr.DataArray, last: int) -> list[_Label]:
    """Draw dashed paths of past years and return what is to be written at their ends."""
    offsets = analogues["offset"].values
    lines = analogues.transpose("analogue", "offset")
    shown = offsets > -_PAST_MONTHS
    ends: list[_Label] = []
    for colour, line in zip(_ANALOGUE_COLOURS, lines, strict=False):
        values = line.values[shown]
        axes.plot(last + offsets[shown], values, color=colour, linewidth=1.3, linestyle="--")
        known = np.flatnonzero(np.isfinite(values))
        if known.size:
            ends.append((float(values[known[-1]]), str(line["analogue"].item()), colour))
    _make_room(axes, lines.values[: len(_ANALOGUE_COLOURS), shown])
    axes.plot([], [], color="#555555", linewidth=1.3, linestyle="--", label="similar past years")
    return ends


def _make_room(axes: Axes, values: npt.NDArray[np.floating]) -> None:
    """Widen the value axis until it holds ``values`` with a little margin."""
    known = values[np.isfinite(values)]
    if known.size:
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, float(known.min()) - 0.12), max(high, float(known.max()) + 0.12))


def _label_ends(axes: Axes, labels: Sequence[_Label]) -> None:
    """Write words at heights right of the axes, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    heights = _spread_out([value for value, _, _ in labels], 0.062 * (high - low))
    for height, (_, words, colour) in zip(heights, labels, strict=True):
        axes.annotate(
            words, (1.0, height), (4, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=9, color=colour,
            annotation_clip=False,
        )  # fmt: skip


def _spread_out(values: Sequence[float], gap: float) -> list[float]:
    """Move values apart, keeping their order, until neighbours differ by ``gap`` at least."""
    order = np.argsort(values, kind="stable")
    placed = np.asarray(values, float)[order]
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    placed -= (placed - np.asarray(values, float)[order]).mean() if len(placed) else 0.0
    result = np.empty_like(placed)
    result[order] = placed
    return result.tolist()


def _month_axis(axes: Axes, first: int, last: int) -> None:
    """Label every third month, with the year where it begins the axis or changes."""
    ticks = [m for m in range(first, last + 1) if m % 3 == 0]
    words, year = [], None
    for month in ticks:
        name = MONTH_NAMES[month % 12][:3]
        words.append(name if month // 12 == year else f"{name}\n{month // 12}")
        year = month // 12
    axes.set_xticks(ticks, words)
    axes.set_xticks(range(first, last + 1), minor=True)


def category_bars(
    table: pd.DataFrame, *, title: str, names: Mapping[str, str], label: str
) -> Figure:
    """Plot probabilities of three categories as stacked bars, one per season.

    Parameters
    ----------
    table
        One row per season: column ``season`` (words for the axis) and columns ``above``,
        ``neutral`` and ``below``, probabilities from 0 to 1.
    title
        Words above the figure.
    names
        What the three categories are called.
    label
        Words at the horizontal axis.
    """
    figure, axes = new_axes(title, height=4.1, margins=(0.125, 0.215, 0.985, 0.925))
    colours = {"below": "#2166AC", "neutral": "#D0D0D0", "above": "#C8502D"}
    ink = {"below": "white", "neutral": "#222222", "above": "white"}
    places, base = np.arange(len(table)), np.zeros(len(table))
    for kind, colour in colours.items():
        share = 100.0 * table[kind].to_numpy(float)
        axes.bar(places, share, 0.86, base, color=colour, label=names[kind])
        for x, value, bottom in zip(places, share, base, strict=True):
            if value >= 9.5:
                words = f"{value:.0f}" if value < 99.5 else ">99"
                axes.text(
                    float(x), bottom + value / 2, words, ha="center", va="center", fontsize=9,
                    color=ink[kind],
                )  # fmt: skip
        base = base + share
    axes.set_xticks(places, list(table["season"]))
    axes.set(ylim=(0, 100), xlim=(-0.55, len(table) - 0.45), xlabel=label)
    axes.set_ylabel("Probability (%)")
    axes.grid(axis="x", visible=False)
    legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.175), ncols=3)
    return figure


def distribution(
    draws: npt.NDArray[np.floating],
    terciles: tuple[float, float],
    *,
    title: str,
    label: str,
    names: tuple[str, str, str],
) -> Figure:
    """Plot a predicted distribution over the climatological thirds.

    Parameters
    ----------
    draws
        Draws from the predicted distribution, shape (n,).
    terciles
        The two values that part the observed climatology into thirds, unit of ``draws``.
    title, label
        Words above the figure, and at the value axis with the unit.
    names
        What the lower, middle and upper third are called.
    """
    figure, axes = new_axes(title, height=3.5, margins=(0.125, 0.15, 0.975, 0.915))
    edges = _edges_on(terciles, draws)
    counts, _ = np.histogram(draws, edges)
    centres, widths = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
    third = np.searchsorted(terciles, centres)
    height = 100.0 * counts / len(draws)
    axes.bar(centres, height, widths * 0.94, color=np.array(_THIRD_COLOURS)[third])
    shares = np.bincount(np.searchsorted(terciles, draws), minlength=3) / len(draws)
    top = float(height.max()) * 1.34
    axes.set(xlim=(edges[0], edges[-1]), ylim=(0, top))
    for value in terciles:
        axes.axvline(value, ymax=0.82, color="#444444", linewidth=1.0, linestyle="--")
    for place, name, share, colour in zip(
        (0.16, 0.5, 0.84), names, shares, _THIRD_INKS, strict=True
    ):
        axes.text(
            place, 0.975, f"{name}\n{100 * share:.0f} %", transform=axes.transAxes, ha="center",
            va="top", fontsize=11, fontweight="bold", color=colour,
        )  # fmt: skip
    median = float(np.median(draws))
    axes.plot([median], [0.02 * top], marker="^", color="black", markersize=8, clip_on=False)
    axes.annotate(
        f"median {median:+.2f}".replace("-", "−"), (median, 0.02 * top), (0, 8),
        textcoords="offset points", ha="center", fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )  # fmt: skip
    axes.set_xlabel(label)
    axes.set_ylabel("Share of draws per bar (%)")
    return figure


def _edges_on(
    terciles: tuple[float, float], draws: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Edges of about 28 equal bars over nearly all draws, two of which fall on the terciles.

    So each bar belongs to one third.
    """
    lower, upper = terciles
    low, high = np.quantile(draws, [0.002, 0.998])
    spread = upper - lower
    low, high = min(low, lower - 0.4 * spread), max(high, upper + 0.4 * spread)
    width = spread / max(1, round(spread / ((high - low) / 28)))
    first, last = np.floor((low - lower) / width), np.ceil((high - lower) / width)
    return lower + width * np.arange(first, last + 1)
