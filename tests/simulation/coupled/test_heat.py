import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from shiome.core import ConfigError
from shiome.simulation.coupled import Coupled, CoupledSystem, HeatParameters, heat_step
from shiome.simulation.coupled.climate import CELLS
from shiome.simulation.coupled.heat import _exponential
from shiome.simulation.coupled.parameters import from_vector, to_vector

NAMES = [cell.name for cell in CELLS]
compiled = eqx.filter_jit(heat_step)


def as_arrays(parameters: HeatParameters) -> HeatParameters:
    """So that other numbers need no other compilation."""
    return jax.tree.map(jnp.asarray, parameters)


def test_without_currents_anomalies_are_only_damped(fitted: Coupled, system: CoupledSystem) -> None:
    nothing = jax.tree.map(jnp.zeros_like, fitted.maps)
    step = compiled(as_arrays(HeatParameters(damping=0.25)), system.climate, nothing)
    k = fitted.model.modes
    expected = np.broadcast_to(np.exp(-0.25) * np.eye(k), (12, k, k))
    np.testing.assert_allclose(step.propagator, expected, atol=1e-6)
    assert not np.asarray(step.heating).any()


def test_a_deep_thermocline_warms_the_east(fitted: Coupled, system: CoupledSystem) -> None:
    """Ten metres more over 220°E–270°E, by its own term: tenths of a kelvin."""
    alone = HeatParameters(upwelling=0.0, zonal=0.0, mean_current=0.0)
    step = compiled(as_arrays(alone), system.climate, fitted.maps)
    cells = [NAMES.index(f"pacific{west}") for west in range(220, 270, 10)]
    thickness = np.asarray(fitted.maps.thickness)
    target = np.zeros(len(CELLS))
    target[cells] = 10.0
    state = np.linalg.lstsq(thickness, target, rcond=1e-3)[0]
    warmed = np.asarray(fitted.maps.temperature) @ np.asarray(step.heating).mean(0) @ state
    assert 0.05 < warmed[cells].mean() < 1.5


def test_the_exponential_is_that_of_the_general_method() -> None:
    """Matrices of norm 0.3 to 6, as budgets have them."""
    for norm in (0.3, 2.0, 6.0):
        matrix = np.random.default_rng(0).normal(size=(30, 30))
        matrix *= norm / np.linalg.norm(matrix, 2)
        expected = expm(matrix)
        found = _exponential(jnp.asarray(matrix, jnp.float32))
        np.testing.assert_allclose(found, expected, atol=5e-6 * np.abs(expected).max())


def test_gradient_agrees_with_differences(fitted: Coupled, system: CoupledSystem) -> None:
    def total(vector: jax.Array) -> jax.Array:
        step = heat_step(from_vector(vector), system.climate, fitted.maps)
        return (step.propagator**2).sum() + 1e-2 * (step.heating**2).sum()

    at = jnp.asarray(to_vector(HeatParameters()), jnp.float32)
    total = jax.jit(total)
    slope = jax.grad(total)(at)
    for i in range(len(at)):
        shift = jnp.zeros_like(at).at[i].set(0.02)
        difference = (total(at + shift) - total(at - shift)) / 0.04
        assert float(slope[i]) == pytest.approx(float(difference), rel=0.03, abs=2e-2)


def test_parameters_have_bounds() -> None:
    with pytest.raises(ConfigError, match="--thermocline is 3"):
        HeatParameters(thermocline=3.0)
