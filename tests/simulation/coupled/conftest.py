import numpy as np
import pytest
import xarray as xr

from shiome.data import open_sample
from shiome.data.anomalies import anomalies
from shiome.grids import month_number
from shiome.simulation.coupled import Coupled, CoupledSystem, fit_coupled, mean_climate
from shiome.simulation.coupled.climate import Climate
from shiome.simulation.coupled.reduced_ocean import shipped_ocean
from shiome.simulation.empirical.wind_stress import bulk_stress
from shiome.simulation.ocean import SimulatedOcean, tropical_basin


@pytest.fixture(scope="session")
def climate() -> Climate:
    return mean_climate(
        open_sample("sst-climatology-t30")["sst"],
        open_sample("coads-climatology"),
        open_sample("ocean-temperature")["sea_water_temperature"],
    )


@pytest.fixture(scope="session")
def system(climate: Climate) -> CoupledSystem:
    """The system with observed winds, but without the indices that it does not need."""
    basin = tropical_basin(open_sample("relief-1deg")["surface_altitude"])
    winds = open_sample("navy-winds")
    grid = {"latitude": basin.latitude, "longitude": basin.longitude}
    u, v = (winds[n].interp(grid).values for n in ("eastward_wind", "northward_wind"))
    stress = (bulk_stress(u, v) * basin.wet).astype(np.float32)
    months = month_number(winds["time"].values)
    simulated = SimulatedOcean((), np.zeros((0, 1, 2, 1, 1), np.float32), stress, months)
    return CoupledSystem(simulated, shipped_ocean(), basin, climate)


@pytest.fixture(scope="session")
def record() -> xr.DataArray:
    return open_sample("sst-anomaly-t30")["sst_anomaly"]


def departures(record: xr.DataArray, training: np.ndarray) -> xr.DataArray:
    month = month_number(record["time"].values)
    return record.copy(data=anomalies(record.values, month, training))


@pytest.fixture(scope="session")
def training(record: xr.DataArray) -> np.ndarray:
    """All but 1995–2001."""
    year = record["time"].dt.year.values
    return (year < 1995) | (year > 2001)


@pytest.fixture(scope="session")
def fitted(system: CoupledSystem, record: xr.DataArray, training: np.ndarray) -> Coupled:
    return fit_coupled(system, departures(record, training), training)
