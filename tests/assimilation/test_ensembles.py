"""Inflation and rotation of ensembles: what they must keep, and what they change by how much."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.assimilation.ensembles import RelaxationToPriorSpread, centre, rotate, spread

MEMBERS, VARIABLES = 8, 5


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def anomalies(seed, scale=1.0):
    draw = jax.random.normal(jax.random.key(seed), (MEMBERS, VARIABLES))
    return scale * centre(draw)[1]


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_stated_part_of_the_lost_spread_is_given_back(alpha):
    prior = anomalies(0, jnp.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    analysis = anomalies(1, 0.4)
    relaxed = RelaxationToPriorSpread(alpha)(analysis, prior)
    expected = (1 - alpha) * spread(analysis) + alpha * spread(prior)
    np.testing.assert_allclose(spread(relaxed), expected, rtol=1e-12)
    np.testing.assert_allclose(relaxed.mean(0), 0, atol=1e-12)
    # Each variable is scaled as a whole: its correlations stay.
    np.testing.assert_allclose(np.corrcoef(relaxed.T), np.corrcoef(analysis.T), atol=1e-12)


def test_an_analysis_without_spread_stays_finite():
    nothing = jnp.zeros((MEMBERS, VARIABLES))
    assert (RelaxationToPriorSpread(0.5)(nothing, anomalies(0)) == 0).all()


def test_rotation_keeps_mean_and_covariance():
    before = anomalies(2)
    after = rotate(before, jax.random.key(3))
    np.testing.assert_allclose(after.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(after.T @ after, before.T @ before, atol=1e-12)
    assert jnp.abs(after - before).max() > 0.1


def test_rotations_are_uniform_over_members():
    outlier = centre(jnp.zeros((MEMBERS, 1)).at[0].set(1.0))[1]
    keys = jax.random.split(jax.random.key(4), 4000)
    many = jax.vmap(lambda key: rotate(outlier, key))(keys)[..., 0]
    # Whoever was the outlier, all members have the same moments afterwards.
    np.testing.assert_allclose(many.mean(0), 0, atol=0.03)
    total = float((outlier**2).sum())
    np.testing.assert_allclose((many**2).mean(0), total / MEMBERS, rtol=0.1)
