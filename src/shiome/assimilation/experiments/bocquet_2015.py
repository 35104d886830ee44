"""Bocquet, Raanes & Hannart (2015), Nonlin. Processes Geophys. 22, fig. 3: inflation, or none."""

from shiome.assimilation.enkf import SquareRoot
from shiome.assimilation.ensembles import Multiplicative
from shiome.assimilation.experiments.experiment import Experiment, fully_observed
from shiome.assimilation.finite_size import FiniteSize

PAPER = "Bocquet, Raanes & Hannart (2015), fig. 3"

EXPERIMENTS = (
    Experiment(
        "enkf_square_root_20",
        "EnKF, square root, N = 20, 1.04, rotation",
        0.20,
        lambda: (SquareRoot(20, Multiplicative(1.04), rotation=True), fully_observed()),
        PAPER,
    ),
    Experiment(
        "enkf_n_24",
        "EnKF-N, N = 24, xN = 2, rotation",
        0.18,
        lambda: (FiniteSize(24, confidence=2.0, rotation=True), fully_observed()),
        PAPER,
    ),
)
