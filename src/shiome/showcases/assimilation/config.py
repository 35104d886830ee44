"""What a user may choose about the assimilation showcase."""

from dataclasses import dataclass

from shiome.core.options import option

TITLE = "Assimilation: published schemes, and learned ones"


@dataclass(frozen=True)
class Config:
    """Published assimilation experiments beside learned analyses and models (synthetic data)."""

    size: str = option(
        "small",
        "How much to compute: small (about two minutes) or full (about ten times as much).",
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
        return 400 if self.size == "small" else 4000

    @property
    def seeds(self) -> int:
        """Independent twin experiments of each kind."""
        return 2

    @property
    def learning(self) -> tuple[int, int, tuple[float, ...]]:
        """Cycles to learn a model from, optimisation steps, and inflation of each round."""
        return (600, 250, (1.3,)) if self.size == "small" else (1500, 500, (1.3, 1.15))

    @property
    def trial(self) -> int:
        """Cycles over which hybrid models are judged."""
        return 300 if self.size == "small" else 1500

    @property
    def densities(self) -> tuple[float, ...]:
        """Parts of the variables that a model is learned from."""
        return (1.0, 0.5) if self.size == "small" else (1.0, 0.5, 0.25)

    @property
    def ensembles(self) -> dict[str, tuple[int, ...]]:
        """Ensemble sizes of the models for which several are tried."""
        if self.size == "small":
            return {"emulator": (10, 20)}
        return {"emulator": (7, 10, 20, 40), "full": (10, 20, 40)}
