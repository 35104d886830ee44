"""What a user may choose about the seafloor showcase."""

from dataclasses import dataclass

from shiome.core.options import option

TITLE = "Sea floor, sharper: super-resolution on real bathymetry"


@dataclass(frozen=True)
class Config:
    """Sharpen the relief of whole ocean basins that no network has seen."""

    size: str = option(
        "small",
        "How much to compute: small scores the shipped networks and trains one briefly (two "
        "minutes); full trains all of them anew (half an hour of one core).",
        choices=("small", "full"),
    )
    grid: str = option(
        "", "A grid of heights of your own (netCDF) to score on, instead of the two test basins."
    )
    checkpoints: str = option(
        "", "Folder that keeps the state of each training; interrupted ones go on from it."
    )
    seed: int = option(0, "Seed of all random numbers.", ge=0, le=2**31 - 1)
