"""What a user may choose about the impact forecast."""

from dataclasses import dataclass

from shiome.core.options import option
from shiome.showcases.seasonal.config import ForecastOptions

TITLE = "Forecast of an impact series"


@dataclass(frozen=True)
class Config(ForecastOptions):
    """An honest seasonal forecast of a series of yours, from predicted climate indices."""

    series: str | None = option(
        None, "File of the series (CSV or netCDF), yearly or monthly. Required."
    )
    column: str | None = option(None, "Column of --series, where it has several.")
    season: str = option(
        "10-12",
        "Calendar months over which the indices, and a monthly series, are averaged: FIRST-LAST, "
        "for example 10-12, or 12-2 across the new year.",
    )
    year_lag: int = option(
        0,
        "Years from the season's first month to the year of the series: 1 for a harvest in the "
        "year after the season.",
        unit="years",
        ge=-1,
        le=2,
    )
    predictors: str = option(
        "nino34,dmi", "Predicted indices to regress on: nino34, dmi, or both with a comma."
    )
    start: str | None = option(
        None,
        "Month of issue, YYYY-MM; the month before is the last one seen. Skill is that of "
        "forecasts issued in the same calendar month. Default: the month after the record ends.",
    )
    sst: str | None = option(
        None, "Monthly sea-surface temperature, as for the seasonal outlook. Default: the shipped."
    )
    indices: str | None = option(
        None, "Monthly indices to join to the predictors, as for the seasonal outlook."
    )
