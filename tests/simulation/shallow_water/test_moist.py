"""The moist world as physics: budgets, balance, waves, motion, and a long quiet life."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core.errors import ConfigError
from shiome.simulation import ensemble
from shiome.simulation.integrate import trajectory
from shiome.simulation.shallow_water.moist import MoistState, moist_world, vorticity
from shiome.simulation.shallow_water.operators import halo, window
from shiome.simulation.shallow_water.sea import Surroundings
from shiome.simulation.shallow_water.season import season

KEY = jax.random.key(0)
AUGUST = 215 * 24.0
SHAPE = (48, 96)
# Neither sea, rain, friction nor walls' sponge: only the layer.
DRY = {
    "evaporation": 0.0,
    "mass_sink": 0.0,
    "drag": 0.0,
    "viscosity": 0.0,
    "mixing": 0.0,
    "relaxation": 1e12,
    "noise": 0.0,
    "ventilation": 1e12,
}


class Still(eqx.Module):
    """Surroundings of a uniform steering flow, no shear and a uniform sea."""

    shape: tuple[int, int] = eqx.field(static=True)
    wind: float = 0.0

    def __call__(self, time, waves):
        zero = jnp.zeros(self.shape)
        return Surroundings(zero + 1.2, zero + self.wind, zero, zero, zero)

    def wander(self, waves, hours, key):
        return waves


def still(wind=0.0, coriolis=1e-4, **parameters):
    """A world without season, shear and sponge, and its state at rest."""
    world = moist_world(*SHAPE, **{**DRY, **parameters})
    world = dataclasses.replace(
        world,
        sea=Still(SHAPE, wind),
        coriolis=jnp.full_like(world.coriolis, coriolis),
        sponge=jnp.zeros_like(world.sponge),
    )
    zero = jnp.zeros(SHAPE)
    # Numbers as arrays, so that one compilation serves all parameters.
    world = jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), world)
    return world, MoistState(zero + wind, zero, zero, zero + 0.5, zero, jnp.zeros((0, 2)))


def bump(row, column, cells):
    y, x = jnp.arange(SHAPE[0])[:, None] - row, jnp.arange(SHAPE[1]) - column
    return jnp.exp(-(x**2 + y**2) / cells**2)


@eqx.filter_jit
def day(world, state):
    """The 24 states of a day."""
    return trajectory(world, state, AUGUST, 24, KEY)


def test_mass_is_kept_while_it_rains():
    world, state = still(mass_sink=1.35, evaporation=2.5e-3, noise=0.01)
    out = day(world, state._replace(q=1.0 + 0.2 * bump(24, 10, 6)))
    assert float(out.w.max()) > 0.05
    assert float(jnp.abs(out.h).max()) > 20
    # Of a layer of 3000 m.
    assert abs(float(np.asarray(out.h[-1], np.float64).mean())) < 0.02


def test_water_is_kept_where_none_comes_or_goes():
    world, state = still(cloud_time=1e12)
    state = state._replace(q=1.0 + 0.2 * bump(24, 30, 6), h=200.0 * bump(20, 50, 8))
    before = np.sum((3000.0 + np.float64(state.h)) * np.float64(state.q))
    last = jax.tree.map(lambda a: np.asarray(a[-1], np.float64), day(world, state))
    assert last.w.max() > 0.05
    after = np.sum((3000.0 + last.h) * (last.q + last.w))
    np.testing.assert_allclose(after, before, rtol=2e-5)


def test_rain_removes_what_is_above_saturation_and_makes_no_new_extremes():
    world, state = still()
    state = state._replace(q=0.5 + 0.8 * bump(24, 30, 6), h=300.0 * bump(20, 50, 8))
    out = day(world, state)
    assert float(out.q.min()) > 0.49
    assert float(out.w.min()) > -1e-6
    assert float(out.q[-1].max()) < 1.15


def test_gravity_waves_travel_at_their_speed():
    world, state = still(coriolis=0.0)
    x = jnp.arange(SHAPE[1])
    h = jnp.exp(-(((x - 20) / 5.0) ** 2)) * jnp.ones((SHAPE[0], 1))
    out = day(world, state._replace(h=h))
    front = 20 + int(jnp.argmax(out.h[5, 24, 20:72]))
    speed = (world.gravity * world.depth) ** 0.5
    assert (front - 20) * 25_000.0 / (6 * 3600.0) == pytest.approx(float(speed), rel=0.03)


def test_a_ridge_adjusts_to_geostrophic_balance():
    # Waves leave; what stays on average over two inertial periods is in balance, f v = g h_x
    # (Gill 1982, sect. 7.2), and where the ridge is wider than the radius of deformation (330 km)
    # it keeps most of its height.
    world, state = still(coriolis=1.5e-4)
    x = jnp.arange(SHAPE[1])
    h = 20.0 * jnp.exp(-(((x - 48) / 16.0) ** 2)) * jnp.ones((SHAPE[0], 1))
    mean = jax.tree.map(lambda a: np.asarray(a).mean(0), day(world, state._replace(h=h)))
    slope = (mean.h[24, 2:] - mean.h[24, :-2]) / 5e4
    balanced = float(world.gravity) / 1.5e-4 * slope
    centred = 0.5 * (mean.v[24, 1:-1] + mean.v[23, 1:-1])
    np.testing.assert_allclose(centred, balanced, atol=0.15 * np.abs(balanced).max())
    assert mean.h[24, 48] > 0.5 * 20.0


def test_steering_flow_carries_everything_with_it():
    # 36 cells in a day: the world moves on as a whole (Galilean invariance).
    wind = 36 * 25_000.0 / 86_400.0

    def last(wind, column):
        world, state = still(wind=wind, viscosity=2e4)
        h = -20.0 * bump(24, column, 8)
        p = halo(h)
        factor = world.gravity / (1e-4 * 50_000.0)
        u, v = (
            -factor * (window(p, 1) - window(p, -1)),
            factor * (window(p, 0, 1) - window(p, 0, -1)),
        )
        state = state._replace(h=h, u=state.u + u, v=v, q=0.5 - h / 100)
        return jax.tree.map(lambda a: np.asarray(a[-1]), day(world, state))

    calm, moved = last(0.0, 66), last(wind, 30)
    for name, by in (("h", 0.0), ("v", 0.0), ("u", wind), ("q", 0.0)):
        a, b = getattr(calm, name), getattr(moved, name) - by
        assert np.abs(a - b).max() < 0.1 * np.ptp(a), name


def test_steering_flow_alone_is_steady():
    world = moist_world(*SHAPE, **DRY)
    waves = world.sea.draw(KEY)
    around = world.sea(AUGUST, waves)
    world = dataclasses.replace(world, sea=Fixed(around))
    zero = jnp.zeros(SHAPE)
    out = day(world, MoistState(around.u, around.v, zero, zero, zero, waves))
    np.testing.assert_allclose(out.u[-1], around.u, atol=2e-2)
    assert float(jnp.abs(out.h[-1]).max()) < 1.0


class Fixed(eqx.Module):
    """Surroundings that never change."""

    around: Surroundings

    def __call__(self, time, waves):
        return self.around

    def wander(self, waves, hours, key):
        return waves


def test_surroundings_follow_the_season():
    sea = moist_world(64, 64).sea
    waves = jnp.zeros((sea.modes, 2))
    summer, winter = (sea(hour, waves) for hour in (243 * 24.0, 60 * 24.0))
    assert float(sea.temperature(243 * 24.0).max()) < 31.0
    assert (summer.humidity > winter.humidity).all()
    assert (winter.shear_u >= summer.shear_u).all()
    divergence = (summer.u - jnp.roll(summer.u, 1, 1) + summer.v - jnp.roll(summer.v, 1, 0))[1:]
    assert float(jnp.abs(divergence).max()) < 1e-4
    assert float(jnp.abs(summer.v[-1]).max()) < 1e-5


def test_waves_keep_their_variance():
    sea = moist_world(16, 16).sea
    waves = jax.vmap(sea.draw)(jax.random.split(KEY, 400))
    later = jax.vmap(lambda w, k: sea.wander(w, 100.0, k))(
        waves, jax.random.split(jax.random.key(1), 400)
    )
    assert float(jnp.std(later)) == pytest.approx(1.0, abs=0.05)


def test_vorticity_of_solid_rotation():
    y, x = jnp.meshgrid(jnp.arange(16.0), jnp.arange(16.0), indexing="ij")
    zero = jnp.zeros_like(x)
    spin = MoistState(-1e-4 * 25e3 * y, 1e-4 * 25e3 * x, zero, zero, zero, zero)
    np.testing.assert_allclose(vorticity(spin, 25e3)[2:-2, 2:-2], 2e-4, rtol=1e-4)


def test_members_run_together():
    world = moist_world(32, 32)
    states = jax.vmap(lambda k: world.start(AUGUST, k))(jax.random.split(KEY, 3))
    out = ensemble(world, states, AUGUST, 6, KEY, every=6, observe=lambda s: s.h)
    assert out.shape == (3, 1, 32, 32)
    assert np.isfinite(out).all()
    assert float(jnp.abs(out[0] - out[1]).max()) > 0


def test_a_season_is_labelled_and_repeats():
    world = moist_world(32, 32)
    run_ = season(world, 1, KEY, 6, start="2001-08-01", spin_up=1)
    assert dict(run_.sizes) == {"time": 4, "latitude": 32, "longitude": 32}
    assert run_["time"].values[0] == np.datetime64("2001-08-01T06")
    assert run_.attrs["kind"] == "synthetic"
    assert run_.attrs["longitude_period"] == pytest.approx(32 * 0.2248, rel=1e-3)
    assert run_["olr"].attrs["units"] == "W m-2"
    assert (run_["olr"] <= 290.0 + 1e-3).all()
    assert (run_["olr"] >= 100.0 - 1e-3).all()
    assert all(v.dtype == np.float32 for v in run_.data_vars.values())
    again = season(world, 1, KEY, 6, start="2001-08-01", spin_up=1)
    np.testing.assert_array_equal(run_["olr"], again["olr"])


def test_bad_sizes_and_parameters_are_refused():
    with pytest.raises(ConfigError, match="multiples of 8"):
        moist_world(100, 96)
    with pytest.raises(ConfigError, match="grows without bound"):
        moist_world(32, 32, kept=1.2)
    with pytest.raises(ConfigError, match="divisor of 24"):
        season(moist_world(32, 32), 1, KEY, 5)
    with pytest.raises(ConfigError, match="at least 1"):
        season(moist_world(32, 32), 0, KEY)


@pytest.mark.slow
def test_a_year_does_not_blow_up():
    run_ = season(moist_world(96, 96), 365, KEY, 24, start="2001-01-01", spin_up=0)
    assert float(run_["wind_speed"].max()) < 90.0
    assert float(run_["thickness"].min()) > 100.0
    assert abs(float(run_["thickness"][-30:].mean()) - 3000.0) < 150.0
