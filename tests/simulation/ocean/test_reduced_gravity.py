import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core import ConfigError
from shiome.core.constants import SEAWATER_DENSITY
from shiome.data import open_sample
from shiome.simulation import ensemble, trajectory
from shiome.simulation.ocean import (
    MonthlyWind,
    OceanParameters,
    OceanState,
    Stress,
    box_basin,
    reduced_gravity_ocean,
    tropical_basin,
)

from . import waves

KEY = jax.random.key(0)


def _noise(ocean, key: int = 0) -> OceanState:
    """A rough state: white noise in every component where there is water."""
    basin, rng = ocean.basin, np.random.default_rng(key)
    masks, sizes = (basin.wet_u, basin.wet_v, basin.wet), (0.1, 0.1, 10.0)
    return OceanState(
        *(
            jnp.asarray(rng.normal(0, size, mask.shape) * mask, jnp.float32)
            for mask, size in zip(masks, sizes, strict=True)
        )
    )


# Waves


def test_kelvin_wave_travels_at_its_speed_trapped_to_the_equator() -> None:
    ocean = waves.ideal_ocean()
    x, _, y, _ = waves.edges(ocean.basin)
    equator = np.abs(y - 0.25).argmin()
    end = waves.run(ocean, waves.kelvin(ocean.basin, 20.0, 6.0), days=20.0)
    signal = np.asarray(end.h)[equator]
    speed = (waves.centre_of(x, signal) - 20.0) * waves.DEGREE / (20.0 * 86400.0)
    assert speed == pytest.approx(waves.SPEED, rel=0.01)
    assert signal.max() == pytest.approx(1.0, rel=0.02)
    profile = np.asarray(end.h)[1:-1, signal.argmax()]
    np.testing.assert_allclose(profile / profile.max(), waves.hermite(0, y)[1:-1], atol=0.01)
    assert np.abs(end.v).max() < 0.01 * np.abs(end.u).max()


@pytest.mark.parametrize("n", [1, 2])
def test_long_rossby_wave_travels_west_at_c_over_2n_plus_1(n: int) -> None:
    ocean = waves.ideal_ocean(north=25.0)
    x = ocean.basin.longitude
    start = waves.rossby(ocean.basin, n, 55.0, 16.0)
    end = waves.run(ocean, start, days=50.0)
    row, _ = np.unravel_index(np.argmax(start.h), ocean.basin.shape)
    path = waves.centre_of(x, np.asarray(end.h)[row]) - waves.centre_of(x, np.asarray(start.h)[row])
    speed = path * waves.DEGREE / (50.0 * 86400.0)
    assert speed == pytest.approx(-waves.SPEED / (2 * n + 1), rel=0.05)


def test_kelvin_wave_raises_the_eastern_coast_by_root_two() -> None:
    # Low frequency: h is uniform along the coast and u vanishes there, so the projection of
    # q = h + u on the Kelvin mode gives h = sqrt(2) times the incident wave (Clarke 1983).
    ocean = waves.ideal_ocean(east=60.0, north=25.0)
    x, _, y, _ = waves.edges(ocean.basin)
    end = waves.run(ocean, waves.kelvin(ocean.basin, 25.0, 20.0), days=18.0)
    # The middle of the bell arrives after 35° of travel, 18 days.
    coast = np.asarray(end.h)[:, np.abs(x - 59.5).argmin()]
    assert coast[np.abs(y) < 3].mean() == pytest.approx(np.sqrt(2.0), rel=0.05)


def test_rossby_wave_returns_from_the_western_coast_as_a_kelvin_wave() -> None:
    # Long waves: the meridional integral of u vanishes at a western coast (Cane and Sarachik
    # 1977); for n = 1 the Kelvin wave carries h on the equator equal to the incident wave's.
    ocean = waves.ideal_ocean(north=25.0)
    x, _, y, _ = waves.edges(ocean.basin)
    start = waves.rossby(ocean.basin, 1, 25.0, 10.0)
    end = waves.run(ocean, start, days=65.0)
    equator = np.abs(y) < 0.5
    incident = np.asarray(start.h)[equator].max()
    q = np.asarray(end.h + end.u * waves.THICKNESS / waves.SPEED) / 2
    kelvin = waves.hermite(0, y) @ q / (waves.hermite(0, y) ** 2).sum()
    assert kelvin[x > 30].max() == pytest.approx(incident, rel=0.1)
    assert np.abs(np.asarray(end.h)[equator][:, x > 45]).max() > 0.5 * incident


