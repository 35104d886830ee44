"""Oceans that the wind drives."""

from shiome.simulation.ocean.basin import Basin, box_basin, tropical_basin
from shiome.simulation.ocean.influence import respond, wind_influence
from shiome.simulation.ocean.reduced_gravity import (
    MonthlyWind,
    OceanParameters,
    OceanState,
    ReducedGravityOcean,
    Stress,
    reduced_gravity_ocean,
)
from shiome.simulation.ocean.simulated import WARM_WATER, SimulatedOcean, simulated_ocean

__all__ = [
    "WARM_WATER",
    "Basin",
    "MonthlyWind",
    "OceanParameters",
    "OceanState",
    "ReducedGravityOcean",
    "SimulatedOcean",
    "Stress",
    "box_basin",
    "reduced_gravity_ocean",
    "respond",
    "simulated_ocean",
    "tropical_basin",
    "wind_influence",
]
