"""What a user may choose about the detection of cyclones and their precursors."""

from dataclasses import dataclass
from typing import NamedTuple

from shiome.core.options import option

TITLE = "Typhoon eggs in cloud images (simulated world)"


class Scale(NamedTuple):
    """How much is computed.

    Attributes
    ----------
    seasons
        Numbers of the simulated seasons; the second last is for the validation, the last for the
        test; none for those that ship.
    coarsen
        Cells of 25 km along one side of a pixel.
    steps, batch, chunk
        Of each training; the network is validated after each chunk.
    stages, blocks, width, wide
        Stages of the networks, of which each but the first halves the image; blocks of each; and
        channels of the first, and how many times as many the wide one has.
    members, seeds
        Of the ensemble, and repetitions of every row of the ablation.
    """

    seasons: tuple[int, ...]
    coarsen: int
    steps: int
    batch: int
    chunk: int
    stages: int
    blocks: int
    width: int
    wide: int
    members: int
    seeds: int

    @property
    def size(self) -> int:
        """Pixels along a patch of 1,600 km."""
        return 64 // self.coarsen

    @property
    def reduction(self) -> int:
        """Pixels along a point of the maps."""
        return 2 ** (self.stages - 1)


SCALES = {
    "small": Scale((), 2, 100, 32, 50, 3, 1, 4, 2, 2, 2),
    "medium": Scale((*range(6), 8, 9), 2, 1200, 64, 200, 3, 1, 8, 2, 3, 1),
    "full": Scale(tuple(range(30)), 1, 20_000, 128, 500, 4, 2, 16, 4, 10, 3),
}


@dataclass(frozen=True)
class Config:
    """Cyclones and their precursors in cloud images: learn them, find them, score it."""

    size: str = option(
        "small",
        "How much to compute: small (shipped synthetic seasons, tiny networks, minutes), "
        "medium (simulates eight seasons; hours) or full (days; meant for an accelerator).",
        choices=tuple(SCALES),
    )
    images: str | None = option(
        None,
        "Your cloud images in place of the simulated ones: netCDF or Zarr, GridSat-B1 or similar "
        "(brightness temperature in K, or outgoing longwave radiation in W m-2). Needs --tracks.",
    )
    tracks: str | None = option(
        None, "Best tracks for --images: IBTrACS v4, CSV or netCDF. Needs --images."
    )
    validation: str = option(
        "", "With --images: first day of the validation. Default: after 60 % of the images."
    )
    test: str = option("", "With --images: first day of the test. Default: after 75 %.")
    checkpoint: str = option(
        "",
        "Folder that keeps simulated seasons and the state of every training; an interrupted run "
        "goes on from it, to the same weights.",
    )
    gale: float = option(
        17.0,
        "Wind from which a simulated vortex is a cyclone: a gale (mean of the layer).",
        unit="m s-1",
        ge=1,
        le=60,
    )
    spin: float = option(
        1e-4,
        "Vorticity, smoothed over 50 km, from which a simulated vortex is a cyclone.",
        unit="s-1",
        ge=1e-6,
        le=1e-2,
    )
    warm_core: float = option(
        100.0, "Thickness that the layer of a simulated cyclone lacks.", unit="m", ge=0, le=3000
    )
    lifetime: float = option(
        36.0, "Shortest life of a simulated cyclone.", unit="hours", ge=6, le=240
    )
    radius: float = option(
        300.0, "Largest distance of a detection from what it found.", unit="km", ge=50, le=2000
    )
    separation: float = option(
        500.0, "Least distance between two detections in one image.", unit="km", ge=0, le=2000
    )
    recall: float = option(
        0.87,
        "Share of the validation's events that the score threshold must find; the test has no say "
        "in the threshold.",
        ge=0.1,
        le=0.99,
    )
    seed: int = option(0, "Seed of all random numbers.", ge=0, le=2**31 - 1)

    @property
    def scale(self) -> Scale:
        """How much is computed."""
        return SCALES[self.size]
