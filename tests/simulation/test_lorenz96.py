import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.simulation.integrate import trajectory
from shiome.simulation.lorenz63 import Lorenz63
from shiome.simulation.lorenz96 import Lorenz96, TwoScaleLorenz96, advection

KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def test_advection_conserves_energy_and_matches_the_formula():
    x = jax.random.normal(KEY, (40,))
    assert abs(x @ advection(x)) < 1e-10
    naive = [(x[(i + 1) % 40] - x[i - 2]) * x[i - 1] for i in range(40)]
    np.testing.assert_allclose(advection(x), naive, rtol=1e-12)


def test_uniform_forcing_state_is_at_rest():
    model = Lorenz96()
    np.testing.assert_allclose(model.step(jnp.full(12, 8.0), 0.0, KEY), 8.0, rtol=1e-14)


@pytest.mark.parametrize("make", [lambda h: Lorenz96(time_step=h), lambda h: Lorenz63(time_step=h)])
def test_time_stepping_is_of_fourth_order(make):
    size = 3 if isinstance(make(0.1), Lorenz63) else 12
    start = 2.0 + jax.random.normal(KEY, (size,))
    end = {n: trajectory(make(0.1 / n), start, 0.0, n, KEY)[-1] for n in (4, 8, 64)}
    coarse, fine = (np.abs(end[n] - end[64]).max() for n in (4, 8))
    assert 3.6 < np.log2(coarse / fine) < 4.6


def test_tangent_is_the_derivative_of_a_step_and_the_reversed_model_undoes_it():
    model, state = Lorenz96(), 2.3 + 3 * jax.random.normal(KEY, (12,))
    ahead = model.step(state, 0.0, KEY)
    derivative = jax.jacfwd(lambda x: model.step(x, 0.0, KEY))(state)
    np.testing.assert_allclose(model.tangent(state), derivative, atol=1e-13)
    np.testing.assert_allclose(model.reversed().step(ahead, 0.0, KEY), state, atol=5e-3)


def test_climate_of_the_standard_setting():
    states = trajectory(Lorenz96(), jnp.zeros(40).at[0].set(1.0), 0.0, 10_000, KEY)[1000:]
    assert states.mean() == pytest.approx(2.34, abs=0.1)
    assert states.std() == pytest.approx(3.64, abs=0.1)


def test_two_scales_without_coupling_are_the_one_scale_model():
    two = TwoScaleLorenz96(coupling=0.0, time_step=0.01, slow=8, fast=4)
    one = Lorenz96(forcing=10.0, time_step=0.01)
    state = jax.random.normal(KEY, (40,))
    np.testing.assert_allclose(
        two.step(state, 0.0, KEY)[:8], one.step(state[:8], 0.0, KEY), rtol=1e-12
    )


def test_coupling_only_exchanges_energy():
    with_fast = TwoScaleLorenz96(slow=8, fast=4)
    without = TwoScaleLorenz96(slow=8, fast=4, coupling=0.0)
    state = jax.random.normal(KEY, (40,))
    exchange = with_fast.tendency(state, 0.0) - without.tendency(state, 0.0)
    assert abs(state @ exchange) < 1e-10


def test_fixed_points_of_lorenz63():
    model = Lorenz63()
    x = (model.aspect * (model.rayleigh - 1)) ** 0.5
    wing = jnp.array([x, x, model.rayleigh - 1])
    np.testing.assert_allclose(model.tendency(wing, 0.0), 0.0, atol=1e-12)
