"""Damped persistence and climatology: the models to beat."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core.errors import ModelError
from shiome.simulation import ensemble, trajectory
from shiome.simulation.empirical import Climatology, DampedPersistence
from tests.simulation.empirical.synthetic import FIRST, series

SEASON = np.cos(2 * np.pi * (np.arange(12) - 3) / 12)[:, None]
MEMORY = 0.8 + np.array([0.1, -0.15]) * SEASON
NOISE = 0.5 + np.array([0.2, 0.1]) * SEASON
TRUTH = DampedPersistence(jnp.asarray(MEMORY, jnp.float32), jnp.asarray(NOISE, jnp.float32))


@pytest.fixture(scope="module")
def long():
    return series(TRUTH, years=500, variables=2, members=8)


def test_finds_known_memory_and_noise_of_each_season(long):
    fitted = DampedPersistence.fit(*long, half_width=0)
    np.testing.assert_allclose(fitted.memory, MEMORY, atol=0.04)
    np.testing.assert_allclose(fitted.noise, NOISE, atol=0.03)


def test_a_window_shares_one_coefficient_among_neighbours(long):
    own = DampedPersistence.fit(*long, half_width=0)
    smooth = DampedPersistence.fit(*long, half_width=1)
    year = DampedPersistence.fit(*long, half_width=6)
    spans = [float(jnp.ptp(model.memory[:, 0])) for model in (own, smooth, year)]
    assert spans[0] > spans[1] > spans[2]
    np.testing.assert_allclose(year.memory, np.broadcast_to(year.memory[0], (12, 2)), rtol=1e-6)


def test_a_quiet_forecast_is_the_product_of_the_factors():
    path = trajectory(TRUTH.with_noise(0.0), jnp.ones(2), float(FIRST + 11), 3, jax.random.key(0))
    np.testing.assert_allclose(path, np.cumprod(MEMORY[[11, 0, 1]], axis=0), rtol=1e-5)


def test_the_ensemble_has_the_variance_of_theory():
    members, leads = 20_000, 6
    states = jnp.zeros((members, 2))
    drawn = np.asarray(ensemble(TRUTH, states, float(FIRST), leads, jax.random.key(1)))
    variance = np.zeros(2)
    for lead in range(leads):
        variance = MEMORY[lead] ** 2 * variance + NOISE[lead] ** 2
        np.testing.assert_allclose(drawn[:, lead].var(0), variance, rtol=0.05)


def test_memory_neither_grows_nor_turns_over():
    rng = np.random.default_rng(0)
    month = FIRST + np.arange(360)
    training = np.ones(360, bool)
    turning = (-1.0) ** np.arange(360) + 0.1 * rng.normal(size=360)
    growing = 1.02 ** np.arange(360)
    memory = DampedPersistence.fit(np.stack([turning, growing], 1), month, training).memory
    np.testing.assert_array_equal(memory[:, 0], 0.0)
    np.testing.assert_array_equal(memory[:, 1], 1.0)


def test_a_variable_that_never_varies_is_forecast_to_stay():
    state, month = np.zeros((60, 1)), FIRST + np.arange(60)
    fitted = DampedPersistence.fit(state, month, np.ones(60, bool))
    assert np.isfinite(fitted.memory).all()
    np.testing.assert_array_equal(fitted.noise, 0.0)


def test_climatology_has_the_spread_of_each_month_and_no_memory(long):
    state, month, training = long
    fitted = Climatology.fit(*long)
    for m in range(12):
        following = training & (month % 12 == (m + 1) % 12)
        np.testing.assert_allclose(fitted.noise[m], state[following].std(0), rtol=1e-5)
    start = float(FIRST + 2)
    far, near = (
        np.asarray(ensemble(fitted, jnp.full((5000, 2), x), start, 3, jax.random.key(0)))
        for x in (50.0, 0.0)
    )
    np.testing.assert_array_equal(far, near)
    # A forecast from March is for April, May, June.
    for lead, m in enumerate((2, 3, 4)):
        np.testing.assert_allclose(far[:, lead].std(0), fitted.noise[m], rtol=0.05)
        np.testing.assert_allclose(far[:, lead].mean(0), 0.0, atol=0.06)


@pytest.mark.parametrize("kind", [Climatology, DampedPersistence])
def test_only_training_months_count(long, kind):
    state, month, _ = (part[:1200] for part in long)
    training = (month // 12) % 4 != 1
    spoiled = np.where(training[:, None], state, -99.0)
    first, second = (kind.fit(s, month, training) for s in (state, spoiled))
    jax.tree.map(np.testing.assert_array_equal, first, second)


def test_a_season_without_training_pairs_is_refused():
    state, month = np.random.default_rng(0).normal(size=(60, 2)), FIRST + np.arange(60)
    with pytest.raises(ModelError, match="no pair of successive training months begins in May"):
        DampedPersistence.fit(state, month, month % 12 != 5)
