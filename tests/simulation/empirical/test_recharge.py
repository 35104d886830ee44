"""The recharge oscillator finds the equations that made a long synthetic series."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core.errors import ModelError
from shiome.simulation import trajectory
from shiome.simulation.empirical import RechargeOscillator
from shiome.simulation.empirical.recharge import LARGEST_STATE, harmonics
from tests.simulation.empirical.synthetic import FIRST, recharge_truth, series

NAMES = ("nino34", "wwv", "dmi")
TRUTH = recharge_truth()


@pytest.fixture(scope="module")
def long():
    return series(TRUTH, years=500, variables=3, members=8)


def test_harmonics_are_orthogonal_over_the_year():
    for order in (0, 1, 2, 3):
        waves = harmonics(order)
        assert waves.shape == (12, 2 * order + 1)
        expected = np.diag([12.0] + [6.0] * (2 * order))
        np.testing.assert_allclose(waves.T @ waves, expected, atol=1e-12)


def test_finds_known_linear_and_quadratic_coefficients(long):
    fitted = RechargeOscillator.fit(*long, names=NAMES, order=1, penalty=0.0)
    assert fitted.products == TRUTH.products
    np.testing.assert_allclose(fitted.linear, TRUTH.linear, atol=0.015)
    np.testing.assert_allclose(fitted.quadratic, TRUTH.quadratic, atol=0.015)
    np.testing.assert_allclose(fitted.noise, TRUTH.noise, atol=0.03)


def test_quadratic_terms_stand_in_their_own_equations_only(long):
    fitted = RechargeOscillator.fit(*long, names=NAMES)
    t, h, d = 0, 1, 2
    products = {pair: k for k, pair in enumerate(fitted.products)}
    assert set(products) == {(t, t), (t, h), (d, d)}
    assert not np.asarray(fitted.quadratic[h]).any()
    assert not np.asarray(fitted.quadratic[t, products[d, d]]).any()
    assert not np.asarray(fitted.quadratic[d, products[t, t]]).any()
    linear = RechargeOscillator.fit(*long, names=NAMES, nonlinear=False)
    assert linear.products == ()
    assert linear.quadratic.shape[1] == 0


def test_without_warm_water_or_dipole_their_terms_are_absent(long):
    state, month, training = long
    alone = RechargeOscillator.fit(state[:, :1], month, training, names=("nino34",))
    assert alone.products == ((0, 0),)
    other = RechargeOscillator.fit(state[:, 1:2], month, training, names=("tna",))
    assert other.products == ()


def test_a_penalty_shrinks_the_tendency_and_so_leads_to_persistence(long):
    sizes = [
        float(jnp.linalg.norm(RechargeOscillator.fit(*long, names=NAMES, penalty=p).linear))
        for p in (0.0, 0.02, 1.0, 1e6)
    ]
    assert sizes[0] > sizes[1] > sizes[2] > sizes[3]
    assert sizes[3] < 1e-3


def test_one_step_is_the_equation_written_out():
    state = np.array([1.5, -0.7, 0.9])
    model = TRUTH.with_noise(0.0)
    for month in range(12):
        season = harmonics(1)[month]
        a = np.asarray(TRUTH.linear, float) @ season
        b = np.asarray(TRUTH.quadratic, float) @ season
        t, h, d = state
        expected = state + a @ state + b @ np.array([t * t, t * h, d * d])
        found = model.step(jnp.asarray(state, jnp.float32), jnp.asarray(FIRST + month * 1.0),
                           jax.random.key(0))  # fmt: skip
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_an_unstable_map_stays_within_bounds():
    unstable = RechargeOscillator(
        jnp.full((1, 1, 1), 0.5), jnp.zeros((1, 0, 1)), jnp.zeros((12, 1, 1)), (), 0
    )
    path = trajectory(unstable, jnp.array([1.0]), 0.0, 24, jax.random.key(0))
    assert float(path[-1, 0]) == LARGEST_STATE
    assert float(path[3, 0]) == pytest.approx(1.5**4)
    down = trajectory(unstable, jnp.array([-1.0]), 0.0, 24, jax.random.key(0))
    assert float(down[-1, 0]) == -LARGEST_STATE


def test_forecasts_are_nearly_as_skilful_as_those_of_the_true_equations(long):
    """Fitted on 40 years, verified on a thousand others; bound by what the truth can forecast."""
    short = tuple(part[: 12 * 40] for part in long)
    fitted = RechargeOscillator.fit(*short, names=NAMES)
    state, month, _ = (part[12 * 500 : 12 * 1000] for part in long)
    starts = np.arange(0, len(state) - 12, 5)

    @jax.jit
    def forecast(model):
        run = lambda x, m: trajectory(model.with_noise(0.0), x, m, 12, jax.random.key(0))
        return jax.vmap(run)(jnp.asarray(state[starts], jnp.float32), jnp.asarray(month[starts]))

    def skill(model, lead):
        drawn = np.asarray(forecast(model))[:, lead - 1, 0]
        return np.corrcoef(drawn, state[starts + lead, 0])[0, 1]

    for lead in (3, 6, 9):
        best = skill(TRUTH, lead)
        persisted = np.corrcoef(state[starts, 0], state[starts + lead, 0])[0, 1]
        assert best - 0.07 < skill(fitted, lead) < best + 0.01
        assert skill(fitted, lead) > persisted + 0.02


def test_only_training_pairs_count(long):
    state, month, _ = (part[:2400] for part in long)
    training = (month // 12) % 5 != 0
    spoiled = np.where(training[:, None], state, 1e3)
    first, second = (RechargeOscillator.fit(s, month, training, names=NAMES)
                     for s in (state, spoiled))  # fmt: skip
    jax.tree.map(np.testing.assert_array_equal, first, second)


def test_harmonics_and_products_are_shrunk_more_than_annual_means(long):
    free, shrunk = (
        RechargeOscillator.fit(*long, names=NAMES, order=1, penalty=p) for p in (0.0, 0.02)
    )

    def kept(part):
        return float(jnp.linalg.norm(part(shrunk)) / jnp.linalg.norm(part(free)))

    mean, annual = (kept(lambda m, k=k: m.linear[..., k]) for k in (0, slice(1, 3)))
    product = kept(lambda m: m.quadratic[..., 0])
    assert 1.0 > mean > annual
    assert mean > product


def test_too_few_months_are_refused():
    state, month = np.random.default_rng(0).normal(size=(13, 12)), np.arange(13)
    names = ("nino34", *(f"other{i}" for i in range(11)))
    with pytest.raises(ModelError, match="12 pairs of training months for 12 indices"):
        RechargeOscillator.fit(state, month, month >= 0, names=names)
    with pytest.raises(ModelError, match="no pair of successive training months begins in"):
        RechargeOscillator.fit(state, month, month < 9, names=names)
