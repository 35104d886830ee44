"""What a user may choose about the coupled model's report."""

from dataclasses import dataclass

from shiome.core.options import option
from shiome.showcases.seasonal.config import ForecastOptions

TITLE = "The coupled model"


@dataclass(frozen=True)
class Config(ForecastOptions):
    """Free run, reanalysis and cross-validated forecasts of the coupled model."""

    sst: str | None = option(
        None,
        "File, glob or address of monthly sea-surface temperature, as for the seasonal outlook. "
        "Default: the shipped record 1979–2013.",
    )
    members: int = option(108, "Ensemble members of filter and forecasts.", ge=16, le=5000)
    years: int = option(100, "Length of the free runs.", unit="years", ge=20, le=10_000)
    runs: int = option(20, "Free runs, which differ by their noise.", ge=2, le=1000)
