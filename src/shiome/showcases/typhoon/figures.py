"""Figures of the report: curves, ladder, detections on the image, reliability."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shiome.products.style import OKABE_ITO, legend, new_axes, new_figure
from shiome.showcases.typhoon.score import DAYS, Searched, enter_key
from shiome.verification import recall_by_days
from shiome.verification.ranking import precision_recall

METHODS = {
    "full": ("ensemble, test-time augmentation", OKABE_ITO["vermilion"]),
    "single": ("single network", OKABE_ITO["orange"]),
    "shipped": ("shipped ensemble", OKABE_ITO["purple"]),
    "logistic": ("logistic regression", OKABE_ITO["blue"]),
    "threshold": ("temperature threshold", OKABE_ITO["sky"]),
    "area": ("area threshold", OKABE_ITO["green"]),
}
FALSE_ALARMS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)  # ratios
GOAL = (0.85, 0.60)  # recall, and precision: a false-alarm ratio of 0.40


def curves(found: dict[str, Searched]) -> pd.DataFrame:
    """Precision and recall of every method at every threshold."""
    parts = []
    for name, search in found.items():
        pairs = search.test.pairs("storm")
        curve = precision_recall(pairs["score"], pairs["event"])
        part = pd.DataFrame({k: curve[k].values for k in ("recall", "precision")})
        parts.append(part.assign(threshold=curve["threshold"].values, method=name))
    return pd.concat(parts, ignore_index=True)


def draw_curves(table: pd.DataFrame, found: dict[str, Searched]) -> Figure:
    """Plot precision over recall; dots are at the thresholds chosen on the validation."""
    figure, axes = new_axes("Precision and recall, images held out", height=4.2)
    for name, search in found.items():
        words, colour = METHODS[name]
        part = table[table["method"] == name]
        axes.plot(part["recall"], part["precision"], color=colour, label=words)
        value = search.scores.sel(estimate="value")
        axes.plot(float(value["recall"]), float(value["precision"]), "o", color=colour, ms=6)
    axes.plot(*GOAL, "*", color=OKABE_ITO["black"], ms=11, label="goal")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Recall (POD)", ylabel="Precision (1 − FAR)")
    legend(axes, loc="lower left", framealpha=0.85, frameon=True, edgecolor="none")
    return figure


def draw_ladder(table: pd.DataFrame) -> Figure:
    """Plot the average precision of each rung, with the range over seeds."""
    figure, axes = new_axes("What each step adds", height=4.0, margins=(0.40, 0.14, 0.965, 0.91))
    place = np.arange(len(table))[::-1]
    middle = table["average_precision"]
    reach = [middle - table["average_precision_low"], table["average_precision_high"] - middle]
    axes.errorbar(
        middle, place, xerr=np.abs(reach), fmt="o", color=OKABE_ITO["blue"], elinewidth=3, ms=6
    )
    axes.set_yticks(place, table["words"])
    axes.set_xlabel("Average precision; bars: range over seeds")
    return figure


def precursor_table(found: dict[str, Searched]) -> pd.DataFrame:
    """Recall of precursors by days before genesis at the same false-alarm ratios for all methods.

    At its own threshold, a method that gives more false alarms finds more of everything.
    """
    lines = []
    for name, search in found.items():
        pairs = search.test.pairs("storm")
        curve = precision_recall(pairs["score"], pairs["event"])
        far = 1 - curve["precision"].values
        early = search.test.truth[search.test.truth["label"] == 1]
        for most in FALSE_ALARMS:
            allowed = np.flatnonzero(far <= most)
            # The lowest threshold with no more false alarms than that.
            threshold = curve["threshold"].values[allowed[-1]] if allowed.size else np.inf
            recall = recall_by_days(
                early["score"],
                early["days_to_genesis"],
                threshold=float(threshold),
                groups=early["storm"],
                key=enter_key(0),
                ahead=DAYS,
                resamples=1,
            )["recall"].sel(estimate="value")
            by_day = {f"day{day:.0f}": float(recall.sel(day=day)) for day in DAYS}
            all_days = float((early["score"] >= threshold).mean())
            lines.append({"method": name, "far": most, "all": all_days} | by_day)
    return pd.DataFrame(lines)


def draw_precursors(table: pd.DataFrame) -> Figure:
    """Plot how many precursors each method finds, over its false-alarm ratio."""
    figure, axes = new_axes(
        "Precursors found, over false alarms", height=4.4, margins=(0.12, 0.29, 0.975, 0.92)
    )
    for name, part in table.groupby("method", sort=False):
        words, colour = METHODS[str(name)]
        axes.plot(part["far"], part["all"], "o-", color=colour, label=words)
    axes.set(xlim=(FALSE_ALARMS[0] - 0.02, FALSE_ALARMS[-1] + 0.02), ylim=(0, 1))
    axes.set(xlabel="False-alarm ratio", ylabel="Recall of precursors")
    legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    return figure


def draw_reliability(diagram: xr.Dataset) -> Figure:
    """Plot how often detections were right, by the probability they were given."""
    figure, axes = new_axes("Reliability of the probabilities")
    axes.plot([0, 1], [0, 1], color="#777777", lw=0.8)
    size = 4 + 26 * np.sqrt(diagram["count"] / max(int(diagram["count"].max()), 1))
    axes.scatter(
        diagram["probability"], diagram["frequency"], s=size**1.5, color=OKABE_ITO["vermilion"]
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Probability of a detection")
    axes.set_ylabel("Share that were right")
    return figure


def draw_detections(image: xr.DataArray, found: pd.DataFrame, truth: pd.DataFrame | None) -> Figure:
    """Show an image with what was found and what was there.

    Parameters
    ----------
    image
        Cloudiness (latitude, longitude).
    found, truth
        Detections above the threshold (with ``hit``) and events (with ``label``) of its time, or
        None where the truth is not known.
    """
    when = np.datetime_as_string(image["time"].values, unit="h")
    known = truth is not None
    figure, axes = new_axes(f"Found and true, {when}" if known else f"Found, {when}", height=4.3)
    _clouds(axes, image.values, (*_ends(image["longitude"]), *_ends(image["latitude"])))
    for label, name, colour in ((2, "cyclone", "vermilion"), (1, "precursor", "orange")):
        if truth is None:
            continue
        part = truth[truth["label"] == label]
        axes.plot(
            part["longitude"], part["latitude"], "o", ms=16, mfc="none", mew=2,
            color=OKABE_ITO[colour], label=f"true {name}",
        )  # fmt: skip
    for hit, mark, name, colour in (
        (True, "s", "hit", "sky"),
        (False, "X", "false alarm", "purple"),
    ):
        part = found[found["hit"] == hit]
        if not known and not hit:
            continue
        axes.plot(
            part["longitude"], part["latitude"], mark, ms=7, mec="white", color=OKABE_ITO[colour],
            label=name if known else "detection",
        )  # fmt: skip
    axes.set(xlabel="Longitude (°E)", ylabel="Latitude (°N)")
    legend(
        axes,
        loc="upper left",
        ncols=2,
        labelspacing=1.0,
        borderpad=0.7,
        frameon=True,
        framealpha=0.9,
        edgecolor="none",
    )
    return figure


def draw_evidence(
    patches: npt.NDArray[np.float32], evidence: npt.NDArray[np.float32], titles: list[str]
) -> Figure:
    """Show patches in the upper row, and where the network saw evidence in the lower."""
    figure = new_figure(2.2)
    for number, title in enumerate(titles):
        for row in range(2):
            place = figure.add_axes(
                (0.01 + number / len(titles), 0.44 - 0.43 * row, 0.98 / len(titles), 0.42)
            )
            _clouds(place, patches[number], (0, 1, 0, 1))
            if row:
                place.imshow(
                    evidence[number], origin="lower", extent=(0, 1, 0, 1), cmap="inferno", alpha=0.6
                )
            else:
                place.set_title(title, fontsize=8, loc="center", fontweight="normal")
            place.set_axis_off()
    return figure


def _clouds(axes: Axes, image: npt.NDArray, extent: tuple[float, float, float, float]) -> None:
    axes.imshow(image, origin="lower", extent=extent, cmap="gray", vmin=-0.1, vmax=1.1)
    axes.grid(False)


def _ends(axis: xr.DataArray) -> tuple[float, float]:
    """Outer edges of the first and last pixel, degrees."""
    step = float(axis[1] - axis[0])
    return float(axis[0]) - 0.5 * step, float(axis[-1]) + 0.5 * step
