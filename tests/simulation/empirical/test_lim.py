"""The linear inverse model finds the propagators that made a long synthetic series."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core.errors import ModelError
from shiome.simulation import ensemble, trajectory
from shiome.simulation.empirical import LinearInverseModel, mirrored_ensemble, unforced
from shiome.simulation.empirical.regression import in_window, ridge
from tests.simulation.empirical.synthetic import FIRST, lim_truth, series

TRUTH = lim_truth()


@pytest.fixture(scope="module")
def long():
    return series(TRUTH, years=500, variables=2, members=8)


def test_finds_known_seasonal_propagators_and_noise(long):
    fitted = LinearInverseModel.fit(*long, shrinkage=0.0, half_width=0)
    np.testing.assert_allclose(fitted.propagator, TRUTH.propagator, atol=0.05)
    # A quarter of the noise covariance is that of all months.
    own = np.asarray(TRUTH.noise @ jnp.swapaxes(TRUTH.noise, 1, 2))
    expected = 0.75 * own + 0.25 * own.mean(0)
    found = np.asarray(fitted.noise @ jnp.swapaxes(fitted.noise, 1, 2))
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_shrinkage_leads_from_the_seasons_to_the_stationary_propagator(long):
    state, _, training = long
    now = np.flatnonzero(training[:-1] & training[1:])
    stationary = ridge(state[now], state[now + 1], 1e-6 * state[now].var(0)).T
    seasons = LinearInverseModel.fit(*long, shrinkage=0.0).propagator - stationary
    default = LinearInverseModel.fit(*long).propagator - stationary
    strong = LinearInverseModel.fit(*long, shrinkage=1e6).propagator - stationary
    assert float(jnp.abs(strong).max()) < 1e-4
    ratio = float(jnp.linalg.norm(default) / jnp.linalg.norm(seasons))
    assert 0.6 < ratio < 0.95  # 1 / (1 + 0.3) where all variances are alike


def test_pooling_uses_the_months_beside(long):
    """With the seasons pooled, one propagator is the least-squares fit of three months."""
    state, month, training = long
    now = np.flatnonzero(training[:-1] & training[1:])
    rows = now[in_window(month[now] % 12, 5, 1)]
    expected = np.linalg.lstsq(state[rows], state[rows + 1], rcond=None)[0].T
    fitted = LinearInverseModel.fit(*long, shrinkage=0.0, half_width=1)
    np.testing.assert_allclose(fitted.propagator[5], expected, atol=1e-4)


def test_ensemble_mean_and_covariance_are_those_of_theory():
    """x(t + L) has mean G…G x and covariance Σ G…G Q Gᵀ…Gᵀ (Penland and Sardeshmukh 1995)."""
    start, state, members, leads = FIRST + 4, np.array([2.0, -1.0]), 20_000, 9
    states = jnp.tile(jnp.asarray(state, jnp.float32), (members, 1))
    drawn = np.asarray(ensemble(TRUTH, states, float(start), leads, jax.random.key(0)), np.float64)
    mean, covariance = state, np.zeros((2, 2))
    for lead in range(leads):
        g, f = (np.asarray(a[(start + lead) % 12], np.float64)
                for a in (TRUTH.propagator, TRUTH.noise))  # fmt: skip
        mean, covariance = g @ mean, g @ covariance @ g.T + f @ f.T
        error = 5 * np.sqrt(np.diag(covariance) / members)
        assert (np.abs(drawn[:, lead].mean(0) - mean) < error).all()
        np.testing.assert_allclose(np.cov(drawn[:, lead].T), covariance, atol=0.04)


def test_a_fitted_ensemble_has_the_covariance_of_the_series(long):
    state, month, _ = long
    fitted = LinearInverseModel.fit(*long, shrinkage=0.0, half_width=0)
    again, months, _ = series(fitted, years=500, variables=2, members=8, seed=1)
    observed, simulated = (
        np.stack([np.cov(x[m % 12 == calendar].T) for calendar in range(12)])
        for x, m in ((state, month), (again, months))
    )
    np.testing.assert_allclose(simulated.mean(0), observed.mean(0), atol=0.05)
    # Pooled noise flattens the seasons somewhat, and leaves them in their order.
    assert np.corrcoef(simulated[:, 0, 0], observed[:, 0, 0])[0, 1] > 0.98


def test_without_noise_it_is_the_product_of_the_propagators():
    path = trajectory(
        TRUTH.with_noise(0.0), jnp.array([1.0, 0.5]), float(FIRST + 10), 4, jax.random.key(0)
    )
    state = np.array([1.0, 0.5])
    for lead, month in enumerate((10, 11, 0, 1)):
        state = np.asarray(TRUTH.propagator[month], np.float64) @ state
        np.testing.assert_allclose(path[lead], state, rtol=1e-5)


def test_only_training_pairs_count(long):
    state, month, _ = (part[:2400] for part in long)
    training = (month // 12) % 5 != 0
    spoiled = np.where(training[:, None], state, 1e3)
    first, second = (LinearInverseModel.fit(s, month, training) for s in (state, spoiled))
    jax.tree.map(np.testing.assert_array_equal, first, second)


def test_too_few_months_are_refused():
    state, month = np.random.default_rng(0).normal(size=(13, 12)), np.arange(13)
    with pytest.raises(ModelError, match="12 pairs of training months for 12 variables"):
        LinearInverseModel.fit(state, month, month >= 0)
    with pytest.raises(ModelError, match="no pair of successive training months begins in August"):
        LinearInverseModel.fit(state, month, month < 8)


def test_mirrored_members_cancel_in_pairs_whatever_their_number():
    """Of five, the first two have their mirror; the third has none."""
    states, month = jnp.tile(jnp.array([1.0, 0.5]), (5, 1)), jnp.asarray(3)
    path = mirrored_ensemble(TRUTH, states, month, 6, jax.random.key(0))
    quiet = unforced(TRUTH, states[0], month, 6)
    assert path.shape == (5, 6, 2)
    assert float(jnp.abs(path - quiet).min()) > 0.0
    np.testing.assert_allclose(0.5 * (path[:2] + path[3:]), jnp.stack([quiet] * 2), atol=1e-5)


def test_mirrored_members_start_from_their_own_states():
    states = jnp.arange(8.0).reshape(4, 2)
    path = mirrored_ensemble(TRUTH.with_noise(0.0), states, jnp.asarray(3), 1, jax.random.key(0))
    np.testing.assert_allclose(path[:, 0], states @ TRUTH.propagator[3].T, rtol=1e-5)
