"""Oceans that the wind drives."""

from shiome.simulation.ocean.basin import Basin, box_basin, tropical_basin
from shiome.simulation.ocean.reduced_gravity import (
    MonthlyWind,
    OceanParameters,
    OceanState,
    ReducedGravityOcean,
    Stress,
    reduced_gravity_ocean,
)

__all__ = [
    "Basin",
    "MonthlyWind",
    "OceanParameters",
    "OceanState",
    "ReducedGravityOcean",
    "Stress",
    "box_basin",
    "reduced_gravity_ocean",
    "tropical_basin",
]
