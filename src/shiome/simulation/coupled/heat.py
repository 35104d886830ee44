"""The heat budget of the equatorial surface layer, as a linear map of one month.

    dT/dt = - e_z (u' dTm/dx) - e_m (um dT/dx) - e_u (w' (Tm - Tms) / H)
            + wm / H (e_t (dTm/dz) h' - T) - a T

with T the anomaly of surface temperature, h' that of the layer's thickness, u' and w' those of
current and upwelling, um, wm, Tm the mean climate, H the depth of the surface layer (the terms of
Zebiak and Cane 1987, eq. A11, linear; e_z, e_m, e_u, e_t, a are :class:`HeatParameters`). It acts
in cells on the equator and off Sumatra and Java; elsewhere anomalies are only damped.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from shiome.simulation.coupled.climate import CELLS, SURFACE_LAYER, Climate
from shiome.simulation.coupled.parameters import HeatParameters
from shiome.simulation.coupled.reduced_ocean import COASTS
from shiome.simulation.ocean.coefficients import SECONDS_PER_MONTH

# Of the matrix exponential: order of the polynomial, and how often it is squared.
ORDER, SQUARINGS = 10, 3
_COAST = np.array([cell in COASTS for cell in CELLS])


class SurfaceMaps(NamedTuple):
    """What cells know of the surface (k amplitudes) and of the ocean (n numbers).

    Attributes
    ----------
    temperature, gradient
        (cell, k) anomaly of surface temperature in K, and its eastward gradient in K/m.
    current, upwelling
        (cell, k) anomalies by the wind that goes with the surface, m/s.
    geostrophic, thickness
        (cell, n) anomalies of the current in m/s and of the layer's thickness in m.
    spread
        (k, cell) amplitudes of an anomaly of 1 K in a cell, which fades with latitude.
    """

    temperature: Float[Array, "cell k"]
    gradient: Float[Array, "cell k"]
    current: Float[Array, "cell k"]
    upwelling: Float[Array, "cell k"]
    geostrophic: Float[Array, "cell n"]
    thickness: Float[Array, "cell n"]
    spread: Float[Array, "k cell"]


class HeatStep(NamedTuple):
    """One month of the heat budget, from each calendar month to the next.

    Attributes
    ----------
    propagator
        (12, k, k) from amplitudes to amplitudes.
    heating
        (12, k, n) from the ocean's state to amplitudes.
    """

    propagator: Float[Array, "12 k k"]
    heating: Float[Array, "12 k n"]


def _single(values: ArrayLike) -> Array:
    return jnp.asarray(values, jnp.float32)


def heat_step(parameters: HeatParameters, climate: Climate, maps: SurfaceMaps) -> HeatStep:
    """Integrate the budget over a month with the ocean held; exact in time.

    The climate of a step is the mean of its two months.
    """
    p = jax.tree.map(lambda x: _single(x).reshape(()), parameters)
    monthly = Climate(*(_single(x) for x in climate))
    between = jax.tree.map(lambda x: 0.5 * (x + jnp.roll(x, -1, 0)), monthly)
    flow = jnp.where(_COAST, p.coast, 1.0)
    depth, modes = float(SURFACE_LAYER), maps.temperature.shape[1]

    def month(c: Climate) -> tuple[Array, Array]:
        exchange = flow * c.upwelling / depth
        # Anomalous upwelling entrains only where there is upwelling at all.
        entrain = p.upwelling * flow * c.jump * (c.upwelling > 0)
        by_surface = (
            -p.zonal * c.gradient[:, None] * maps.current
            - p.mean_current * c.current[:, None] * maps.gradient
            - entrain[:, None] * maps.upwelling
            - exchange[:, None] * maps.temperature
        )
        by_ocean = (
            p.thermocline * (exchange * c.stratification)[:, None] * maps.thickness
            - p.zonal * c.gradient[:, None] * maps.geostrophic
        )
        rate = maps.spread @ by_surface * SECONDS_PER_MONTH - p.damping * jnp.eye(modes)
        source = maps.spread @ by_ocean * SECONDS_PER_MONTH
        # exp of [[rate, 1], [0, 0]] holds exp(rate) and its integral over the month.
        both = jnp.zeros((2 * modes,) * 2).at[:modes, :modes].set(rate)
        step = _exponential(both.at[:modes, modes:].set(jnp.eye(modes)))
        return step[:modes, :modes], step[:modes, modes:] @ source

    return HeatStep(*jax.vmap(month)(between))


def _exponential(matrix: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Exp of a matrix of norm 5 or so, to single precision; for larger ones a little less.

    A Taylor polynomial and squarings (Moler and Van Loan 2003, SIAM Rev. 45, method 3): products
    alone, which compile in a tenth of the time that a general method takes.
    """
    small = matrix / 2.0**SQUARINGS
    total = term = jnp.eye(len(matrix))
    for n in range(1, ORDER + 1):
        term = term @ small / n
        total = total + term
    for _ in range(SQUARINGS):
        total = total @ total
    return total
