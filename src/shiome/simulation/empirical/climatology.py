"""Climatology: each month drawn from its own climatological spread, whatever came before."""

import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, Int

from shiome.core.compiling import single
from shiome.simulation.empirical.monthly import MonthlyModel


class Climatology(MonthlyModel):
    """A state of anomalies that forgets at once.

    Attributes
    ----------
    noise
        (12, n) standard deviation of the month that follows each calendar month.
    """

    noise: Float[Array, "12 n"]

    @classmethod
    def fit(
        cls, state: npt.NDArray, month: npt.NDArray[np.int64], training: npt.NDArray[np.bool_]
    ) -> "Climatology":
        """Spread of each calendar month of anomalies (time, n) over the training months."""
        spread = [state[training & (month % 12 == (m + 1) % 12)].std(0) for m in range(12)]
        return cls(single(np.stack(spread)))

    def advance(
        self, state: Float[Array, " n"], month: Int[Array, ""], forcing: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """Next month's anomaly is the draw; the present one does not matter."""
        return forcing
