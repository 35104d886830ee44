"""Linear response of an impact (rain, yield, cases) to climate indices, with its uncertainty.

A forecast of the indices becomes a forecast of the impact that carries both the spread of the
ensemble and the error of the regression.
"""

from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
import numpy.typing as npt

from shiome.core.compiling import QUICK
from shiome.core.errors import ModelError


@dataclass(frozen=True)
class LinearResponse:
    """y = intercept + Σ slope_j x_j + error.

    Parameters
    ----------
    intercept
        In the unit of y.
    slope
        (p,) unit of y per unit of each index.
    residual_sd
        Standard deviation of the error.
    covariance
        (p + 1, p + 1) of intercept and slopes; zero where they are published without it.
    freedom
        Degrees of freedom of the residual; infinite for a normal error.
    correlation
        Of the fitted with the observed values.
    """

    intercept: float
    slope: npt.NDArray[np.float64]
    residual_sd: float
    covariance: npt.NDArray[np.float64]
    freedom: float
    correlation: float

    @classmethod
    def fit(cls, x: npt.NDArray, y: npt.NDArray) -> "LinearResponse":
        """Least squares on complete pairs.

        Parameters
        ----------
        x
            (n, p) observed indices, NaN where missing.
        y
            (n,) observed impact, NaN where missing.

        Raises
        ------
        ModelError
            If there are fewer than p + 6 complete pairs, or an index does not vary.
        """
        complete = np.isfinite(x).all(1) & np.isfinite(y)
        n, p = int(complete.sum()), x.shape[1]
        if n < p + 6:
            raise ModelError(
                f"{n} years have both the series and the predicted index; expected at least "
                f"{p + 6} to fit {p} slope(s)."
            )
        design = np.column_stack([np.ones(n), x[complete]])
        inverse = np.linalg.pinv(design.T @ design)
        if np.linalg.matrix_rank(design) <= p:
            raise ModelError(
                "an index takes the same value in every year; expected one that varies."
            )
        coefficients = inverse @ design.T @ y[complete]
        fitted = design @ coefficients
        freedom = n - p - 1
        variance = float(((y[complete] - fitted) ** 2).sum() / freedom)
        spread = fitted.std() * y[complete].std()
        correlation = (
            float(np.mean((fitted - fitted.mean()) * y[complete]) / spread) if spread else 0.0
        )
        return cls(
            float(coefficients[0]),
            coefficients[1:],
            variance**0.5,
            variance * inverse,
            float(freedom),
            correlation,
        )

    @classmethod
    def published(
        cls, slope: float, intercept: float, correlation: float, index_sd: float
    ) -> "LinearResponse":
        """A one-index regression known by its coefficients and correlation.

        The residual's standard deviation follows from the correlation r: |slope| s √(1/r² − 1)
        with the standard deviation s of the index.
        """
        residual = abs(slope) * index_sd * (1 / correlation**2 - 1) ** 0.5
        return cls(intercept, np.array([slope]), residual, np.zeros((2, 2)), np.inf, correlation)

    def mean(self, x: npt.NDArray) -> npt.NDArray[np.float64]:
        """(..., p) indices to (...) expected impact."""
        return self.intercept + x @ self.slope

    def draws(self, x: npt.NDArray, key: jax.Array, each: int = 20) -> npt.NDArray[np.float64]:
        """Draw from the predictive distribution.

        Parameters
        ----------
        x
            (M, p) one row a member of the indices' forecast.
        key
            Random key.
        each
            Draws per member, of the coefficients' and of the residual's error.

        Returns
        -------
        (M * each,) in the unit of y.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal, residual = (
            np.asarray(x, np.float64)
            for x in _unit_errors(
                key,
                (len(x), each),
                len(values),
                self.freedom if np.isfinite(self.freedom) else None,
            )
        )
        deviation = normal @ root.T
        design = np.column_stack([np.ones(len(x)), x])
        uncertain = np.einsum("mep,mp->me", deviation, design)
        return (self.mean(x)[:, None] + uncertain + self.residual_sd * residual).ravel()


@partial(jax.jit, static_argnums=(1, 2), compiler_options=QUICK)
def _unit_errors(
    key: jax.Array, shape: tuple[int, int], coefficients: int, freedom: float | None
) -> tuple[jax.Array, jax.Array]:
    """Normal errors of coefficients (*shape, coefficients), and of the residual (*shape,).

    The latter has Student's distribution where degrees of freedom are given.
    """
    coefficient_key, residual_key = jax.random.split(key)
    normal = jax.random.normal(coefficient_key, (*shape, coefficients))
    if freedom is None:
        return normal, jax.random.normal(residual_key, shape)
    return normal, jax.random.t(residual_key, freedom, shape)
