import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.grids.regions import Region
from shiome.simulation import trajectory
from shiome.simulation.ocean import (
    MonthlyWind,
    Stress,
    box_basin,
    reduced_gravity_ocean,
    respond,
    wind_influence,
)

BASIN = box_basin((140.0, 260.0), (-20.0, 20.0), (4.0, 2.0))
OCEAN = reduced_gravity_ocean(BASIN, steps_per_month=200)
MONTHS = 8
WEST = BASIN.box_mean(Region("west", 140, 180, -5, 5, "test"))
EAST = BASIN.box_mean(Region("east", 220, 260, -5, 5, "test"))


@pytest.fixture(scope="module")
def influence() -> np.ndarray:
    return np.asarray(wind_influence(OCEAN, np.stack([WEST, EAST]), MONTHS))


def test_convolution_equals_the_run(influence: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    patterns = rng.normal(0.0, 0.02, (3, 2, *BASIN.shape)).astype(np.float32)
    amplitude = rng.normal(0.0, 1.0, (MONTHS, 3)).astype(np.float32)
    tau = jnp.asarray(np.einsum("tk,kpyx->ptyx", amplitude, patterns))
    ocean = eqx.tree_at(lambda o: o.wind, OCEAN, MonthlyWind(Stress(*tau), 100))
    heights = trajectory(
        ocean, ocean.rest(), 100.0, 200 * MONTHS, jax.random.key(0), every=200,
        observe=lambda state: jnp.stack([(w * state.h).sum() for w in (WEST, EAST)]),
    )  # fmt: skip
    np.testing.assert_allclose(respond(influence, patterns, amplitude), heights, atol=2e-3)
    assert np.abs(heights).max() > 0.2


def test_influence_travels_as_waves_do(influence: np.ndarray) -> None:
    # Westerlies on the equator deepen the east within two months, by a Kelvin wave that crosses
    # half of the basin in one; they shoal the west.
    equator = np.abs(BASIN.latitude) < 3
    total = influence[:, :, 0][:, :, equator].sum((2, 3))
    assert (total[1, :2] > 0).all()
    assert (total[0, :2] < 0).all()
    # The west cannot know of the eastern wind before a Rossby wave has come: 60° at c / 3.
    eastern = BASIN.longitude > 240
    early, late = (np.abs(influence[0, lag, 0][:, eastern]).max() for lag in (0, 3))
    assert early < 0.05 * late


def test_indices_start_from_rest_and_forget() -> None:
    kernel = np.zeros((1, 2, 2, 3, 3), np.float32)
    kernel[0, :, 0, 1, 1] = (1.0, 0.5)
    pattern = np.zeros((1, 2, 3, 3))
    pattern[0, 0, 1, 1] = 2.0
    pulse = np.array([[1.0], [0.0], [0.0], [0.0]])
    assert respond(kernel, pattern, pulse)[:, 0].tolist() == [2.0, 1.0, 0.0, 0.0]
    assert respond(kernel, pattern, pulse[:1])[:, 0].tolist() == [2.0]
