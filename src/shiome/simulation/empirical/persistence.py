"""Damped persistence: each anomaly decays on its own, at the pace of its season."""

import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, Int

from shiome.core.compiling import single
from shiome.simulation.empirical.monthly import MonthlyModel
from shiome.simulation.empirical.regression import in_window, successive


class DampedPersistence(MonthlyModel):
    """First-order autoregression of each variable, its coefficient set by the calendar month.

    Attributes
    ----------
    memory
        (12, n) factor from each calendar month to the next.
    noise
        (12, n) standard deviation of what the factor leaves unexplained.
    """

    memory: Float[Array, "12 n"]
    noise: Float[Array, "12 n"]

    @classmethod
    def fit(
        cls,
        state: npt.NDArray,
        month: npt.NDArray[np.int64],
        training: npt.NDArray[np.bool_],
        half_width: int = 1,
    ) -> "DampedPersistence":
        """Regress each month's anomaly on the last one.

        Parameters
        ----------
        state
            (time, n) anomalies without missing values.
        month, training
            (time,) month numbers, and the months that may be used.
        half_width
            Calendar months on each side that share one coefficient.
        """
        now = successive(training, month)
        x, y, season = state[now], state[now + 1], month[now] % 12
        memory, noise = [], []
        for m in range(12):
            rows = in_window(season, m, half_width)
            variance = np.maximum((x[rows] ** 2).mean(0), np.finfo(np.float32).tiny)
            factor = np.clip((x[rows] * y[rows]).mean(0) / variance, 0.0, 1.0)
            memory.append(factor)
            noise.append((y[rows] - factor * x[rows]).std(0))
        return cls(single(np.stack(memory)), single(np.stack(noise)))

    def advance(
        self, state: Float[Array, " n"], month: Int[Array, ""], forcing: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """Damp the anomaly and add the forcing."""
        return self.memory[month] * state + forcing
