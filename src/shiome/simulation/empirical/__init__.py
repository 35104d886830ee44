"""Models fitted to data, behind the same interface as the equations."""

from shiome.simulation.empirical.climatology import Climatology
from shiome.simulation.empirical.eof import EOFBasis
from shiome.simulation.empirical.lim import LinearInverseModel
from shiome.simulation.empirical.monthly import MonthlyModel, mirrored_ensemble, unforced
from shiome.simulation.empirical.persistence import DampedPersistence
from shiome.simulation.empirical.recharge import RechargeOscillator
from shiome.simulation.empirical.response import LinearResponse

__all__ = [
    "Climatology",
    "DampedPersistence",
    "EOFBasis",
    "LinearInverseModel",
    "LinearResponse",
    "MonthlyModel",
    "RechargeOscillator",
    "mirrored_ensemble",
    "unforced",
]
