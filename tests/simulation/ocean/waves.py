"""Small oceans and the wave theory that they are held against (Matsuno 1966; Gill 1982, ch. 11)."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from shiome.core.constants import EARTH_RADIUS, EARTH_ROTATION
from shiome.simulation.ocean import (
    Basin,
    OceanParameters,
    OceanState,
    ReducedGravityOcean,
    box_basin,
    reduced_gravity_ocean,
)

DEGREE = float(EARTH_RADIUS) * np.pi / 180.0
BETA = 2.0 * float(EARTH_ROTATION) / float(EARTH_RADIUS)
DAYS = 365.2425 / 12.0
IDEAL = OceanParameters(damping=1e9, viscosity=0.0, sponge_width=0.0)
SPEED = float(IDEAL.wave_speed)
THICKNESS = float(IDEAL.thickness)
RADIUS = np.sqrt(SPEED / BETA)  # m, equatorial radius of deformation


def ideal_ocean(
    east: float = 80.0, north: float = 20.0, spacing: tuple[float, float] = (1.0, 0.5), **kwargs
) -> ReducedGravityOcean:
    """A frictionless equatorial beta-plane between straight coasts, from 0°E."""
    basin = box_basin((0.0, east), (-north, north), spacing, beta_plane=True)
    return reduced_gravity_ocean(basin, IDEAL, **{"steps_per_month": 488, **kwargs})


def edges(basin: Basin) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Longitude of centres and eastern edges, latitude of centres and northern edges."""
    x, y = basin.longitude, basin.latitude
    return x, x + 0.5 * (x[1] - x[0]), y, y + 0.5 * (y[1] - y[0])


def hermite(n: int, latitude: np.ndarray) -> np.ndarray:
    """Hermite function of latitude in units of the radius of deformation, for n = 0 … 3."""
    y = latitude * DEGREE / RADIUS
    polynomial = (
        np.ones_like(y),
        np.sqrt(2.0) * y,
        (2 * y**2 - 1) / np.sqrt(2.0),
        (2 * y**3 - 3 * y) / np.sqrt(3.0),
    )[n]
    return polynomial * np.exp(-(y**2) / 2)


def bell(longitude: np.ndarray, centre: float, width: float) -> np.ndarray:
    """A smooth bump along the equator."""
    return np.exp(-(((longitude - centre) / width) ** 2))


def packet(basin: Basin, q: np.ndarray, r: np.ndarray, shape: tuple[float, float]) -> OceanState:
    """A long wave: q = h + u and r = h - u (scaled by H / c) as functions of latitude.

    ``shape`` is the centre and width of its bell in degrees of longitude.
    """
    x, x_u, _, _ = edges(basin)
    h = np.outer(0.5 * (q + r), bell(x, *shape)) * basin.wet
    u = np.outer(0.5 * (q - r), bell(x_u, *shape)) * basin.wet_u * SPEED / THICKNESS
    return OceanState(
        jnp.asarray(u, jnp.float32),
        jnp.zeros(basin.shape, jnp.float32),
        jnp.asarray(h, jnp.float32),
    )


def kelvin(basin: Basin, centre: float, width: float) -> OceanState:
    """An equatorial Kelvin wave of 1 m on the equator."""
    q = 2.0 * hermite(0, basin.latitude)
    return packet(basin, q, np.zeros_like(q), (centre, width))


def rossby(basin: Basin, n: int, centre: float, width: float) -> OceanState:
    """A long Rossby wave of meridional mode n (1 or 2)."""
    y = basin.latitude
    r = np.sqrt((n + 1.0) / n) * hermite(n - 1, y)
    return packet(basin, hermite(n + 1, y), r, (centre, width))


def run(ocean: ReducedGravityOcean, state: OceanState, days: float) -> OceanState:
    """The state some days later, without wind."""
    steps = round(days / DAYS / ocean.time_step)
    calm = ocean.wind(jnp.zeros(()))
    return lax.scan(lambda s, _: (ocean.advance(s, calm), None), state, None, length=steps)[0]


def centre_of(longitude: np.ndarray, signal: np.ndarray) -> float:
    """Longitude of the middle of a bump: its centre of mass above half its height."""
    weight = np.clip(signal - 0.5 * signal.max(), 0.0, None)
    return float((weight * longitude).sum() / weight.sum())
