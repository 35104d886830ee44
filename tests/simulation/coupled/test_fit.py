import jax
import numpy as np
import pytest
import xarray as xr

from shiome.core import DataError
from shiome.core.errors import ModelError
from shiome.grids import climate_index
from shiome.simulation.coupled import Coupled, CoupledSystem, HeatParameters, fit_coupled
from shiome.simulation.coupled.parameters import LOWER, UPPER, to_vector
from tests.simulation.coupled.conftest import departures


def test_withheld_years_leave_no_trace(
    system: CoupledSystem, record: xr.DataArray, training: np.ndarray, fitted: Coupled
) -> None:
    other = record.copy(data=np.where(training[:, None, None], record.values, -record.values))
    again = fit_coupled(system, departures(other, training), training)
    for a, b in zip(jax.tree.leaves(fitted.model), jax.tree.leaves(again.model), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(fitted.state[: 16 * 12], again.state[: 16 * 12])
    assert not np.allclose(fitted.state[16 * 12 :], again.state[16 * 12 :])


def test_the_state_knows_the_indices(fitted: Coupled, record: xr.DataArray) -> None:
    seen = fitted.state @ fitted.to_indices
    for i, (name, least) in enumerate((("nino34", 0.98), ("dmi", 0.85))):
        assert np.corrcoef(seen[:, i], climate_index(record, name).values)[0, 1] > least


def test_a_missing_month_is_bridged(
    system: CoupledSystem, record: xr.DataArray, training: np.ndarray, fitted: Coupled
) -> None:
    gap = 300
    holed = record.copy(deep=True)
    holed[gap] = np.nan
    bridged = fit_coupled(system, departures(holed, training), training)
    assert np.isfinite(bridged.state).all()
    seen, filled = (s @ fitted.to_indices for s in (fitted.state[gap], bridged.state[gap]))
    before = fitted.state[gap - 1] @ fitted.to_indices
    assert abs(filled[0] - before[0]) < 0.5
    assert abs(filled[0] - seen[0]) < 0.7


def test_gaps_in_space_are_filled_by_what_was_seen(
    system: CoupledSystem, record: xr.DataArray, training: np.ndarray, fitted: Coupled
) -> None:
    """Half of the Pacific is missing in a month of El Niño, scattered cells in others."""
    gap = (1997 - 1979) * 12 + 11
    holed = record.copy(deep=True)
    holed.values[gap, :, ::2] = np.nan
    holed.values[gap - 1, :, 60:90] = np.nan
    scattered = np.random.default_rng(0).random(holed[:40].shape) < 0.05
    holed.values[:40][scattered] = np.nan
    filled = fit_coupled(system, departures(holed, training), training)
    seen, found = (s @ fitted.to_indices for s in (fitted.state, filled.state))
    assert filled.surface.known.all()
    np.testing.assert_allclose(found[gap - 1 : gap + 1, 0], seen[gap - 1 : gap + 1, 0], atol=0.4)
    np.testing.assert_allclose(found[:40, 0], seen[:40, 0], atol=0.15)


def test_parameters_learned_through_time_stay_in_bounds_and_near_theory(
    system: CoupledSystem, record: xr.DataArray, training: np.ndarray
) -> None:
    learned = fit_coupled(
        system, departures(record, training), training, modes=5, fit_heat=True, closed=False
    )
    found, theory = to_vector(learned.parameters), to_vector(HeatParameters())
    assert (found >= LOWER).all()
    assert (found <= UPPER).all()
    assert 0.01 < np.abs(found - theory).max() < 1.0


def test_no_winds_no_model(system: CoupledSystem, record: xr.DataArray) -> None:
    late = record["time"].dt.year.values > 1993
    with pytest.raises(ModelError, match="observed winds"):
        fit_coupled(system, departures(record, late), late)


def test_a_field_without_the_tropics_is_refused(
    system: CoupledSystem, record: xr.DataArray, training: np.ndarray
) -> None:
    north = departures(record, training).where(record["latitude"] > 30)
    with pytest.raises(DataError, match="no values"):
        fit_coupled(system, north, training, indices=np.zeros((420, 2)))
