"""Cyclostationary linear inverse model (Penland and Sardeshmukh 1995; Shin et al. 2021)."""

import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, Int

from shiome.core.compiling import single
from shiome.core.errors import ModelError
from shiome.simulation.empirical.monthly import MonthlyModel
from shiome.simulation.empirical.regression import in_window, ridge, seasonal_factors, successive


class LinearInverseModel(MonthlyModel):
    """x(t + 1) = G_m x(t) + F_m ξ, with one propagator and one noise factor a calendar month.

    Attributes
    ----------
    propagator
        (12, n, n); G_m takes calendar month m to the next.
    noise
        (12, n, n) square root of the covariance of what G_m leaves unexplained.
    """

    propagator: Float[Array, "12 n n"]
    noise: Float[Array, "12 n n"]

    @classmethod
    def fit(
        cls,
        state: npt.NDArray,
        month: npt.NDArray[np.int64],
        training: npt.NDArray[np.bool_],
        *,
        shrinkage: float = 0.3,
        half_width: int = 1,
    ) -> "LinearInverseModel":
        """Estimate the propagators from successive training months.

        Parameters
        ----------
        state
            (time, n): principal components, and indices where there are any.
        month
            (time,) month numbers.
        training
            (time,) months that may be used; a pair of months counts when both are.
        shrinkage
            Pull of each month's propagator to the stationary one, as a ridge penalty in units of
            each variable's variance: 35 years hold only about a hundred pairs per season.
        half_width
            Calendar months pooled on each side of each month.

        Raises
        ------
        ModelError
            If there are fewer pairs than the stationary propagator has columns, or none in
            some calendar month.
        """
        now = successive(training, month)
        if len(now) <= state.shape[1]:
            raise ModelError(
                f"{len(now)} pairs of training months for {state.shape[1]} variables; expected "
                "more pairs than variables: use fewer EOFs or a longer record."
            )
        x, y, season = state[now], state[now + 1], month[now] % 12
        variance = x.var(0)
        stationary = ridge(x, y, 1e-6 * variance)
        propagator, residual = [], np.empty_like(y)
        for m in range(12):
            rows = in_window(season, m, half_width)
            seasonal = ridge(x[rows], y[rows], shrinkage * variance, towards=stationary)
            own = season == m
            residual[own] = y[own] - x[own] @ seasonal
            propagator.append(seasonal.T)
        noise = seasonal_factors(residual, season, half_width, shrinkage=0.25)
        return cls(single(np.stack(propagator)), single(noise))

    def advance(
        self, state: Float[Array, " n"], month: Int[Array, ""], forcing: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """Propagate and add the forcing."""
        return self.propagator[month] @ state + forcing
