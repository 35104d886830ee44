"""What a user may choose about the assimilation showcase."""

from dataclasses import dataclass

from shiome.core.options import option

TITLE = "Assimilation: published schemes, and learned ones"


@dataclass(frozen=True)
class Config:
    """Published assimilation experiments beside learned analyses and models (synthetic data)."""

    size: str = option(
        "small",
        "How much to compute: small (about two minutes) or full (about an hour).",
        choices=("small", "full"),
    )
    retrain: bool = option(
        False, "Train the learned analysis anew at full length, instead of the shipped weights."
    )
    checkpoint: str = option(
        "", "File that keeps the state of --retrain; an interrupted training goes on from it."
    )
    seed: int = option(0, "Seed of all random numbers.", ge=0, le=2**31 - 1)

    @property
    def cycles(self) -> int:
        """Assimilation cycles of each published experiment, after its spin-up."""
        return 400 if self.size == "small" else 10_000

    @property
    def seeds(self) -> int:
        """Independent twin experiments of each kind."""
        return 2
