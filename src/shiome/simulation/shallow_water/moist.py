"""A world that makes typhoons: one rotating, moist-convective layer over a warm sea.

The layer is the lower troposphere on a mid-latitude beta-plane band, periodic in x and walled in y:

- momentum and mass as in shallow water, around an imposed steering flow that alone would be steady;
- vapour above saturation condenses, P = (q − q_s)₊ / τ, smoothed over neighbouring cells; the heat
  takes mass out of the layer, β h P, which leaves κ of vapour behind and takes the rest along;
- the mass comes back as radiative subsidence of dry air where the sky is clear, more where the
  layer is thin (warm), so that the mass of the world is kept;
- saturation rises as the layer thins (a warm core), q_s = 1 + γ (H − h) / H, and so bounds growth:
  by raining, a closed column gains vapour β κ P - P and saturation β γ P, and β (κ − γ) < 1 keeps
  the second ahead;
- vapour moves in flux form and comes from the sea with the wind, C_E |v| (q_sea − q);
- cloud water is made by P, decays in half a day and leans with the vertical shear; shear mixes dry
  air into cloudy cells.

Vapour is measured in units of the saturation humidity of the layer at rest.

References
----------
Bouchut, Lambaerts, Lapeyre and Zeitlin (2009), Phys. Fluids 21: moist-convective shallow water
(mass sink by condensation).
Rostami and Zeitlin (2018), Q. J. R. Meteorol. Soc. 144: the same with cloud water, surface
evaporation and tropical-cyclone-like vortices.
Emanuel (1986), J. Atmos. Sci. 43: wind-induced evaporation as the cyclone's source of energy.
Smagorinsky (1963), Mon. Wea. Rev. 91: mixing that grows with the deformation of the flow.
Tang and Emanuel (2010), J. Atmos. Sci. 67: shear that ventilates the core with dry air.
"""

import math
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.core.constants import EARTH_RADIUS, EARTH_ROTATION
from shiome.core.errors import ConfigError
from shiome.simulation.model import Model
from shiome.simulation.shallow_water.operators import (
    deformation,
    divergence,
    halo,
    laplacian,
    shallow_water,
    tracer_flux,
    window,
)
from shiome.simulation.shallow_water.sea import Sea, Surroundings

Field = Float[Array, "y x"]
# Wind, thickness anomaly and the two mass fluxes.
Moved = tuple[Field, Field, Field, Field, Field]
# Cells across one blob of the noise in the vapour, and the side that grids must be multiples of.
BLOB = 8
# Steps of the gravity waves in one of the transport and the physics.
WAVES = 2
# Most of the difference from its neighbours that a cell may lose to mixing in one step.
STRONGEST = 0.2
METRES_PER_DEGREE = float(EARTH_RADIUS) * math.pi / 180.0


class MoistState(NamedTuple):
    """State on an Arakawa C grid; axes are y (north) and x (east).

    Attributes
    ----------
    u, v
        Wind through the east and the north face of each cell, m/s; ``v`` of the last row is zero.
    h
        Thickness anomaly at the centre, m.
    q
        Vapour at the centre, in units of the saturation humidity at rest, 1.
    w
        Cloud water at the centre, in the same unit.
    waves
        Amplitudes of the wandering waves of the surroundings (:class:`Sea`).
    """

    u: Field
    v: Field
    h: Field
    q: Field
    w: Field
    waves: Float[Array, "mode 2"]


