"""The wind as the ocean feels it: a stress that depends on time."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

Field = Float[Array, "latitude longitude"]


class Stress(NamedTuple):
    """Anomaly of wind stress on the ocean at cell centres, N/m²; (latitude, longitude)."""

    eastward: Field
    northward: Field


def no_wind(time: Float[Array, ""]) -> Stress:
    """A calm atmosphere."""
    return Stress(jnp.zeros((1, 1)), jnp.zeros((1, 1)))


class MonthlyWind(eqx.Module):
    """Monthly mean stress, held over each month, so that no month feels the next one.

    Attributes
    ----------
    stress
        Each part of shape (month, latitude, longitude), N/m².
    first
        Month number of the first; earlier and later times take the first and last month.
    """

    stress: Stress
    first: int = eqx.field(static=True)

    def __call__(self, time: Float[Array, ""]) -> Stress:
        """Stress at a time in month numbers."""
        # A small part of a step forgives the rounding of the time at the turn of a month.
        month = jnp.floor(time - self.first + 1e-4).astype(int)
        months = self.stress.eastward.shape[0]
        month = jnp.clip(month, 0, months - 1)
        return Stress(*(lax.dynamic_index_in_dim(x, month, keepdims=False) for x in self.stress))
