"""Bocquet (2011), Nonlin. Processes Geophys. 18, fig. 6: few members, with localisation."""

import numpy as np

from shiome.assimilation.ensembles import Multiplicative
from shiome.assimilation.experiments.experiment import VARIABLES, Experiment, fully_observed
from shiome.assimilation.letkf import LocalTransform
from shiome.assimilation.localisation import neighbourhood
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Scheme


def _local() -> tuple[Scheme, Problem]:
    circle = np.arange(VARIABLES)
    near = neighbourhood(circle, circle, 4.0, period=VARIABLES)
    return LocalTransform(7, near, Multiplicative(1.04), rotation=True), fully_observed()


EXPERIMENTS = (
    Experiment(
        "letkf_7",
        "LETKF, N = 7, 1.04, radius 4, rotation",
        0.22,
        _local,
        "Bocquet (2011), fig. 6",
    ),
)
