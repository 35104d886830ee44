"""What all models with a step of one month share."""

from typing import TYPE_CHECKING, ClassVar, Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from shiome.simulation.model import Model


class MonthlyModel(Model):
    """A model that steps from one month to the next; time is the month number.

    Attributes
    ----------
    noise
        (12, ...) amplitude of the random forcing in each calendar month.
    """

    if TYPE_CHECKING:

        @property
        def noise(self) -> Array: ...
    else:
        noise: eqx.AbstractVar[Float[Array, "12 ..."]]
    time_step: ClassVar[float] = 1.0
    time_unit: ClassVar[str] = "month"
    units: ClassVar[dict[str, str]] = {"state": "1"}

    def with_noise(self, factor: Float[Array, ""] | float) -> Self:
        """The same model with its random forcing multiplied: 0 silences, −1 mirrors it."""
        return eqx.tree_at(lambda model: model.noise, self, factor * self.noise)


def calendar_month(time: Float[Array, ""]) -> Int[Array, ""]:
    """The calendar month of a month number: 0 is January."""
    return time.astype(jnp.int32) % 12
