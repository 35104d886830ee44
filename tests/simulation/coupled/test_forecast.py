import jax
import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import ModelError
from shiome.simulation.coupled import CoupledForecast, CoupledSystem
from tests.simulation.coupled.conftest import departures

# One number of members for all tests, so that each model compiles once.
MEMBERS = 24


@pytest.fixture(scope="module")
def forecast(system: CoupledSystem, record: xr.DataArray, training: np.ndarray) -> CoupledForecast:
    return CoupledForecast.fit(system, departures(record, training), training)


def test_members_are_those_of_the_start_whatever_the_batch(forecast: CoupledForecast) -> None:
    starts = np.array([200, 210, 220])
    together = forecast.members(starts, MEMBERS, jax.random.key(0))
    alone = forecast.members(starts[1:2], MEMBERS, jax.random.key(0))
    assert together.shape == (3, 12, MEMBERS, 2)
    np.testing.assert_allclose(together[1:2], alone, atol=1e-5)


def test_spread_grows_and_a_great_event_is_foreseen(forecast: CoupledForecast) -> None:
    """From 1 June 1997, in years that the fit has not seen."""
    may = (1997 - 1979) * 12 + 4
    members = forecast.members(np.array([may]), MEMBERS, jax.random.key(0))[0, :, :, 0]
    assert members[6].std() > members[0].std() > 0.1
    assert members[6].mean() > 0.8
    # and from November 1998 the opposite
    members = forecast.members(np.array([may + 17]), MEMBERS, jax.random.key(0))[0, :, :, 0]
    assert members[3].mean() < -0.3


def test_initial_members_may_differ(forecast: CoupledForecast) -> None:
    starts = np.array([200, 201])
    same = forecast.members(starts, MEMBERS, jax.random.key(0))
    wide = [np.repeat(m.state[starts][:, None], MEMBERS // 2, 1) for m in forecast.models]
    np.testing.assert_allclose(
        forecast.members(starts, MEMBERS, jax.random.key(0), states=wide), same, atol=1e-5
    )


def test_a_member_that_is_no_number_is_named(forecast: CoupledForecast) -> None:
    starts = np.array([200])
    broken = [np.repeat(m.state[starts][:, None], MEMBERS // 2, 1) for m in forecast.models]
    broken[0][0, 2] = np.nan
    with pytest.raises(ModelError, match="member 2 of the coupled forecast from 1995-10"):
        forecast.members(starts, MEMBERS, jax.random.key(0), states=broken)
