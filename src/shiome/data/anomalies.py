"""Departures from a climatology that is fitted on training months only.

A climatology that has seen the months it is later judged on leaks: every function here takes the
training months explicitly.
"""

import numpy as np
import numpy.typing as npt

from shiome.core.errors import DataError
from shiome.grids.months import MONTH_NAMES


def monthly_climatology(
    values: npt.NDArray, month: npt.NDArray[np.int64], training: npt.NDArray[np.bool_]
) -> npt.NDArray:
    """Mean of each calendar month over the training months, missing values left out.

    Parameters
    ----------
    values
        (time, ...), any unit; NaN where missing.
    month
        (time,) month numbers or calendar months; only the remainder by 12 counts.
    training
        (time,) True where a month may be used.

    Returns
    -------
    (12, ...) in the unit of ``values``; NaN where a calendar month has no value at a point.

    Raises
    ------
    DataError
        If a calendar month never occurs among the training months.
    """
    climatology = np.empty((12, *values.shape[1:]), np.result_type(values, np.float32))
    for m in range(12):
        rows = values[training & (month % 12 == m)]
        if not len(rows):
            raise DataError(
                f"no training month is a {MONTH_NAMES[m]}; expected each calendar month at least "
                "once outside the withheld years."
            )
        count = np.isfinite(rows).sum(0)
        total = np.where(np.isfinite(rows), rows, 0).sum(0)
        climatology[m] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return climatology


def anomalies(
    values: npt.NDArray, month: npt.NDArray[np.int64], training: npt.NDArray[np.bool_]
) -> npt.NDArray:
    """Departure of every month, trained on or not, from the training climatology.

    Shapes and errors as in :func:`monthly_climatology`; returns (time, ...).
    """
    return values - monthly_climatology(values, month, training)[month % 12]


def tercile_edges(
    anomaly: npt.NDArray, month: npt.NDArray[np.int64], training: npt.NDArray[np.bool_]
) -> npt.NDArray:
    """Lower and upper tercile of each calendar month over the training months.

    Parameters
    ----------
    anomaly
        (time, ...), missing values left out.

    Returns
    -------
    (12, 2, ...) edges between below, near and above normal.
    """
    # The version that looks for missing values goes point by point; most fields have none.
    quantile = np.quantile if np.isfinite(anomaly[training]).all() else np.nanquantile
    return np.stack(
        [quantile(anomaly[training & (month % 12 == m)], [1 / 3, 2 / 3], axis=0) for m in range(12)]
    )