class MoistWorld(Model):
    """The moist layer in its surroundings; :func:`moist_world` builds one.

    Attributes
    ----------
    sea
        Warm sea, steering flow and shear.
    coriolis
        Coriolis parameter at the north edge of each row, 1/s.
    sponge
        Rate at which the rows near the walls return to the surroundings, 1/s.
    spacing, depth, gravity
        Grid spacing in m, thickness at rest in m, reduced gravity in m/s².
    condensation_time
        τ, s.
    mass_sink
        β, mass that leaves per mass of condensing vapour, in units of the layer's humidity.
    kept
        κ, vapour that leaving air leaves behind. A fixed amount, not a share: with a share, the
        moister a column, the more vapour it gained by raining, without bound.
    warming
        γ.
    evaporation, deficit, gust, drag
        C_E; largest difference of vapour between the sea and the air just above it; wind speed in
        m/s that is always there; drag coefficient of the quadratic law.
    viscosity, mixing
        Viscosity in m²/s that is always there, and mixing length by deformation in cells.
    cloud_time, cloud_scale
        Decay of cloud water in s, and the amount that darkens the sky by a factor of e.
    cloudy_cooling, relaxation
        Radiative subsidence under thick cloud, as a share of that under clear sky; time in s in
        which clear sky brings the thickness back to that at rest.
    ventilation, ventilating_shear, dry
        Time in s in which shear of the given strength (m/s) mixes a cloudy cell with air of the
        given vapour.
    lean
        Share of the shear that moves the cloud away from its layer.
    noise
        Relative change of vapour in an hour by unresolved convection, standard deviation.
    time_step
        Hours; the surroundings stand still in it.
    substeps
        Of the physics and of the transport of vapour and cloud in one time step; the gravity waves
        take two steps in each.
    """

    sea: Sea
    coriolis: Float[Array, "y 1"]
    sponge: Float[Array, "y 1"]
    spacing: float = 25_000.0
    depth: float = 3000.0
    gravity: float = 0.8
    condensation_time: float = 7200.0
    mass_sink: float = 1.35
    kept: float = 0.86
    warming: float = 0.33
    evaporation: float = 1.75e-3
    deficit: float = 0.4
    gust: float = 2.0
    drag: float = 8e-4
    viscosity: float = 3e3
    mixing: float = 0.15
    cloud_time: float = 43_200.0
    cloud_scale: float = 0.06
    cloudy_cooling: float = 0.2
    relaxation: float = 259_200.0
    ventilation: float = 129_600.0
    ventilating_shear: float = 15.0
    dry: float = 0.5
    lean: float = 0.3
    noise: float = 0.015
    time_step: float = 1.0
    substeps: int = eqx.field(static=True, default=10)
    time_unit: ClassVar[str] = "h"
    units: ClassVar[dict[str, str]] = {
        "u": "m s-1",
        "v": "m s-1",
        "h": "m",
        "q": "1",
        "w": "1",
        "waves": "1",
    }

    def start(self, time: Float[Array, ""] | float, key: PRNGKeyArray) -> MoistState:
        """A cloudless state that moves with the steering flow, at a time in hours."""
        wave_key, noise_key = jax.random.split(key)
        waves = self.sea.draw(wave_key)
        around = self.sea(time, waves)
        q = 0.85 * jnp.minimum(around.humidity, 1.0) + 0.02 * _blobs(noise_key, around.u.shape)
        zero = jnp.zeros_like(q)
        return MoistState(around.u, around.v, zero, q, zero, waves)

    def step(self, state: MoistState, time: Float[Array, ""], key: PRNGKeyArray) -> MoistState:
        """Advance by one time step; ``time`` in hours since 1 January."""
        wave_key, noise_key = jax.random.split(key)
        around = self.sea(time, state.waves)
        force = self.steering_force(around)
        seconds = 3600.0 * self.time_step / self.substeps

        def substep(state: MoistState, _: None) -> tuple[MoistState, None]:
            state = self._flow(state, around, force, seconds)
            state = self._rain(state, around, seconds)
            return self._friction(state, around, seconds), None

        state, _ = jax.lax.scan(substep, state, length=self.substeps)
        blobs = self.noise * self.time_step**0.5 * _blobs(noise_key, state.q.shape)
        waves = self.sea.wander(state.waves, self.time_step, wave_key)
        return state._replace(q=state.q * (1.0 + blobs), waves=waves)

    def steering_force(self, around: Surroundings) -> tuple[Field, Field]:
        """Force on u and v, m/s², that keeps the steering flow alone as a steady state."""
        calm = jnp.zeros_like(around.u)
        du, dv, _, _ = shallow_water(
            around.u, around.v, calm, self.depth, self.coriolis, self.gravity, self.spacing
        )
        return -du, -dv

    def condensation(self, state: MoistState) -> Field:
        """Condensation rate P, 1/s, before it is smoothed."""
        saturated = 1.0 - self.warming * state.h / self.depth
        return jnp.maximum(state.q - saturated, 0.0) / self.condensation_time

    def _flow(
        self, state: MoistState, around: Surroundings, force: tuple[Field, Field], dt: float
    ) -> MoistState:
        """Motion of mass, momentum, vapour and cloud over one substep.

        Wind and mass take two steps by the three-stage Runge–Kutta scheme of Wicker and Skamarock
        (2002, Mon. Wea. Rev. 130), whose last mass fluxes are exactly those that move the mass;
        their mean moves vapour and cloud. Steps and stages are loops because a compiler would else
        compute them anew for each use.
        """
        inside = self._inside(state.u)
        parts = jnp.array([1 / 3, 1 / 2, 1.0], state.u.dtype) * (dt / WAVES)

        def wave(first: Moved, _: None) -> tuple[Moved, None]:
            u0, v0, h0, sum_x, sum_y = first

            def stage(now: Moved, dt: Array) -> tuple[Moved, None]:
                du, dv, flux_x, flux_y = shallow_water(
                    now[0], now[1], now[2], self.depth, self.coriolis, self.gravity, self.spacing
                )
                u = u0 + dt * (du + force[0])
                v = inside * (v0 + dt * (dv + force[1]))
                h = h0 - dt * divergence(flux_x, flux_y, self.spacing)
                return (u, v, h, flux_x, flux_y), None

            (u, v, h, flux_x, flux_y), _ = jax.lax.scan(stage, first, parts)
            return (u, v, h, sum_x + flux_x / WAVES, sum_y + flux_y / WAVES), None

        none = jnp.zeros_like(state.h)
        first = (state.u, state.v, state.h, none, none)
        (u, v, h, flux_x, flux_y), _ = jax.lax.scan(wave, first, length=WAVES)
        before, after, courant = self.depth + state.h, self.depth + h, dt / self.spacing
        leaning = (
            flux_x + self.lean * self.depth * around.shear_u,
            flux_y + self.lean * self.depth * around.shear_v * inside,
        )

        def carry(_: None, what: tuple[Field, ...]) -> tuple[None, Field]:
            a, x, y = what
            x, y = tracer_flux(a, x, y, self.depth, courant)
            return None, (before * a - courant * divergence(x, y, 1.0)) / after

        both = [
            jnp.stack(pair)
            for pair in zip((state.q, flux_x, flux_y), (state.w, *leaning), strict=True)
        ]
        _, (q, w) = jax.lax.scan(carry, None, tuple(both))
        return state._replace(u=u, v=v, h=h, q=q, w=w)

    def _rain(self, state: MoistState, around: Surroundings, dt: float) -> MoistState:
        """Evaporation, ventilation, condensation and radiative return over one substep."""
        thick = self.depth + state.h
        w = state.w
        deficit = jnp.clip(around.humidity - state.q, 0.0, self.deficit)
        source = self.evaporation * self._speed(state) * deficit / thick
        shear = (around.shear_u**2 + around.shear_v**2) / self.ventilating_shear**2
        cloudy = w / (w + self.cloud_scale)
        loss = shear * cloudy / self.ventilation * jnp.maximum(state.q - self.dry, 0.0)
        q = state.q + dt * (source - loss)
        # Implicit in time: never more condenses than there is above saturation.
        implicit = self.condensation_time / (self.condensation_time + dt)
        rain = implicit * self.condensation(state._replace(q=q))
        rain = rain + laplacian(rain, wall=True) / 8
        sink = self.mass_sink * thick * rain  # m/s
        clear = self.cloudy_cooling + jnp.exp(-w / self.cloud_scale)
        cooling = clear / self.relaxation
        lift = (jnp.mean(sink) + jnp.mean(cooling * state.h)) / jnp.mean(clear)
        h = state.h + dt * (lift * clear - cooling * state.h - sink)
        taken = jnp.maximum(q - self.kept, 0.0)
        vapour = thick * (q - dt * rain) - dt * taken * sink
        w = w + dt * (rain - w / self.cloud_time)
        keep = 1.0 - dt * self.sponge
        return state._replace(h=h * keep, q=vapour / (self.depth + h), w=w * keep)

    def _friction(self, state: MoistState, around: Surroundings, dt: float) -> MoistState:
        """Drag, viscosity and sponge on the departure from the steering flow."""
        speed = self._speed(state)
        p = halo(speed)
        rate = 0.5 * self.drag / self.depth
        slow_u = 1 + dt * (rate * (speed + window(p, 0, 1)) + self.sponge)
        slow_v = 1 + dt * (rate * (speed + window(p, 1)) + self.sponge)
        u, v = state.u - around.u, state.v - around.v
        eddies = self.mixing**2 * deformation(u, v, self.spacing)  # 1/s
        spread = jnp.minimum(dt * (eddies + self.viscosity / self.spacing**2), STRONGEST)
        p = halo(spread, 1, wall=True)
        u = around.u + (u + 0.5 * (spread + window(p, 0, 1)) * laplacian(u, wall=True)) / slow_u
        v = around.v + (v + 0.5 * (spread + window(p, 1)) * laplacian(v, wall=True)) / slow_v
        return state._replace(u=u, v=self._inside(v) * v)

    def _speed(self, state: MoistState) -> Field:
        """Wind speed at centres with gusts, m/s."""
        return jnp.sqrt(self.gust**2 + 2 * kinetic_energy(state))

    def _inside(self, v: Field) -> Float[Array, "y 1"]:
        """Zero on the northern wall, which is the southern one too, else one."""
        return (jnp.arange(v.shape[-2]) < v.shape[-2] - 1)[:, None].astype(v.dtype)


