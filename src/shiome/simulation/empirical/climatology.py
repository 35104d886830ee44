"""Climatology: each month drawn from its own climatological spread, whatever came before."""

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.simulation.empirical.monthly import MonthlyModel, calendar_month


class Climatology(MonthlyModel):
    """A state of anomalies that forgets at once.

    Attributes
    ----------
    noise
        (12, n) standard deviation of each calendar month.
    """

    noise: Float[Array, "12 n"]

    @classmethod
    def fit(
        cls, state: npt.NDArray, month: npt.NDArray[np.int64], training: npt.NDArray[np.bool_]
    ) -> "Climatology":
        """Spread of each calendar month of anomalies (time, n) over the training months."""
        spread = [state[training & (month % 12 == m)].std(0) for m in range(12)]
        return cls(jnp.asarray(np.stack(spread), jnp.float32))

    def step(
        self, state: Float[Array, " n"], time: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, " n"]:
        """Draw next month's anomaly; the present one does not matter."""
        following = (calendar_month(time) + 1) % 12
        return self.noise[following] * jax.random.normal(key, state.shape, state.dtype)