def test_scheme_converges() -> None:
    """Second order in space and first in the (small) time step: in between when both shrink."""

    def error(refine: int) -> float:
        ocean = waves.ideal_ocean(
            east=60.0, spacing=(2.0 / refine, 1.0 / refine), steps_per_month=200 * refine
        )
        days = 0.4 * waves.DAYS  # a whole number of steps
        end = waves.run(ocean, waves.kelvin(ocean.basin, 18.0, 6.0), days)
        path = waves.SPEED * days * 86400.0 / waves.DEGREE
        exact = waves.kelvin(ocean.basin, 18.0 + path, 6.0)
        return float(np.sqrt(np.mean(np.square(end.h - exact.h))))

    errors = [error(1), error(2), error(4)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (orders > 1.3).all(), (errors, orders)


# Budgets


def test_volume_is_conserved_to_rounding() -> None:
    basin = tropical_basin(open_sample("relief-1deg")["surface_altitude"], (4.0, 2.0))
    ocean = reduced_gravity_ocean(
        basin, OceanParameters(damping=1e12, sponge_width=0.0), steps_per_month=244
    )
    start = _noise(ocean)
    volume = [float((basin.area * np.asarray(s.h, np.float64)).sum()) for s in
              (start, waves.run(ocean, start, 30.0))]  # fmt: skip
    size = float((basin.area * np.abs(start.h)).sum())
    assert abs(volume[1] - volume[0]) < 1e-6 * size


def test_volume_decays_at_the_damping_rate() -> None:
    basin = box_basin((120.0, 200.0), (-20.0, 20.0))
    ocean = reduced_gravity_ocean(basin, OceanParameters(damping=100.0, sponge_width=0.0))
    start = ocean.rest()._replace(h=jnp.asarray(basin.wet, jnp.float32))
    end = waves.run(ocean, start, 60.0)
    left = float((basin.area * end.h).sum() / basin.area.sum())
    assert left == pytest.approx(np.exp(-0.6), rel=2e-3)


def _step_matrix(ocean) -> np.ndarray:
    """The linear map of one step over all wet points, column by column."""
    masks = (ocean.basin.wet_u, ocean.basin.wet_v, ocean.basin.wet)
    wet = np.concatenate([mask.ravel() for mask in masks])
    calm = ocean.wind(jnp.zeros(()))

    def advance(x: jax.Array) -> jax.Array:
        state = OceanState(*(part.reshape(ocean.basin.shape) for part in jnp.split(x, 3)))
        return jnp.concatenate([part.ravel() for part in ocean.advance(state, calm)])

    columns = jax.vmap(advance)(jnp.eye(wet.size, dtype=jnp.float32)[wet])
    return np.asarray(columns, np.float64).T[wet]


def test_every_mode_of_the_frictionless_ocean_is_neutral() -> None:
    # Energy: the modified energy is conserved for every state if, and only if, all eigenvalues of
    # a step lie on the unit circle (and the map is diagonalisable).
    basin = box_basin((0.0, 12.0), (-30.0, -20.0))
    ocean = reduced_gravity_ocean(basin, waves.IDEAL)
    sizes = np.abs(np.linalg.eigvals(_step_matrix(ocean)))
    np.testing.assert_allclose(sizes, 1.0, atol=1e-5)


def test_viscosity_only_takes_energy() -> None:
    basin = box_basin((0.0, 12.0), (-6.0, 6.0))
    rough = OceanParameters(damping=1e9, sponge_width=0.0, viscosity=1e5)
    sizes = np.abs(np.linalg.eigvals(_step_matrix(reduced_gravity_ocean(basin, rough))))
    assert sizes.max() < 1.0 + 1e-5
    assert sizes.min() < 0.97


def _energy(ocean, state: OceanState) -> float:
    """Kinetic and available potential energy over density, m⁵/s²."""
    basin = ocean.basin
    area, area_v = (basin.dx * basin.dy)[:, None], (basin.dx_north * basin.dy)[:, None]
    u, v, h = (np.asarray(part, np.float64) for part in state)
    kinetic = waves.THICKNESS * ((area * u**2).sum() + (area_v * v**2).sum())
    return float(0.5 * (kinetic + waves.SPEED**2 / waves.THICKNESS * (area * h**2).sum()))


def test_energy_grows_by_the_work_of_the_wind() -> None:
    ocean = waves.ideal_ocean(spacing=(2.0, 1.0), steps_per_month=244)
    basin = ocean.basin
    patch = np.outer(np.exp(-((basin.latitude / 4.0) ** 2)), waves.bell(basin.longitude, 30, 10))
    tau = jnp.asarray(0.05 * patch, jnp.float32)
    state, work, dt = ocean.rest(), 0.0, 86400.0 * waves.DAYS * ocean.time_step
    face = 0.5 * (tau + jnp.roll(tau, -1, axis=1)) * (basin.dx * basin.dy)[:, None]
    for _ in range(100):
        new = ocean.advance(state, Stress(tau, jnp.zeros_like(tau)))
        work += dt * float((face * 0.5 * (state.u + new.u)).sum()) / float(SEAWATER_DENSITY)
        state = new
    assert _energy(ocean, state) == pytest.approx(work, rel=0.01)


# Forcing


def test_uniform_wind_is_balanced_by_the_slope_of_the_layer() -> None:
    # With u = v = 0: dh/dx = tau_x / (rho c²), the steady state of any closed basin.
    basin = box_basin((140.0, 200.0), (-20.0, 20.0), (4.0, 2.0))
    parameters = OceanParameters(damping=2000.0, sponge_width=0.0)
    tau = jnp.full(basin.shape, 0.03, jnp.float32)
    wind = lambda time: Stress(tau, jnp.zeros_like(tau))
    ocean = reduced_gravity_ocean(basin, parameters, wind=wind, steps_per_month=200)
    heights = trajectory(ocean, ocean.rest(), 0.0, 200 * 60, KEY, every=200, observe=lambda s: s.h)
    row = np.asarray(heights[-24:].mean(0))[10, 1:-1]
    slope = np.polyfit(basin.longitude[1:-1] * waves.DEGREE, row, 1)[0]
    theory = 0.03 / (float(SEAWATER_DENSITY) * waves.SPEED**2)
    assert slope * np.cos(np.deg2rad(basin.latitude[10])) ** -1 == pytest.approx(theory, rel=0.05)


def test_monthly_wind_holds_each_month() -> None:
    series = jnp.arange(3.0)[:, None, None] * jnp.ones((1, 4, 5))
    wind = MonthlyWind(Stress(series, -series), first=24000)
    for time, expected in ((23990.0, 0), (24000.0, 0), (24000.99, 0), (24001.0, 1), (24009.0, 2)):
        stress = wind(jnp.asarray(time))
        assert float(stress.eastward[0, 0]) == expected
        assert float(stress.northward[0, 0]) == -expected


def test_forecast_is_linear_in_the_wind_and_its_gradient_exact() -> None:
    basin = box_basin((140.0, 200.0), (-20.0, 20.0), (4.0, 2.0))
    rng = np.random.default_rng(1)
    tau = jnp.asarray(rng.normal(0, 0.02, (2, *basin.shape)), jnp.float32)
    bump = jnp.asarray(rng.normal(0, 0.02, (2, *basin.shape)), jnp.float32)
    ocean = reduced_gravity_ocean(basin)
    east = jnp.asarray(basin.longitude > 180)

    def forecast(tau: jax.Array) -> jax.Array:
        held = eqx.tree_at(lambda o: o.wind, ocean, MonthlyWind(Stress(tau[:1], tau[1:]), 0))
        end = trajectory(held, ocean.rest(), 0.0, 244, KEY, every=244)
        return jnp.where(east, end.h[0], 0.0).mean()

    slope = float((jax.grad(forecast)(tau) * bump).sum())
    difference = float(forecast(tau + bump) - forecast(tau - bump)) / 2.0
    assert slope == pytest.approx(difference, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "change"),
    [("wave_speed", 0.01), ("thickness", 5.0), ("damping", 50.0), ("viscosity", 1e3)],
)
def test_gradient_of_a_forecast_with_respect_to_parameters(name: str, change: float) -> None:
    basin = box_basin((140.0, 200.0), (-20.0, 20.0), (4.0, 2.0))
    tau = Stress(jnp.full(basin.shape, 0.05), jnp.zeros(basin.shape))

    @jax.jit
    def forecast(value: jax.Array) -> jax.Array:
        parameters = eqx.tree_at(lambda p: getattr(p, name), OceanParameters(), value)
        ocean = reduced_gravity_ocean(basin, parameters)
        end = _steps(ocean, tau, 122)
        return end.h[8:12, 2:5].mean() + 10.0 * end.u[8:12, 2:5].mean()

    value = jnp.asarray(float(getattr(OceanParameters(), name)))
    difference = (forecast(value + change) - forecast(value - change)) / (2.0 * change)
    assert float(jax.grad(forecast)(value)) == pytest.approx(float(difference), rel=0.02)


