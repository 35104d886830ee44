"""A layer of warm water above a deep ocean at rest, driven by the wind.

The linear reduced-gravity equations for the anomalies of current (u, v) and layer thickness h,

    du/dt - f v = -g' dh/dx + tau_x / (rho H) - r u + nu del2 u
    dv/dt + f u = -g' dh/dy + tau_y / (rho H) - r v + nu del2 v
    dh/dt       = -H div(u, v) - r h,                                    c**2 = g' H,

on the sphere, on an Arakawa C-grid with no flow through coasts (Cane 1979; Zebiak and Cane 1987,
appendix A). One step updates h, then u with the new h, then v with the new h and u. For the
frictionless equations x' = S x with S = L - transpose(L), this is (I - dt L) x_new =
(I - dt transpose(L)) x_old with L strictly block-triangular, which conserves
x . x - dt x . L x exactly: gravity and inertial waves neither grow nor decay for dt |S| < 2.
"""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.core.constants import SEAWATER_DENSITY
from shiome.core.errors import ConfigError
from shiome.core.options import check, option
from shiome.simulation.model import Model
from shiome.simulation.ocean.basin import Basin

SECONDS_PER_MONTH = 365.2425 / 12 * 86400.0
SECONDS_PER_DAY = 86400.0
Field = Float[Array, "latitude longitude"]


class OceanParameters(eqx.Module):
    """What the ocean is made of; every number with its unit, bounds and source."""

    wave_speed: float | Array = option(
        2.5,
        "Speed of long gravity waves: Chelton et al. (1998) find 2.2–3.0 m/s in the tropics",
        unit="m/s",
        ge=0.5,
        le=3.5,
    )
    thickness: float | Array = option(
        150.0, "Mean thickness of the layer: Zebiak and Cane (1987)", unit="m", ge=30.0, le=400.0
    )
    damping: float | Array = option(
        900.0,
        "e-folding time of current and thickness: 30 months, Zebiak and Cane (1987)",
        unit="day",
        ge=30.0,
    )
    viscosity: float | Array = option(
        1.0e4,
        "Lateral viscosity, small: it smooths the current at the coasts",
        unit="m2/s",
        ge=0.0,
        le=1.0e5,
    )
    sponge_width: float = option(
        5.0,
        "Width of the zones at the northern and southern end where waves are absorbed",
        unit="degree",
        ge=0.0,
        le=30.0,
    )
    sponge_time: float | Array = option(
        5.0, "e-folding time at the outer edge of these zones", unit="day", ge=0.5
    )

    def __check_init__(self) -> None:
        """Raise :class:`ConfigError` outside the bounds."""
        check(self)


class OceanState(NamedTuple):
    """Anomalies of the layer; each of shape (latitude, longitude), zero on land.

    Attributes
    ----------
    u
        Eastward current on eastern cell edges, m/s.
    v
        Northward current on northern cell edges, m/s.
    h
        Thickness at cell centres, m.
    """

    u: Field
    v: Field
    h: Field


class Stress(NamedTuple):
    """Anomaly of wind stress on the ocean at cell centres, N/m²; (latitude, longitude)."""

    eastward: Field
    northward: Field


def no_wind(time: Float[Array, ""]) -> Stress:
    """A calm atmosphere."""
    return Stress(jnp.zeros((1, 1)), jnp.zeros((1, 1)))


class MonthlyWind(eqx.Module):
    """Monthly mean stress, held over each month, so that no month feels the next one.

    Attributes
    ----------
    stress
        Each part of shape (month, latitude, longitude), N/m².
    first
        Month number of the first; earlier and later times take the first and last month.
    """

    stress: Stress
    first: int = eqx.field(static=True)

    def __call__(self, time: Float[Array, ""]) -> Stress:
        """Stress at a time in month numbers."""
        # A hundredth of a step forgives the rounding of the time at the turn of a month.
        month = jnp.floor(time - self.first + 1e-4).astype(int)
        months = self.stress.eastward.shape[0]
        month = jnp.clip(month, 0, months - 1)
        return Stress(*(lax.dynamic_index_in_dim(x, month, keepdims=False) for x in self.stress))


class _Coefficients(eqx.Module):
    """Everything that multiplies the state in one step, over the flattened inside of the basin."""

    h_keep: Array
    h_u: Array
    h_v: Array
    h_v_south: Array
    u_keep: Array
    u_v: Array
    u_h: Array
    u_stress: Array
    u_x: Array
    u_north: Array
    u_south: Array
    v_keep: Array
    v_u: Array
    v_u_north: Array
    v_h: Array
    v_stress: Array
    v_x: Array
    v_north: Array
    v_south: Array


