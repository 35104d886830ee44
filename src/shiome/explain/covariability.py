"""Co-variability across the members of one forecast.

All members start from almost the same state, so what differs between them by the target season, and
what differed before, hangs together by the dynamics alone. The method found what drove the East
African drought of October–December 2021 (Doi, Behera and Yamagata 2022).
"""

import numpy as np
import xarray as xr
from scipy.special import stdtr

from shiome.core.errors import DataError


def covariability(
    fields: xr.DataArray,
    index: xr.DataArray,
    *,
    model: xr.DataArray | None = None,
    member_dim: str = "member",
) -> xr.Dataset:
    """Regress every point of a field on an index, across members.

    Parameters
    ----------
    fields
        (member, ...) one forecast's members, any unit; NaN on land.
    index
        (member,) what is to be explained.
    model
        (member,) label of the model that made each member: differences between models' means are
        not co-variability and are removed.

    Returns
    -------
    Dataset (...): ``regression``, in the field's unit per standard deviation of the index;
    ``correlation``; ``p_value``, two-sided, of no correlation (Student's t with one degree of
    freedom lost per model beside the slope).

    Raises
    ------
    DataError
        If there are too few members, or the index is the same in all of them.
    """
    label = model if model is not None else xr.zeros_like(index, dtype=int)
    groups = label.values
    freedom = index.sizes[member_dim] - len(np.unique(groups)) - 1
    if freedom < 2:
        raise DataError(
            f"{index.sizes[member_dim]} members of {len(np.unique(groups))} model(s); expected at "
            "least three members more than models."
        )
    x = _without_means(index.transpose(member_dim).values.astype(np.float64), groups)
    y = fields.transpose(member_dim, ...).values.astype(np.float64)
    y = _without_means(y, groups)
    variance = float((x * x).mean())
    if variance <= 1e-12 * float((index.values.astype(np.float64) ** 2).mean()):
        raise DataError("the index is the same in all members; expected one that differs.")
    covariance = np.tensordot(x, y, axes=1) / len(x)
    spread = np.sqrt((y * y).mean(0))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.where(spread > 0, covariance / (spread * variance**0.5), np.nan)
        score = correlation * np.sqrt(freedom / np.maximum(1 - correlation**2, 1e-15))
    rest = fields.isel({member_dim: 0}, drop=True)
    return xr.Dataset(
        {
            "regression": rest.copy(data=covariance / variance**0.5),
            "correlation": rest.copy(data=correlation).assign_attrs(units="1"),
            "p_value": rest.copy(data=2 * stdtr(freedom, -np.abs(score))).assign_attrs(units="1"),
        }
    )


def _without_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Departures (member, ...) from the mean of each group of members."""
    out = np.empty_like(values)
    for group in np.unique(groups):
        rows = groups == group
        out[rows] = values[rows] - values[rows].mean(0)
    return out
