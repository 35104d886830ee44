import jax
import jax.numpy as jnp
import numpy as np

from shiome.simulation import ensemble
from shiome.simulation.coupled import Coupled
from shiome.simulation.empirical import unforced
from shiome.simulation.ocean import WARM_WATER


def test_a_century_stays_in_bounds_and_is_locked_to_the_seasons(fitted: Coupled) -> None:
    states = jnp.zeros((10, fitted.state.shape[1]), jnp.float32)
    path = ensemble(fitted.model, states, -1.0, 1200, jax.random.key(0))
    nino = np.asarray(path @ fitted.to_indices.astype(np.float32))[:, 120:, 0]
    assert np.isfinite(nino).all()
    assert np.abs(nino).max() < 8.0
    assert 0.5 < nino.std() < 1.3
    by_month = np.array([nino[:, m::12].std() for m in range(12)])
    assert by_month[[9, 10, 11, 0]].mean() > 1.3 * by_month[[2, 3, 4, 5]].mean()


def test_the_ocean_charges_before_el_nino(fitted: Coupled) -> None:
    states = jnp.zeros((10, fitted.state.shape[1]), jnp.float32)
    path = np.asarray(ensemble(fitted.model, states, -1.0, 1200, jax.random.key(1)))[:, 120:]
    nino = (path @ fitted.to_indices)[..., 0]
    charge = path[..., fitted.model.modes :] @ np.asarray(fitted.model.charge)
    before = np.corrcoef(charge[:, :-6].ravel(), nino[:, 6:].ravel())[0, 1]
    after = np.corrcoef(charge[:, 6:].ravel(), nino[:, :-6].ravel())[0, 1]
    assert before > 0.2
    assert after < before - 0.4


def test_without_noise_anomalies_die_out(fitted: Coupled) -> None:
    start = jnp.asarray(fitted.state[226])  # November 1997
    path = unforced(fitted.model, start, jnp.asarray(226), 600)
    nino = np.asarray(path @ fitted.to_indices.astype(np.float32))[:, 0]
    assert np.abs(nino[:6]).max() > 1.0
    assert np.abs(nino[-120:]).max() < 0.3


def test_a_forecast_can_be_differentiated(fitted: Coupled) -> None:
    """Six months of forecast by the initial state: slope against differences."""
    to_indices = jnp.asarray(fitted.to_indices, jnp.float32)

    @jax.jit
    @jax.value_and_grad
    def nino(scale: jax.Array) -> jax.Array:
        path = unforced(fitted.model, scale * fitted.state[217], jnp.asarray(217), 6)
        return (path[-1] @ to_indices)[0]

    slope = float(nino(1.0)[1])
    difference = float(nino(1.02)[0] - nino(0.98)[0]) / 0.04
    assert np.isclose(slope, difference, rtol=0.02)
    assert abs(slope) > 0.1


def test_the_warm_water_is_the_charge(fitted: Coupled) -> None:
    assert WARM_WATER.name == "Equatorial Pacific"
    ocean = fitted.state[:, fitted.model.modes :]
    assert np.isclose((ocean @ np.asarray(fitted.model.charge)).std(), 1.0, atol=0.2)