class ReducedGravityOcean(Model):
    """The linear reduced-gravity ocean; made by :func:`reduced_gravity_ocean`.

    Attributes
    ----------
    time_step
        Length of a step in months.
    wind
        Gives the stress anomaly at a time in month numbers. A coupled model leaves it calm and
        calls :meth:`advance` with its own stress.
    basin
        Grid and coastline.
    """

    time_unit: ClassVar[str] = "month"
    units: ClassVar[dict[str, str]] = {"u": "m s-1", "v": "m s-1", "h": "m"}

    time_step: float = eqx.field(static=True)
    basin: Basin = eqx.field(static=True)
    wind: Callable[[Float[Array, ""]], Stress]
    _coefficients: _Coefficients

    def rest(self) -> OceanState:
        """The state without anomalies."""
        zero = jnp.zeros(self.basin.shape, jnp.float32)
        return OceanState(zero, zero, zero)

    def step(self, state: OceanState, time: Float[Array, ""], key: PRNGKeyArray) -> OceanState:
        """Advance one step under the model's own wind; the key is not used."""
        return self.advance(state, self.wind(time))

    def advance(self, state: OceanState, stress: Stress) -> OceanState:
        """Advance one step under a given stress.

        Parameters
        ----------
        state
            Currents and thickness now.
        stress
            Stress over the step.
        """
        k = self._coefficients
        rows, columns = self.basin.shape

        def at(field: Field, north: int = 0, east: int = 0) -> Array:
            return lax.slice(field, (1 + north, 1 + east), (rows - 1 + north, columns - 1 + east))

        def whole(inside: Array) -> Field:
            # Without the barrier XLA merges the three updates and computes each several times.
            rim = [(1, 1, 0), (1, 1, 0)]
            return lax.optimization_barrier(lax.pad(inside, jnp.zeros((), inside.dtype), rim))

        def spread(field: Field, keep: Array, x: Array, north: Array, south: Array) -> Array:
            along = x * (at(field, east=1) + at(field, east=-1))
            return keep * at(field) + along + (north * at(field, 1) + south * at(field, -1))

        u, v, h = state
        tau_x, tau_y = (jnp.broadcast_to(part, (rows, columns)) for part in stress)
        h = whole(
            k.h_keep * at(h)
            - k.h_u * (at(u) - at(u, east=-1))
            - (k.h_v * at(v) - k.h_v_south * at(v, -1))
        )
        around = at(v) + at(v, east=1) + (at(v, -1) + at(v, -1, 1))
        u = whole(
            spread(u, k.u_keep, k.u_x, k.u_north, k.u_south)
            + k.u_v * around
            - k.u_h * (at(h, east=1) - at(h))
            + k.u_stress * (at(tau_x) + at(tau_x, east=1))
        )
        v = whole(
            spread(v, k.v_keep, k.v_x, k.v_north, k.v_south)
            - k.v_u * (at(u) + at(u, east=-1))
            - k.v_u_north * (at(u, 1) + at(u, 1, -1))
            - k.v_h * (at(h, 1) - at(h))
            + k.v_stress * (at(tau_y) + at(tau_y, 1))
        )
        return OceanState(u, v, h)


def reduced_gravity_ocean(
    basin: Basin,
    parameters: OceanParameters | None = None,
    *,
    wind: Callable[[Float[Array, ""]], Stress] = no_wind,
    steps_per_month: int = 244,
) -> ReducedGravityOcean:
    """Build the ocean of a basin; differentiable with respect to the parameters.

    Parameters
    ----------
    basin
        Grid and coastline.
    parameters
        Default: those of :class:`OceanParameters`.
    wind
        As in :class:`ReducedGravityOcean`.
    steps_per_month
        Number of steps in one twelfth of a year; the default gives steps of three hours.

    Raises
    ------
    ConfigError
        If the steps are too long for waves of the fastest admitted speed on this grid.
    """
    parameters = OceanParameters() if parameters is None else parameters
    dt = SECONDS_PER_MONTH / steps_per_month
    _check_stability(basin, dt)
    return ReducedGravityOcean(
        time_step=1.0 / steps_per_month,
        basin=basin,
        wind=wind,
        _coefficients=_coefficients(basin, parameters, dt),
    )


