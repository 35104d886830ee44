"""Oceans that the wind drives."""

from shiome.simulation.ocean.basin import Basin, box_basin, tropical_basin
from shiome.simulation.ocean.coefficients import OceanParameters
from shiome.simulation.ocean.influence import respond, wind_influence
from shiome.simulation.ocean.reduced_gravity import (
    OceanState,
    ReducedGravityOcean,
    reduced_gravity_ocean,
)
from shiome.simulation.ocean.simulated import (
    WARM_WATER,
    MappedWind,
    SimulatedOcean,
    simulated_ocean,
)
from shiome.simulation.ocean.wind import MonthlyWind, Stress

__all__ = [
    "WARM_WATER",
    "Basin",
    "MappedWind",
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
