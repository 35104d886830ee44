"""Figures of the impact forecast: its hindcasts over time, and the forecast."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from shiome.products.style import OKABE_ITO, legend, new_axes
from shiome.showcases.seasonal.response import ResponseHindcast


def hindcast_table(
    hindcast: ResponseHindcast, year: int, draws: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """Observed and forecast values by year, the coming forecast last; 80 % intervals."""
    every = np.vstack([hindcast.draws, draws])
    low, median, high = np.quantile(every, [0.1, 0.5, 0.9], axis=1)
    return pd.DataFrame(
        {
            "year": [*hindcast.years, year],
            "observed": [*hindcast.obs, np.nan],
            "forecast_median": median,
            "forecast_p10": low,
            "forecast_p90": high,
            "from_observed_index": [*hindcast.perfect, np.nan],
        }
    )


def draw_hindcasts(table: pd.DataFrame, *, title: str, label: str) -> Figure:
    """Plot what was observed over what was forecast without having seen it.

    Parameters
    ----------
    table
        As :func:`hindcast_table` gives it.
    title, label
        Words above the figure, and at the value axis with the unit.
    """
    figure, axes = new_axes(title)
    past, coming = table[:-1], table[-1:]
    for rows, colour in ((past, OKABE_ITO["sky"]), (coming, OKABE_ITO["vermilion"])):
        axes.errorbar(
            rows["year"],
            rows["forecast_median"],
            yerr=[
                rows["forecast_median"] - rows["forecast_p10"],
                rows["forecast_p90"] - rows["forecast_median"],
            ],
            fmt="s",
            color=colour,
            markersize=4,
            elinewidth=3,
            alpha=0.9,
            label="forecast, 80 % interval" if rows is past else "coming forecast",
        )
    axes.plot(past["year"], past["observed"], "o-", color=OKABE_ITO["black"], label="observed")
    axes.set_xlabel("Year")
    axes.set_ylabel(label)
    legend(axes)
    return figure