def kinetic_energy(state: MoistState) -> Field:
    """Kinetic energy at centres, m²/s²."""
    u, v = halo(state.u), halo(state.v)
    return 0.125 * ((state.u + window(u, 0, -1)) ** 2 + (state.v + window(v, -1)) ** 2)


def vorticity(state: MoistState, spacing: float) -> Field:
    """Relative vorticity at centres, 1/s: the mean of the four corners."""
    u, v = halo(state.u), halo(state.v)
    across = window(v, 0, 1) - window(v, 0, -1) + window(v, -1, 1) - window(v, -1, -1)
    along = window(u, 1) - window(u, -1) + window(u, 1, -1) - window(u, -1, -1)
    return 0.25 * (across - along) / spacing


def moist_world(
    rows: int = 192,
    columns: int = 256,
    *,
    south: float = 2.5,
    spacing: float = 25_000.0,
    sponge_width: float = 1.2,
    sponge_time: float = 21_600.0,
    **parameters: Any,
) -> MoistWorld:
    """Build a band of the given size.

    Parameters
    ----------
    rows, columns
        Number of cells, multiples of 8.
    south
        Latitude of the southern wall, degrees.
    spacing
        m. A degree is as long in x as in y.
    sponge_width, sponge_time
        Width of the rows by the walls that return to the surroundings in degrees, and time in s.
    parameters
        Attributes of :class:`MoistWorld` to change.

    Raises
    ------
    ConfigError
        If the size is no multiple of 8, or moist convection would grow without bound.
    """
    if rows % BLOB or columns % BLOB or min(rows, columns) < 2 * BLOB:
        raise ConfigError(
            f"a band of {rows} by {columns} cells; expected multiples of {BLOB}, at least 16."
        )
    degrees = spacing / METRES_PER_DEGREE
    latitude = south + degrees * (0.5 + jnp.arange(rows, dtype=jnp.float32))
    middle = jnp.deg2rad(20.0)
    beta = 2 * float(EARTH_ROTATION) * jnp.cos(middle) / float(EARTH_RADIUS)  # 1/(m s)
    north = (latitude + degrees / 2 - 20.0) * METRES_PER_DEGREE
    coriolis = 2 * float(EARTH_ROTATION) * jnp.sin(middle) + beta * north
    wall = jnp.minimum(latitude - latitude[0], latitude[-1] - latitude)
    sponge = jnp.exp(-((wall / sponge_width) ** 2)) / sponge_time
    world = MoistWorld(
        Sea(latitude, columns, spacing), coriolis[:, None], sponge[:, None], spacing, **parameters
    )
    if world.mass_sink * (world.kept - world.warming) >= 1:
        raise ConfigError(
            f"mass_sink {world.mass_sink}, kept {world.kept}, warming {world.warming}; expected "
            "mass_sink * (kept - warming) < 1, beyond which convection grows without bound."
        )
    return world


def _blobs(key: PRNGKeyArray, shape: tuple[int, ...]) -> Field:
    """Smooth noise of unit variance on a coarse grid, interpolated."""
    coarse = jax.random.normal(key, (shape[0] // BLOB, shape[1] // BLOB))
    return jax.image.resize(coarse, shape, "linear")
