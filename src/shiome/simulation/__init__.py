"""Process-driven models: equations, and their fitted relatives, that step a state forward."""

from shiome.simulation.integrate import ensemble, runge_kutta_4, trajectory
from shiome.simulation.model import Model

__all__ = ["Model", "ensemble", "runge_kutta_4", "trajectory"]
