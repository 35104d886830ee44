"""What a user may choose about the coupled model's report."""

from dataclasses import dataclass

from shiome.core.options import option

TITLE = "The coupled model"


@dataclass(frozen=True)
class Config:
    """Free run, reanalysis and cross-validated forecasts of the coupled model."""

    sst: str | None = option(
        None,
        "File, glob or address of monthly sea-surface temperature, as for the seasonal outlook. "
        "Default: the shipped record 1979–2013.",
    )
    members: int = option(108, "Ensemble members of filter and forecasts.", ge=16, le=5000)
    years: int = option(100, "Length of the free runs.", unit="years", ge=20, le=10_000)
    runs: int = option(20, "Free runs, which differ by their noise.", ge=2, le=1000)
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
