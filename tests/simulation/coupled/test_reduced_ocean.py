import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core import ConfigError
from shiome.simulation import trajectory
from shiome.simulation.coupled import CoupledSystem
from shiome.simulation.coupled.reduced_ocean import (
    REGIONS,
    blocked_mean,
    reduce,
    shipped_ocean,
)
from shiome.simulation.ocean import MonthlyWind, Stress, reduced_gravity_ocean


def test_every_state_is_forgotten() -> None:
    ocean = shipped_ocean()
    assert np.abs(np.linalg.eigvals(np.asarray(ocean.transition))).max() < 0.99


def test_follows_the_full_ocean(system: CoupledSystem) -> None:
    """Two years of observed winds: the forty numbers know the equator's thickness."""
    months = 24
    stress = system.simulated.stress[:months] - system.simulated.stress.mean(0)
    wind = MonthlyWind(Stress(*(jnp.asarray(stress[:, i]) for i in (0, 1))), 0)
    full = reduced_gravity_ocean(system.basin, wind=wind)
    weights = jnp.asarray(np.stack([system.basin.box_mean(region) for region in REGIONS]))
    seen = trajectory(
        full, full.rest(), 0.0, months * 244, jax.random.key(0), every=244,
        observe=lambda state: (weights * state.h).sum((1, 2)),
    )  # fmt: skip
    ocean = shipped_ocean()
    push = np.asarray(ocean.drive(stress)).T
    z, reduced = np.zeros(ocean.size), []
    for month in range(months):
        z = np.asarray(ocean.transition) @ z + push[month]
        reduced.append(np.asarray(ocean.thickness) @ z)
    error = np.sqrt(((np.array(reduced) - seen) ** 2).mean(0) / (np.asarray(seen) ** 2).mean(0))
    on_equator = [i for i, r in enumerate(REGIONS) if r.name.startswith(("pacific", "Equat"))]
    assert np.max(error[on_equator]) < 0.2
    assert np.median(error[on_equator]) < 0.08
    assert np.median(error) < 0.12


def test_a_small_system_is_recovered() -> None:
    """The response of a linear system of three numbers is reduced to three without loss."""
    rng = np.random.default_rng(0)
    transition = np.diag([0.8, 0.6, -0.3])
    response, seen = rng.normal(size=(3, 2 * 6 * 6)), rng.normal(size=(4, 3))
    kernel = [seen @ np.linalg.matrix_power(transition, lag) @ response for lag in range(24)]
    influence = np.stack(kernel, axis=1).reshape(4, 24, 2, 6, 6)
    ocean = reduce(influence, ["a", "b", "c", "d"], size=3)
    eigenvalues = np.sort(np.linalg.eigvals(np.asarray(ocean.transition)).real)
    assert eigenvalues == pytest.approx([-0.3, 0.6, 0.8], abs=1e-3)
    flat = np.asarray(ocean.response).reshape(3, -1)
    again = np.asarray(ocean.thickness) @ np.asarray(ocean.transition) @ flat
    assert again == pytest.approx(kernel[1], abs=2e-3 * np.abs(kernel[1]).max())


def test_blocks_keep_the_mean() -> None:
    field = np.arange(62 * 132, dtype=float).reshape(62, 132)
    assert blocked_mean(field).mean() == pytest.approx(field[1:-1, 1:-1].mean())


def test_another_grid_is_refused() -> None:
    with pytest.raises(ConfigError, match="own grid"):
        shipped_ocean().drive(np.zeros((1, 2, 32, 62)))
