"""The coupled system of the shipped climatologies."""

from shiome.data import DataRecord, describe, open_sample
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


def records() -> list[DataRecord]:
    """What the system is made from."""
    return [describe(name) for name in SAMPLES]
