"""The coupled model of the seasonal system, from the shipped climatologies."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.data import DataRecord, describe, open_sample
from shiome.data.anomalies import anomalies
from shiome.simulation.coupled import CoupledSystem, mean_climate, shipped_ocean
from shiome.simulation.ocean import SimulatedOcean, tropical_basin

SAMPLES = ("sst-climatology-t30", "coads-climatology", "ocean-temperature", "relief-1deg")


def coupled_system(simulated: SimulatedOcean) -> CoupledSystem:
    """Join a simulated ocean, which has the winds, with the mean climate and the reduced ocean."""
    sst, winds, temperature, relief = (open_sample(name) for name in SAMPLES)
    return CoupledSystem(
        simulated=simulated,
        ocean=shipped_ocean(),
        basin=tropical_basin(relief["surface_altitude"]),
        climate=mean_climate(sst["sst"], winds, temperature["sea_water_temperature"]),
    )


def coupled_records() -> list[DataRecord]:
    """What the system is made from."""
    return [describe(name) for name in SAMPLES]


def departures(
    field: xr.DataArray, month: npt.NDArray[np.int64], training: npt.NDArray[np.bool_]
) -> xr.DataArray:
    """Departures of a field from the climatology of the training months, as the model takes it."""
    field = field.transpose("time", "latitude", "longitude")
    return field.copy(data=anomalies(field.values, month, training))
