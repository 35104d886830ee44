"""Scores of ensembles and of probabilities.

All functions share one signature. A pair is used where its observation and all its members (and
edges) are present, and left out otherwise.
"""

import numpy as np
import xarray as xr

from shiome.core.errors import DataError
from shiome.verification.metrics import find_metric, value_of
from shiome.verification.sums import (
    Dims,
    check_pairs,
    dim_names,
    matching_edges,
    member_count,
    pair_terms,
)


def crps(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
    fair: bool = False,
) -> xr.DataArray:
    """Continuous ranked probability score of an ensemble, in the unit of the variable.

    Parameters
    ----------
    fcst, obs
        Ensemble (..., member) and observations (...), with the same labels.
    dim
        Dimension or dimensions to average over; none gives the score of each pair.
    member_dim
        Dimension of the ensemble members.
    weights
        Non-negative weights, broadcast to the pairs.
    fair
        Whether to score the distribution that the members were drawn from, which makes ensembles
        of different sizes comparable, and not the members as they are.

    Raises
    ------
    DataError
        No members, or a single one where ``fair`` is asked.

    References
    ----------
    Hersbach (2000), doi:10.1175/1520-0434(2000)015<0559:DOTCRP>2.0.CO;2; fair: Ferro (2014),
    doi:10.1002/qj.2270.
    """
    member_count(fcst, member_dim, at_least=2 if fair else 1)
    terms = pair_terms(fcst, obs, dim=dim, member_dim=member_dim, weights=weights)
    return value_of(find_metric("crps_fair" if fair else "crps"), terms.sum(dim_names(dim)))


def rps(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    edges: xr.DataArray,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
    fair: bool = False,
) -> xr.DataArray:
    """Ranked probability score of the members' shares of the categories between ``edges``.

    Parameters
    ----------
    edges
        Inner edges of the categories (..., edge), ascending: two for terciles.
    fcst, obs, dim, member_dim, weights, fair
        As in :func:`crps`.

    References
    ----------
    Epstein (1969), doi:10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2; fair: Ferro (2014).
    """
    return _ranked("rps", fcst, obs, edges, dim, member_dim, weights, fair)


def rpss(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    edges: xr.DataArray,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
    fair: bool = False,
) -> xr.DataArray:
    """Ranked probability skill score against equal probabilities for every category.

    1 is perfect, 0 no better than climatology. Parameters as in :func:`rps`.
    """
    return _ranked("rpss", fcst, obs, edges, dim, member_dim, weights, fair)


def _ranked(
    name: str,
    fcst: xr.DataArray,
    obs: xr.DataArray,
    edges: xr.DataArray,
    dim: Dims,
    member_dim: str,
    weights: xr.DataArray | None,
    fair: bool,
) -> xr.DataArray:
    member_count(fcst, member_dim, at_least=2 if fair else 1)
    terms = pair_terms(fcst, obs, dim=dim, member_dim=member_dim, edges=edges, weights=weights)
    return value_of(find_metric(f"{name}_fair" if fair else name), terms.sum(dim_names(dim)))


def category_probabilities(
    fcst: xr.DataArray, edges: xr.DataArray, *, member_dim: str = "member"
) -> xr.DataArray:
    """Share of the members in each category between ``edges``; NaN where any is missing.

    Parameters
    ----------
    fcst
        Ensemble (..., member).
    edges
        Inner edges (..., edge), ascending; a value on an edge belongs to the category below.

    Returns
    -------
    Shape (..., category), with one category more than edges; for terciles below normal (0), near
    normal (1), above normal (2).
    """
    member_count(fcst, member_dim)
    pair = fcst.isel({member_dim: 0}, drop=True)
    cut = matching_edges(edges, pair)
    members = fcst.transpose(*pair.dims, member_dim).values
    at_or_below = (members[..., None, :] <= cut[..., None]).mean(-1)
    valid = np.isfinite(members).all(-1) & np.isfinite(cut).all(-1)
    none, all_of_them = np.zeros((*pair.shape, 1)), np.ones((*pair.shape, 1))
    shares = np.diff(np.concatenate([none, at_or_below, all_of_them], axis=-1), axis=-1)
    shares = np.where(valid[..., None], shares, np.nan)
    coords = {**pair.coords, "category": np.arange(shares.shape[-1])}
    result = xr.DataArray(shares, coords, (*pair.dims, "category"), name="probability")
    return result.assign_attrs(long_name="Probability of the category", units="1")


def observed_category(obs: xr.DataArray, edges: xr.DataArray) -> xr.DataArray:
    """1 for the category that was observed and 0 for the others; NaN where missing.

    Shapes: ``obs`` (...), ``edges`` (..., edge), result (..., category).
    """
    one = category_probabilities(obs.expand_dims(member=1), edges)
    return one.rename("observed").assign_attrs(long_name="Observed category")


def brier(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
    fair: bool = False,
) -> xr.DataArray:
    """Brier score of the probability of an event.

    Parameters
    ----------
    fcst
        Probability of the event, or with ``member_dim`` whether it happens in each member (0, 1).
    obs
        Whether it happened (0, 1); NaN where unknown.
    fair
        Whether to score the distribution behind the members; needs ``member_dim``.
    dim, member_dim, weights
        As in :func:`crps`.

    Raises
    ------
    DataError
        Probabilities outside 0 to 1, or events that are neither 0 nor 1.

    References
    ----------
    Brier (1950); fair: Ferro (2014), doi:10.1002/qj.2270.
    """
    from scores.probability import brier_score

    check_pairs(fcst, obs, dim)
    fcst, obs = fcst.astype(np.float64), obs.astype(np.float64)
    _check_between(fcst, "forecast probability")
    if not bool(obs.isin([0.0, 1.0]).where(obs.notnull(), True).all()):
        raise DataError(
            "the observed event has values other than 0 and 1; expected whether it was."
        )
    excess: xr.DataArray | float = 0.0
    if fair:
        count = member_count(fcst, member_dim, at_least=2)
        share = fcst.mean(member_dim, skipna=False)
        excess = share * (1 - share) / (count - 1)
    if member_dim in fcst.dims:
        fcst = fcst.mean(member_dim, skipna=False)
    score = brier_score(fcst, obs, preserve_dims="all") - excess
    if weights is not None:
        score = score.weighted(weights)
    return score.mean(dim_names(dim)).rename("brier").assign_attrs(long_name="Brier score")


def _check_between(probability: xr.DataArray, words: str) -> None:
    if bool(((probability < 0) | (probability > 1)).any()):
        low, high = float(probability.min()), float(probability.max())
        raise DataError(f"the {words} ranges from {low:g} to {high:g}; expected between 0 and 1.")