def _steps(ocean, stress: Stress, steps: int) -> OceanState:
    body = lambda state, _: (ocean.advance(state, stress), None)
    return jax.lax.scan(body, ocean.rest(), None, length=steps)[0]


def test_members_are_runs_of_their_own() -> None:
    basin = box_basin((140.0, 200.0), (-20.0, 20.0), (4.0, 2.0))
    ocean = reduced_gravity_ocean(basin)
    states = [_noise(ocean, key) for key in range(3)]
    stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *states)
    together = ensemble(ocean, stacked, 0.0, 40, KEY, every=20)
    for m, state in enumerate(states):
        alone = trajectory(ocean, state, 0.0, 40, KEY, every=20)
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_allclose(a[m], b, atol=1e-5)


def test_two_baroclinic_modes_run_side_by_side() -> None:
    basin = box_basin((140.0, 200.0), (-20.0, 20.0), (4.0, 2.0))
    tau = Stress(jnp.full(basin.shape, 0.05), jnp.zeros(basin.shape))

    def end(speed: jax.Array) -> OceanState:
        parameters = eqx.tree_at(lambda p: p.wave_speed, OceanParameters(), speed)
        return _steps(reduced_gravity_ocean(basin, parameters), tau, 50)

    both = jax.vmap(end)(jnp.array([2.5, 1.5]))
    second = end(jnp.asarray(1.5))
    np.testing.assert_allclose(both.h[1], second.h, atol=1e-5)
    assert not np.allclose(both.h[0], both.h[1], atol=0.1)


