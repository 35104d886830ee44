"""Spantini, Baptista & Marzouk (2022), SIAM Review 64, fig. 9: every second variable, each 0.4.

A strongly nonlinear setting, for which Raanes et al. (DAPPER, JOSS 2024) tuned these schemes.
Their table names no rotation for the smoother. With one it meets the printed error; without, most
experiments lose the truth within 250 cycles. Over thousands of cycles it may lose it even so.
"""

import numpy as np

from shiome.assimilation.ensembles import Multiplicative
from shiome.assimilation.experiments.experiment import VARIABLES, Experiment, near_rest
from shiome.assimilation.ienks import IterativeSmoother
from shiome.assimilation.letkf import LocalTransform
from shiome.assimilation.localisation import neighbourhood
from shiome.assimilation.observations import IndependentError, Selection
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Scheme
from shiome.simulation.lorenz96 import Lorenz96

SOURCE = "Raanes et al. (2024), setting of Spantini et al. (2022)"
SEEN = np.arange(0, VARIABLES, 2)


def _problem() -> Problem:
    return Problem(
        Lorenz96(time_step=0.02), Selection(SEEN), IndependentError(0.5), near_rest(0.1), 20
    )


def _local() -> tuple[Scheme, Problem]:
    near = neighbourhood(np.arange(VARIABLES), SEEN, 4.0, period=VARIABLES)
    return LocalTransform(40, near, Multiplicative(1.10)), _problem()


EXPERIMENTS = (
    Experiment(
        "letkf_sparse_40", "LETKF, sparse, N = 40, 1.10, radius 4", 1.0, _local, SOURCE, 0.05
    ),
    Experiment(
        "ienks_sparse_100",
        "Iterative EnKS, sparse, N = 100, lag 2, xN = 1, rotation",
        0.43,
        lambda: (IterativeSmoother(100, 2, confidence=1.0, rotation=True), _problem()),
        SOURCE,
        double=True,
        holds=200,
    ),
)
