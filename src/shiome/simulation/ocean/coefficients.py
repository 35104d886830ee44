"""What the ocean is made of, folded into the factors of one time step."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from shiome.core.constants import SEAWATER_DENSITY
from shiome.core.options import check, option
from shiome.simulation.ocean.basin import Basin

SECONDS_PER_MONTH = 365.2425 / 12 * 86400.0
SECONDS_PER_DAY = 86400.0


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


class Coefficients(eqx.Module):
    """Everything that multiplies the state in one step, over the cells inside the rim."""

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


def _damping_rate(basin: Basin, parameters: OceanParameters) -> Array:
    """Rayleigh damping in s⁻¹ of each row: the same everywhere, more in the sponges."""
    rate = 1.0 / (parameters.damping * SECONDS_PER_DAY) * jnp.ones(basin.shape[0])
    if parameters.sponge_width == 0.0:
        return rate
    edge_to_edge = basin.latitude[-2] - basin.latitude[1]
    from_edge = 0.5 * edge_to_edge - np.abs(basin.latitude - basin.latitude.mean())
    depth = np.clip(1.0 - from_edge / parameters.sponge_width, 0.0, 1.0)
    return rate + depth**2 / (parameters.sponge_time * SECONDS_PER_DAY)


def step_coefficients(basin: Basin, parameters: OceanParameters, dt: float) -> Coefficients:
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
    return Coefficients(
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
