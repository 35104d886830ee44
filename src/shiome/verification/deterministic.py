"""Scores of single-valued forecasts; of an ensemble, the scores of its mean.

All functions share one signature. Pairs in which either value is missing are left out. What the
``scores`` package computes is left to it; it is imported on first use, since that takes a second.
"""

import numpy as np
import xarray as xr

from shiome.verification.metrics import METRICS
from shiome.verification.sums import Dims, check_pairs, dim_names


def _prepare(
    fcst: xr.DataArray, obs: xr.DataArray, dim: Dims, member_dim: str
) -> tuple[xr.DataArray, xr.DataArray]:
    """Ensemble mean and observations in double precision, with labels that agree."""
    check_pairs(fcst, obs, dim)
    fcst = fcst.astype(np.float64)
    if member_dim in fcst.dims:
        fcst = fcst.mean(member_dim, skipna=False)
    return fcst, obs.astype(np.float64)


def _named(score: xr.DataArray, name: str) -> xr.DataArray:
    return score.rename(name).assign_attrs(long_name=METRICS[name].long_name)


def rmse(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
) -> xr.DataArray:
    """Root-mean-square error, in the unit of the variable.

    Parameters
    ----------
    fcst, obs
        Forecasts and observations with the same labels; ``fcst`` may have ``member_dim``.
    dim
        Dimension or dimensions to average over.
    member_dim
        Dimension of the ensemble members, averaged first where ``fcst`` has it.
    weights
        Non-negative weights, broadcast to the pairs.
    """
    from scores.continuous import rmse as score

    fcst, obs = _prepare(fcst, obs, dim, member_dim)
    return _named(score(fcst, obs, reduce_dims=dim_names(dim), weights=weights), "rmse")


def mae(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
) -> xr.DataArray:
    """Mean absolute error, in the unit of the variable; parameters as in :func:`rmse`."""
    from scores.continuous import mae as score

    fcst, obs = _prepare(fcst, obs, dim, member_dim)
    return _named(score(fcst, obs, reduce_dims=dim_names(dim), weights=weights), "mae")


def bias(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
) -> xr.DataArray:
    """Mean of forecast minus observation, in its unit; parameters as in :func:`rmse`."""
    from scores.continuous import additive_bias as score

    fcst, obs = _prepare(fcst, obs, dim, member_dim)
    return _named(score(fcst, obs, reduce_dims=dim_names(dim), weights=weights), "bias")


def acc(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
) -> xr.DataArray:
    """Anomaly correlation, centred (Pearson); parameters as in :func:`rmse`.

    NaN where the forecasts or the observations are constant, or fewer than two pairs are complete.
    """
    fcst, obs = _prepare(fcst, obs, dim, member_dim)
    if weights is not None:  # `scores` has no weighted correlation
        return _named(xr.corr(fcst, obs, dim_names(dim), weights=weights), "acc")
    from scores.continuous.correlation import pearsonr

    return _named(pearsonr(fcst, obs, reduce_dims=dim_names(dim)), "acc")