# Edges


def test_steps_too_long_for_the_grid_are_refused() -> None:
    basin = box_basin((140.0, 200.0), (-20.0, 20.0), (0.5, 0.25))
    with pytest.raises(ConfigError, match=r"steps_per_month is 244, too few .* at least"):
        reduced_gravity_ocean(basin)


def test_parameters_out_of_bounds_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"wave.speed is 9.0; expected between 0.5 and 3.5 m/s"):
        OceanParameters(wave_speed=9.0)


@pytest.mark.slow
def test_fifty_years_of_wind_do_not_blow_it_up() -> None:
    basin = tropical_basin(open_sample("relief-1deg")["surface_altitude"])
    rng = np.random.default_rng(2)
    months = 600
    series = np.repeat(np.repeat(rng.normal(0, 0.03, (2, months, 8, 12)), 8, 2), 11, 3)
    tau = jnp.asarray(series[:, :, : basin.shape[0], : basin.shape[1]], jnp.float32)
    ocean = reduced_gravity_ocean(basin, wind=MonthlyWind(Stress(*tau), 0))
    heights = eqx.filter_jit(trajectory)(
        ocean, ocean.rest(), 0.0, 244 * months, KEY, every=2440, observe=lambda s: s.h
    )
    spread = np.asarray(heights.std(axis=(1, 2)))
    assert np.isfinite(spread).all()
    # No drift: the last decade is as rough as the second.
    assert spread[-12:].mean() == pytest.approx(spread[12:24].mean(), rel=0.2)
    assert np.abs(heights).max() < 200.0
