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

from shiome.core.errors import ConfigError
from shiome.simulation.model import Model
from shiome.simulation.ocean.basin import Basin
from shiome.simulation.ocean.coefficients import (
    SECONDS_PER_MONTH,
    Coefficients,
    OceanParameters,
    step_coefficients,
)
from shiome.simulation.ocean.wind import Field, Stress, no_wind


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
    coefficients
        Everything that multiplies the state in one step.
    """

    time_unit: ClassVar[str] = "month"
    units: ClassVar[dict[str, str]] = {"u": "m s-1", "v": "m s-1", "h": "m"}

    time_step: float = eqx.field(static=True)
    basin: Basin = eqx.field(static=True)
    wind: Callable[[Float[Array, ""]], Stress]
    coefficients: Coefficients

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
        k = self.coefficients
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
        coefficients=step_coefficients(basin, parameters, dt),
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
