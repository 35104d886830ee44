"""What a user may choose about the detection of cyclones and their precursors."""

from dataclasses import dataclass
from typing import NamedTuple

from shiome.core.options import option

TITLE = "Typhoon eggs in cloud images (simulated world)"
BLOCK = 2  # pixels along the blocks that U-Nets work on


class Extent(NamedTuple):
    """How much is learned from whole images.

    Attributes
    ----------
    steps, batch, chunk
        Of each training; the network is validated after each chunk.
    width, depth
        Channels of the first level of the U-Net, and levels below it.
    """

    steps: int
    batch: int
    chunk: int
    width: int
    depth: int


class Scale(NamedTuple):
    """How much is computed.

    Attributes
    ----------
    seasons, held
        How many seasons are simulated, none where those that ship are taken; and how many of them
        are for the test (the last), and for the validation (those before).
    coarsen
        Cells of 25 km along one side of a pixel.
    steps, batch, chunk
        Of each training; the network is validated after each chunk.
    stages, blocks, width, wide
        Stages of the networks, of which each but the first halves the image; blocks of each; and
        channels of the first, and how many times as many the wide one has.
    members, seeds
        Of the ensemble, and repetitions of every row of the ablation.
    whole
        Of the trainings on whole images.
    """

    seasons: int
    held: int
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
    whole: Extent

    @property
    def size(self) -> int:
        """Pixels along a patch of 1,600 km."""
        return 64 // self.coarsen

    @property
    def reduction(self) -> int:
        """Pixels along a point of the maps."""
        return 2 ** (self.stages - 1)

    @property
    def multiple(self) -> int:
        """What all networks can divide the sides of an image by."""
        return max(self.reduction, BLOCK * 2**self.whole.depth)


SCALES = {
    "small": Scale(0, 1, 2, 80, 32, 40, 3, 1, 4, 2, 2, 2, Extent(90, 4, 30, 6, 2)),
    "medium": Scale(36, 2, 2, 1200, 64, 200, 3, 1, 8, 2, 3, 2, Extent(3600, 8, 200, 16, 3)),
    "full": Scale(64, 3, 2, 1200, 64, 200, 3, 1, 8, 2, 4, 2, Extent(4000, 8, 200, 24, 3)),
}


@dataclass(frozen=True)
class Config:
    """Cyclones and their precursors in cloud images: learn them, find them, score it."""

    size: str = option(
        "small",
        "How much to compute: small (shipped synthetic seasons, tiny networks, minutes), "
        "medium (simulates 36 seasons; hours) or full (64 seasons, larger networks; more hours).",
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
        0.88,
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
