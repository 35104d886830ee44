"""Ridge regression as the empirical models use it, in double precision."""

import numpy as np
import numpy.typing as npt

from shiome.core.errors import ModelError
from shiome.grids.months import MONTH_NAMES


def ridge(
    x: npt.NDArray, y: npt.NDArray, penalty: npt.NDArray | float, towards: npt.NDArray | None = None
) -> npt.NDArray[np.float64]:
    """Coefficients that minimise mean |y − x b|² + Σ penalty |b − towards|².

    Parameters
    ----------
    x
        (samples, predictors).
    y
        (samples, targets).
    penalty
        (predictors,) or scalar, in units of the predictors' mean square.
    towards
        (predictors, targets) coefficients to shrink to; zero by default.

    Returns
    -------
    (predictors, targets).
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    weight = np.broadcast_to(np.asarray(penalty, np.float64), (x.shape[1],))
    right = x.T @ y / len(x)
    if towards is not None:
        right = right + weight[:, None] * towards
    return np.linalg.solve(x.T @ x / len(x) + np.diag(weight), right)


def successive(
    training: npt.NDArray[np.bool_], month: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Indices t for which both month t and month t + 1 may be trained on.

    Raises
    ------
    ModelError
        If none of them begins in some calendar month: its coefficients could not be known.
    """
    now = np.flatnonzero(training[:-1] & training[1:])
    missing = np.setdiff1d(np.arange(12), month[now] % 12)
    if len(missing):
        raise ModelError(
            f"no pair of successive training months begins in {MONTH_NAMES[missing[0]]}; expected "
            "each calendar month at least once: a longer record or one with fewer gaps."
        )
    return now


def in_window(month: npt.NDArray[np.int64], centre: int, half_width: int) -> npt.NDArray[np.bool_]:
    """True where a calendar month is within ``half_width`` months of ``centre``, cyclically."""
    distance = (month - centre) % 12
    return np.minimum(distance, 12 - distance) <= half_width


def square_root(covariance: npt.NDArray) -> npt.NDArray[np.float64]:
    """The symmetric square root F of a covariance, F Fᵀ = covariance. Shape (n, n)."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def seasonal_factors(
    residual: npt.NDArray, month: npt.NDArray[np.int64], half_width: int, shrinkage: float
) -> npt.NDArray[np.float64]:
    """Square roots of the residual covariance of each calendar month.

    Parameters
    ----------
    residual
        (samples, n).
    month
        (samples,) calendar month of each.
    half_width
        Months on each side that are pooled.
    shrinkage
        Weight in [0, 1] of the all-months covariance.

    Returns
    -------
    (12, n, n).
    """
    every = residual.T @ residual / len(residual)
    factors = []
    for m in range(12):
        r = residual[in_window(month, m, half_width)]
        factors.append(square_root((1 - shrinkage) * (r.T @ r / len(r)) + shrinkage * every))
    return np.stack(factors)
