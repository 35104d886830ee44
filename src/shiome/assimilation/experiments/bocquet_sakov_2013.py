"""Bocquet & Sakov (2013), Nonlin. Processes Geophys. 20, fig. 4: smoothers, observed each 0.2."""

import jax.numpy as jnp

from shiome.assimilation.experiments.experiment import VARIABLES, Experiment, fully_observed
from shiome.assimilation.ienks import IterativeSmoother
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Scheme
from shiome.assimilation.var4d import Var4D

PAPER = "Bocquet & Sakov (2013), fig. 4"


def _variational(lag: int, scale: float) -> tuple[Scheme, Problem]:
    return Var4D(scale * jnp.eye(VARIABLES), lag), fully_observed(every=4)


EXPERIMENTS = (
    Experiment("var4d_lag1", "4D-Var, lag 1, B = 0.2 I", 0.46, lambda: _variational(1, 0.2), PAPER),
    Experiment("var4d_lag2", "4D-Var, lag 2, B = 0.1 I", 0.39, lambda: _variational(2, 0.1), PAPER),
    Experiment(
        "var4d_lag4", "4D-Var, lag 4, B = 0.02 I", 0.37, lambda: _variational(4, 0.02), PAPER
    ),
    Experiment(
        "ienks_20",
        "Iterative EnKS, N = 20, lag 4, xN = 2",
        0.31,
        lambda: (IterativeSmoother(20, 4, confidence=2.0), fully_observed(every=4)),
        PAPER,
    ),
)
