"""A model with a learned term inside its equations."""

from collections.abc import Callable
from typing import ClassVar

from jaxtyping import Array, Float, PRNGKeyArray

from shiome.simulation.integrate import runge_kutta_4
from shiome.simulation.model import Model

Tendency = Callable[[Float[Array, " n"], Float[Array, ""]], Float[Array, " n"]]


class Corrected(Model):
    """dx/dt = physics(x, t) + term(x), stepped by Runge–Kutta.

    Attributes
    ----------
    term
        What is added to the tendency of a state.
    physics
        Tendency of what is known; ``None`` where all is to be learned.
    time_step
        Step, in the unit of the physics.
    """

    term: Callable[[Float[Array, " n"]], Float[Array, " n"]]
    physics: Tendency | None = None
    time_step: float = 0.05
    time_unit: ClassVar[str] = "1"
    units: ClassVar[dict[str, str]] = {"state": "1"}

    def tendency(self, state: Float[Array, " n"], time: Float[Array, ""]) -> Float[Array, " n"]:
        """Time derivative of the state."""
        learned = self.term(state)
        return learned if self.physics is None else self.physics(state, time) + learned

    def step(
        self, state: Float[Array, " n"], time: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, " n"]:
        """Advance by one Runge–Kutta step."""
        return runge_kutta_4(self.tendency, state, time, self.time_step)
