"""One moving layer over a deep one at rest, on a rotating, doubly periodic plane."""

from typing import ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.simulation.integrate import runge_kutta_4
from shiome.simulation.model import Model


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


def _east(a: Array) -> Array:
    return jnp.roll(a, -1, -1)


def _west(a: Array) -> Array:
    return jnp.roll(a, 1, -1)


def _north(a: Array) -> Array:
    return jnp.roll(a, -1, -2)


def _south(a: Array) -> Array:
    return jnp.roll(a, 1, -2)


def _laplacian(a: Array) -> Array:
    return _east(a) + _west(a) + _north(a) + _south(a) - 4 * a


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
        dx, thick = self.spacing, self.depth + state.h
        flux_x = 0.5 * (thick + _east(thick)) * u  # m²/s
        flux_y = 0.5 * (thick + _north(thick)) * v
        # Potential vorticity at the north-east corner of each cell, 1/(m s).
        corner = 0.25 * (thick + _east(thick) + _north(thick) + _east(_north(thick)))
        vorticity = (_east(v) - v - _north(u) + u) / dx
        q = (self.coriolis + vorticity) / corner
        kinetic = 0.25 * (u**2 + _west(u) ** 2 + v**2 + _south(v) ** 2)
        bernoulli = self.gravity * h + kinetic  # m²/s²
        turn_u = q * 0.5 * (flux_y + _east(flux_y))
        turn_v = q * 0.5 * (flux_x + _north(flux_x))
        friction = self.viscosity / dx**2
        return Layer(
            0.5 * (turn_u + _south(turn_u))
            - (_east(bernoulli) - bernoulli) / dx
            + friction * _laplacian(u),
            -0.5 * (turn_v + _west(turn_v))
            - (_north(bernoulli) - bernoulli) / dx
            + friction * _laplacian(v),
            -(flux_x - _west(flux_x) + flux_y - _south(flux_y)) / dx,
        )

    def step(self, state: Layer, time: Float[Array, ""], key: PRNGKeyArray) -> Layer:
        """Advance by one Runge–Kutta step."""
        return runge_kutta_4(self.tendency, state, time, self.time_step)

    def energy(self, state: Layer) -> Float[Array, ""]:
        """Kinetic and potential energy per density, m⁵/s²."""
        u, v, h = state
        thick = self.depth + h
        across = 0.5 * (thick + _east(thick)) * u**2 + 0.5 * (thick + _north(thick)) * v**2
        return 0.5 * self.spacing**2 * jnp.sum(across + self.gravity * h**2)

    def balanced(self, h: Float[Array, "y x"]) -> Layer:
        """Thickness anomaly with the velocity in geostrophic balance, at linear order."""
        factor = self.gravity / (self.coriolis * self.spacing)
        centred_y = 0.25 * (_north(h) - _south(h) + _east(_north(h)) - _east(_south(h)))
        centred_x = 0.25 * (_east(h) - _west(h) + _north(_east(h)) - _north(_west(h)))
        return Layer(-factor * centred_y, factor * centred_x, h)
