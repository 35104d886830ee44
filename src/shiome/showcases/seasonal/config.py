"""What a user may choose about the seasonal outlook."""

from dataclasses import dataclass

from shiome.core.options import option

TITLE = "Seasonal outlook"


@dataclass(frozen=True)
class ForecastOptions:
    """What all showcases that hindcast with the seasonal system share."""

    members: int = option(108, "Ensemble members.", ge=12, le=5000)
    size: str = option(
        "small",
        "How many bootstrap resamples give the intervals: small 1000, full 10,000.",
        choices=("small", "full"),
    )
    block_years: int = option(
        5, "Length of the blocks withheld in cross-validation.", unit="years", ge=1, le=20
    )
    margin_years: int = option(
        1, "Years dropped on each side of a withheld block.", unit="years", ge=0, le=5
    )
    seed: int = option(0, "Seed of all random numbers.", ge=0, le=2**31 - 1)

    @property
    def resamples(self) -> int:
        """Bootstrap resamples behind every interval."""
        return 1000 if self.size == "small" else 10_000


@dataclass(frozen=True)
class Config(ForecastOptions):
    """Seasonal outlook from observed sea-surface temperature, with its honest skill."""

    sst: str | None = option(
        None,
        "File, glob or address of monthly sea-surface temperature (netCDF or Zarr; absolute or "
        "anomalies). Default: the shipped record 1979–2013, unless --indices is given alone.",
    )
    variable: str | None = option(
        None, "Name of the variable in --sst, where the file holds several candidates."
    )
    indices: str | None = option(
        None,
        "File of monthly indices (netCDF or CSV: time and columns such as Nino34, WWV, IOD) to "
        "join to the predictors. Without --sst, these are also the targets.",
    )
    ocean: bool = option(
        True,
        "Drive a simulated ocean with the winds that go with the surface temperature, and add its "
        "warm water volume to the predictors.",
    )
    coupled: bool = option(
        True,
        "Let coupled models, in which surface and simulated ocean drive each other, supply two "
        "thirds of the members, half of these from the states of an ensemble filter. They need the "
        "simulated ocean.",
    )
    rainfall: str | None = option(
        None,
        "File of an East African rainfall index (mm/day, Oct–Dec mean or monthly) to refit the "
        "hybrid forecast on. Default: the published regression.",
    )
    start: str | None = option(
        None,
        "Month of issue, YYYY-MM; the month before is the last one seen. Default: the month after "
        "the record ends.",
    )
    train_to: int | None = option(
        None,
        "Last training year of the past-only verification. Default: 1999, or three fifths of a "
        "record for which that is too early or too late.",
        unit="year",
        ge=1850,
        le=2200,
    )
