"""Sakov & Oke (2008), Tellus A 60, table 1: Lorenz-96, every variable observed each 0.05.

The rows without an ensemble have the same setting; Raanes (2016, thesis, University of Oxford)
tuned them.
"""

import functools
from typing import cast

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.background import climatology
from shiome.assimilation.enkf import Deterministic, PerturbedObservations, SquareRoot
from shiome.assimilation.ensembles import Multiplicative
from shiome.assimilation.experiments.experiment import Experiment, fully_observed
from shiome.assimilation.extended_kalman import ExtendedKalman
from shiome.assimilation.optimal_interpolation import OptimalInterpolation
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Scheme
from shiome.assimilation.var3d import Var3D
from shiome.simulation.lorenz96 import Lorenz96

PAPER = "Sakov & Oke (2008), table 1"
BASELINE = "Raanes (2016), setting of Sakov & Oke (2008)"


def frozen_tangent(
    problem: Problem,
    before: Float[Array, " n"],
    after: Float[Array, " n"],
    time: Float[Array, ""],
    key: PRNGKeyArray,
) -> Float[Array, "n n"]:
    """Tangent-linear model frozen at the forecast, as behind the printed number.

    The exact tangent, which follows the trajectory, gives a smaller error: 0.22.
    """
    model = cast("Lorenz96", problem.model)
    slope = jax.jacfwd(lambda x: model.tendency(x, time))(after)
    return jax.scipy.linalg.expm(problem.interval * slope)


@functools.cache
def _climate() -> tuple[Float[Array, " n"], Float[Array, "n n"]]:
    problem = fully_observed()
    return climatology(problem.model, problem.initial, 40_000, jax.random.key(2008))


def _with(scheme: Scheme) -> tuple[Scheme, Problem]:
    return scheme, fully_observed()


EXPERIMENTS = (
    Experiment(
        "optimal_interpolation",
        "Optimal interpolation",
        0.95,
        lambda: _with(OptimalInterpolation(*_climate())),
        BASELINE,
    ),
    Experiment(
        "var3d",
        "3D-Var, B = 0.02 climatological covariance",
        0.41,
        lambda: _with(Var3D(0.02 * _climate()[1])),
        BASELINE,
    ),
    Experiment(
        "extended_kalman",
        "Extended Kalman filter, frozen tangent, inflation 10",
        0.24,
        lambda: _with(ExtendedKalman(10.0, frozen_tangent)),
        BASELINE,
        double=True,
    ),
    Experiment(
        "enkf_perturbed_40",
        "EnKF, perturbed observations, N = 40, 1.06",
        0.22,
        lambda: _with(PerturbedObservations(40, Multiplicative(1.06))),
        PAPER,
    ),
    Experiment(
        "enkf_perturbed_28",
        "EnKF, perturbed observations, N = 28, 1.08",
        0.24,
        lambda: _with(PerturbedObservations(28, Multiplicative(1.08))),
        PAPER,
    ),
    Experiment(
        "enkf_square_root_24",
        "EnKF, square root, N = 24, 1.013, rotation",
        0.18,
        lambda: _with(SquareRoot(24, Multiplicative(1.013), rotation=True)),
        PAPER,
    ),
    Experiment(
        "denkf_40",
        "DEnKF, N = 40, 1.01",
        0.18,
        lambda: _with(Deterministic(40, Multiplicative(1.01))),
        PAPER,
    ),
)
