"""Ocean and surface that drive each other through the wind."""

from shiome.simulation.coupled.climate import Climate, mean_climate
from shiome.simulation.coupled.fit import Coupled, CoupledSystem, fit_coupled, with_closure
from shiome.simulation.coupled.forecast import CoupledForecast
from shiome.simulation.coupled.heat import HeatStep, SurfaceMaps, heat_step
from shiome.simulation.coupled.model import CoupledModel, SeasonalClosure, no_closure
from shiome.simulation.coupled.parameters import HeatParameters
from shiome.simulation.coupled.reduced_ocean import ReducedOcean, shipped_ocean

__all__ = [
    "Climate",
    "Coupled",
    "CoupledForecast",
    "CoupledModel",
    "CoupledSystem",
    "HeatParameters",
    "HeatStep",
    "ReducedOcean",
    "SeasonalClosure",
    "SurfaceMaps",
    "fit_coupled",
    "heat_step",
    "mean_climate",
    "no_closure",
    "shipped_ocean",
    "with_closure",
]
