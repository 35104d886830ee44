"""One moving layer over a deep one at rest, on a rotating, doubly periodic plane."""

from typing import ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.simulation.integrate import runge_kutta_4
from shiome.simulation.model import Model
from shiome.simulation.shallow_water.operators import (
    divergence,
    halo,
    laplacian,
    shallow_water,
    window,
)


class Layer(NamedTuple):
    """State on an Arakawa C grid; axes are y (north) and x (east).

    Attributes
    ----------
    u, v
        Velocity through the east and the north face of each cell, m/s.
    h
        Thickness anomaly at the centre, m.
    """

    u: Float[Array, "y x"]
    v: Float[Array, "y x"]
    h: Float[Array, "y x"]


class ReducedGravity(Model):
    """Nonlinear shallow-water equations in vector-invariant form.

    Space differences follow Sadourny's energy-conserving scheme: without viscosity, only the time
    stepping changes the energy; mass is kept to rounding.

    Attributes
    ----------
    spacing
        Grid spacing, m.
    depth
        Mean thickness of the layer, m.
    gravity
        Reduced gravity, m/s².
    coriolis
        Coriolis parameter, 1/s.
    viscosity
        Lateral viscosity, m²/s.
    time_step
        s; waves must not cross more than about one cell in it.

    References
    ----------
    Sadourny (1975): The dynamics of finite-difference models of the shallow-water equations.
    J. Atmos. Sci. 32, eqs. 5–7.
    """

    spacing: float = 20_000.0
    depth: float = 500.0
    gravity: float = 0.02
    coriolis: float = 1e-4
    viscosity: float = 50.0
    time_step: float = 1800.0
    time_unit: ClassVar[str] = "s"
    units: ClassVar[dict[str, str]] = {"u": "m s-1", "v": "m s-1", "h": "m"}

    def tendency(self, state: Layer, time: Float[Array, ""]) -> Layer:
        """Time derivative of velocity and thickness."""
        u, v, h = state
        du, dv, flux_x, flux_y = shallow_water(
            u, v, h, self.depth, self.coriolis, self.gravity, self.spacing
        )
        friction = self.viscosity / self.spacing**2
        return Layer(
            du + friction * laplacian(u),
            dv + friction * laplacian(v),
            -divergence(flux_x, flux_y, self.spacing),
        )

    def step(self, state: Layer, time: Float[Array, ""], key: PRNGKeyArray) -> Layer:
        """Advance by one Runge–Kutta step."""
        return runge_kutta_4(self.tendency, state, time, self.time_step)

    def energy(self, state: Layer) -> Float[Array, ""]:
        """Kinetic and potential energy per density, m⁵/s²."""
        u, v, h = state
        thick = self.depth + h
        p = halo(thick)
        across = 0.5 * ((thick + window(p, 0, 1)) * u**2 + (thick + window(p, 1)) * v**2)
        return 0.5 * self.spacing**2 * jnp.sum(across + self.gravity * h**2)

    def balanced(self, h: Float[Array, "y x"]) -> Layer:
        """Thickness anomaly with the velocity in geostrophic balance, at linear order."""
        factor = self.gravity / (self.coriolis * self.spacing)
        p = halo(h)
        centred_y = 0.25 * (window(p, 1) - window(p, -1) + window(p, 1, 1) - window(p, -1, 1))
        centred_x = 0.25 * (window(p, 0, 1) - window(p, 0, -1) + window(p, 1, 1) - window(p, 1, -1))
        return Layer(-factor * centred_y, factor * centred_x, h)
