import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.simulation.integrate import trajectory
from shiome.simulation.shallow_water.reduced_gravity import ReducedGravity


def eddies(size=24):
    y, x = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    wave = 2 * np.pi / size
    return jnp.asarray(40.0 * np.sin(wave * x) * np.cos(wave * y) + 15 * np.cos(2 * wave * x))


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def test_energy_tendency_vanishes_without_viscosity():
    model = ReducedGravity(viscosity=0.0)
    state = model.balanced(eddies())
    state = jax.jit(lambda s: model.step(s, 0.0, None))(state)
    _, rate = jax.jvp(model.energy, (state,), (model.tendency(state, 0.0),))
    assert abs(rate) * 86400 < 1e-9 * model.energy(state)


def test_mass_is_kept_and_eddies_live_for_weeks():
    model = ReducedGravity()
    start = model.balanced(eddies())
    run = jax.jit(lambda s: trajectory(model, s, 0.0, 48 * 20, jax.random.key(0), every=48))
    states = run(start)
    np.testing.assert_allclose(states.h.sum((1, 2)), start.h.sum(), atol=1e-6)
    energy = jax.vmap(model.energy)(states)
    assert (np.diff(energy) < 0).all()
    assert energy[-1] > 0.5 * model.energy(start)


def test_balanced_flow_hardly_moves_and_rest_stays():
    model = ReducedGravity(viscosity=0.0)
    rest = model.balanced(jnp.zeros((8, 8)))
    for part in model.tendency(rest, 0.0):
        np.testing.assert_array_equal(part, 0)
    small = model.balanced(1e-3 * eddies())
    free = small._replace(u=0 * small.u, v=0 * small.v)
    held, loose = model.tendency(small, 0.0), model.tendency(free, 0.0)
    assert jnp.abs(held.u).max() < 0.1 * jnp.abs(loose.u).max()


def test_gravity_waves_travel_at_their_speed():
    model = ReducedGravity(coriolis=1e-9, viscosity=0.0, time_step=600.0)
    size = 64
    wave = 1e-3 * jnp.cos(2 * jnp.pi * jnp.arange(size) / size)
    h = jnp.broadcast_to(wave, (4, size))
    speed = (model.gravity * model.depth) ** 0.5
    period = size * model.spacing / speed
    start = model.balanced(0 * h)._replace(h=h)
    steps = round(period / 2 / model.time_step)
    end = jax.jit(lambda s: trajectory(model, s, 0.0, steps, jax.random.key(0), every=steps))(start)
    np.testing.assert_allclose(end.h[0], -h, atol=2e-5)