def _check_stability(basin: Basin, dt: float) -> None:
    """Refuse steps for which the scheme may grow: dt (|f| + 2 c sqrt(1/dx² + 1/dy²)) >= 2."""
    fastest = 3.5  # m/s, the upper bound of OceanParameters.wave_speed
    wave = 2.0 * fastest * np.hypot(1.0 / basin.dx.min(), 1.0 / basin.dy)
    longest = 2.0 / (np.abs(basin.coriolis).max() + wave)
    if dt >= longest:
        least = int(np.ceil(SECONDS_PER_MONTH / longest)) + 1
        raise ConfigError(
            f"steps_per_month is {round(SECONDS_PER_MONTH / dt)}, too few for a grid of "
            f"{basin.dx.min() / 1e3:.0f} by {basin.dy / 1e3:.0f} km; expected at least {least}."
        )


def _damping_rate(basin: Basin, parameters: OceanParameters) -> Array:
    """Rayleigh damping in s⁻¹ of each row: the same everywhere, more in the sponges."""
    rate = 1.0 / (parameters.damping * SECONDS_PER_DAY) * jnp.ones(basin.shape[0])
    if parameters.sponge_width == 0.0:
        return rate
    edge_to_edge = basin.latitude[-2] - basin.latitude[1]
    from_edge = 0.5 * edge_to_edge - np.abs(basin.latitude - basin.latitude.mean())
    depth = np.clip(1.0 - from_edge / parameters.sponge_width, 0.0, 1.0)
    return rate + depth**2 / (parameters.sponge_time * SECONDS_PER_DAY)


def _coefficients(basin: Basin, parameters: OceanParameters, dt: float) -> _Coefficients:
    """Fold metric, masks, damping and time step into the factors of one step."""
    dy, dx, dx_n = basin.dy, basin.dx[:, None], basin.dx_north[:, None]
    dx_s = np.roll(dx_n, 1, axis=0)
    area, area_v = dx * dy, dx_n * dy
    # Coriolis weight of each of the four pairs (u, v) that meet in a cell; the same weight in both
    # equations, so that the Coriolis force does no work.
    pair = basin.coriolis[:, None] * area / 4.0
    pair_n = np.roll(pair, -1, axis=0)
    dx_next = np.roll(dx, -1, axis=0)

    thickness, viscosity = parameters.thickness, parameters.viscosity
    gravity = parameters.wave_speed**2 / thickness
    rate = _damping_rate(basin, parameters)[:, None]
    rate_n = 0.5 * (rate + jnp.roll(rate, -1, axis=0))
    h_rate, u_rate, v_rate = (1.0 / (1.0 + dt * r) for r in (rate, rate, rate_n))
    force = dt / (2.0 * float(SEAWATER_DENSITY) * thickness)
    u_x, u_n, u_s = (dt * viscosity * w for w in (1 / dx**2, dx_n / dy / area, dx_s / dy / area))
    v_x = dt * viscosity / dx_n**2
    v_n, v_s = (dt * viscosity * w / dy / area_v for w in (dx_next, dx))

    def inside(values: Array, mask: np.ndarray) -> Array:
        whole = jnp.where(mask, jnp.broadcast_to(values, basin.shape), 0.0)
        return whole[1:-1, 1:-1].astype(jnp.float32)

    at_h, at_u, at_v = basin.wet, basin.wet_u, basin.wet_v
    return _Coefficients(
        h_keep=inside(h_rate, at_h),
        h_u=inside(h_rate * dt * thickness * dy / area, at_h),
        h_v=inside(h_rate * dt * thickness * dx_n / area, at_h),
        h_v_south=inside(h_rate * dt * thickness * dx_s / area, at_h),
        u_keep=inside(u_rate * (1.0 - 2.0 * u_x - u_n - u_s), at_u),
        u_v=inside(u_rate * dt * pair / area, at_u),
        u_h=inside(u_rate * dt * gravity / dx, at_u),
        u_stress=inside(u_rate * force, at_u),
        u_x=inside(u_rate * u_x, at_u),
        u_north=inside(u_rate * u_n, at_u),
        u_south=inside(u_rate * u_s, at_u),
        v_keep=inside(v_rate * (1.0 - 2.0 * v_x - v_n - v_s), at_v),
        v_u=inside(v_rate * dt * pair / area_v, at_v),
        v_u_north=inside(v_rate * dt * pair_n / area_v, at_v),
        v_h=inside(v_rate * dt * gravity / dy, at_v),
        v_stress=inside(v_rate * force, at_v),
        v_x=inside(v_rate * v_x, at_v),
        v_north=inside(v_rate * v_n, at_v),
        v_south=inside(v_rate * v_s, at_v),
    )
