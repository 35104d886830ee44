"""Lorenz-63: three variables, two wings."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.simulation.integrate import runge_kutta_4
from shiome.simulation.model import Model


class Lorenz63(Model):
    """Thermal convection between two plates, cut down to three modes.

    The last axis of the state holds x, y, z; leading axes are members.

    Attributes
    ----------
    prandtl, rayleigh, aspect
        The parameters σ, r and b of the paper.
    time_step
        Step of the Runge–Kutta scheme.

    References
    ----------
    Lorenz, E. N. (1963): Deterministic nonperiodic flow. J. Atmos. Sci. 20, eqs. 25–27.
    """

    prandtl: float = 10.0
    rayleigh: float = 28.0
    aspect: float = 8.0 / 3.0
    time_step: float = 0.01
    time_unit: ClassVar[str] = "1"
    units: ClassVar[dict[str, str]] = {"state": "1"}

    def tendency(
        self, state: Float[Array, "*batch 3"], time: Float[Array, ""]
    ) -> Float[Array, "*batch 3"]:
        """Time derivative of x, y and z."""
        x, y, z = state[..., 0], state[..., 1], state[..., 2]
        return jnp.stack(
            [
                self.prandtl * (y - x),
                x * (self.rayleigh - z) - y,
                x * y - self.aspect * z,
            ],
            axis=-1,
        )

    def step(
        self, state: Float[Array, "*batch 3"], time: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, "*batch 3"]:
        """Advance by one Runge–Kutta step."""
        return runge_kutta_4(self.tendency, state, time, self.time_step)
