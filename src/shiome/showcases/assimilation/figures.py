"""Charts of the assimilation showcase."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from shiome.products.style import OKABE_ITO, legend, new_axes

LINES = [colour for name, colour in OKABE_ITO.items() if name not in ("black", "yellow")]
"""Colours of lines; yellow is too pale for them."""


def table_chart(rows: pd.DataFrame) -> Figure:
    """Measured errors with their intervals, beside the published values.

    Parameters
    ----------
    rows
        Columns title, measured, low, high and published (NaN where nothing was published).
    """
    figure, axes = new_axes(
        "Analysis error", height=1.2 + 0.3 * len(rows), margins=(0.5, 0.12, 0.97, 0.93)
    )
    at = np.arange(len(rows))[::-1]
    beyond = [rows.measured - rows.low, rows.high - rows.measured]
    axes.errorbar(
        rows.measured, at, xerr=beyond, fmt="o", color=OKABE_ITO["blue"], label="measured, 95 %"
    )
    axes.plot(rows.published, at, "|", ms=14, color=OKABE_ITO["vermilion"], label="published")
    axes.set_yticks(at, [title.replace(", ", ",\n", 1) for title in rows.title], fontsize=7)
    axes.set_xlim(0, None)
    axes.set_xlabel("RMSE (observation error: 1)")
    legend(axes, loc="lower right")
    return figure


def skill_chart(curves: pd.DataFrame) -> Figure:
    """Error of forecasts with learned models as it grows with time.

    Parameters
    ----------
    curves
        Column ``lyapunov_times``, and one column of relative errors per model.
    """
    figure, axes = new_axes("Forecasts with a learned model")
    for name, colour in zip(curves.columns[1:], LINES, strict=False):
        axes.plot(curves.lyapunov_times, curves[name], color=colour, label=name)
    axes.axhline(0.5, color="#888888", lw=0.8)
    axes.set_xlabel("Lyapunov times")
    axes.set_ylabel("error / climatological spread")
    legend(axes, loc="lower right")
    return figure


def cost_chart(rows: pd.DataFrame) -> Figure:
    """Error against cost of models inside one filter.

    Parameters
    ----------
    rows
        Columns model, members, milliseconds, measured, low and high.
    """
    figure, axes = new_axes("Accuracy against cost", margins=(0.14, 0.14, 0.95, 0.91))
    for (name, group), colour in zip(rows.groupby("model", sort=False), LINES, strict=False):
        beyond = [group.measured - group.low, group.high - group.measured]
        axes.errorbar(
            group.milliseconds, group.measured, yerr=beyond, fmt="o-", color=colour, label=name
        )
        for row in group.itertuples():
            axes.annotate(
                str(row.members),
                (row.milliseconds, row.measured),
                xytext=(4, 5),
                textcoords="offset points",
                fontsize=8,
            )
    axes.set_xscale("log")
    axes.set_xlim(rows.milliseconds.min() / 1.5, rows.milliseconds.max() * 2.5)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(0, None)
    axes.set_xlabel("processor time of a cycle (ms, this run)")
    axes.set_ylabel("analysis error of slow variables")
    legend(axes)
    return figure


def training_chart(steps: np.ndarray, validation: np.ndarray, goal: float) -> Figure:
    """Validation error of the learned analysis as training goes on."""
    figure, axes = new_axes("Learning the analysis through the cycle")
    axes.plot(steps, validation, color=OKABE_ITO["blue"], label="learned analysis")
    axes.axhline(goal, color=OKABE_ITO["vermilion"], lw=1, label="square-root EnKF, N = 24")
    axes.set_xlabel("training steps")
    axes.set_ylabel("analysis error")
    axes.set_ylim(0, None)
    legend(axes)
    return figure
