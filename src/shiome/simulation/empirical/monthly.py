"""What all models with a step of one month share."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from shiome.simulation.model import Model


class MonthlyModel(Model):
    """A model that steps from one month to the next; time is the month number."""

    time_step: float = eqx.field(default=1.0, init=False, static=True)
    time_unit: ClassVar[str] = "month"
    units: ClassVar[dict[str, str]] = {"state": "1"}


def calendar_month(time: Float[Array, ""]) -> Int[Array, ""]:
    """The calendar month of a month number: 0 is January."""
    return time.astype(jnp.int32) % 12
