"""The sums over pairs of forecast and observation from which scores are made.

Every score of this room that is averaged over pairs is a function of a few sums. Kept apart, the
terms of these sums give the score itself (sum all), its bootstrap interval (sum by year, then
resample years) and the score of data too large to hold (sum block by block) from one definition.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.verification.ensemble import ensemble_parts, ranked_scores

Dims = str | Iterable[str]


def dim_names(dim: Dims) -> list[str]:
    """One name, or several, as a list."""
    return [dim] if isinstance(dim, str) else list(dim)


def check_pairs(fcst: xr.DataArray, obs: xr.DataArray, dim: Dims) -> None:
    """Refuse pairs whose labels differ, or that lack a dimension to be reduced.

    Raises
    ------
    DataError
        Coordinates of a shared dimension differ, or ``dim`` is not a dimension of ``fcst``.
    """
    missing = [name for name in dim_names(dim) if name not in fcst.dims]
    if missing:
        raise DataError(
            f"the forecast has dimensions {tuple(fcst.dims)}; expected {missing[0]!r} among them."
        )
    extra = [name for name in obs.dims if name not in fcst.dims]
    if extra:
        raise DataError(
            f"the observations have the dimension {extra[0]!r}, which the forecast lacks; "
            f"expected dimensions among {tuple(fcst.dims)}."
        )
    try:
        xr.align(fcst, obs, join="exact", copy=False)
    except ValueError as error:
        names = [n for n in obs.dims if not _same_labels(fcst, obs, str(n))]
        where = names[0] if names else "their dimensions"
        raise DataError(
            f"forecast and observations differ in {where!r}; expected the same labels in both."
        ) from error


def _same_labels(fcst: xr.DataArray, obs: xr.DataArray, name: str) -> bool:
    if fcst.sizes[name] != obs.sizes[name]:
        return False
    return name not in fcst.coords or name not in obs.coords or fcst[name].equals(obs[name])


def member_count(fcst: xr.DataArray, member_dim: str, *, at_least: int = 1) -> int:
    """Ensemble size, refused where it is too small for what is asked.

    Raises
    ------
    DataError
        No dimension ``member_dim``, or fewer than ``at_least`` members.
    """
    if member_dim not in fcst.dims:
        raise DataError(
            f"the forecast has dimensions {tuple(fcst.dims)}; expected {member_dim!r} among them."
        )
    members = fcst.sizes[member_dim]
    if members < at_least:
        raise DataError(
            f"the forecast has {members} member(s) along {member_dim!r}; "
            f"expected at least {at_least}."
        )
    return members


def pair_terms(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    member_dim: str = "member",
    edges: xr.DataArray | None = None,
    edge_dim: str = "edge",
    weights: xr.DataArray | None = None,
) -> xr.Dataset:
    """Terms of every sum that a forecast allows, one value per pair.

    A pair is complete or it is not used: where the observation, any member or any edge is
    missing, all its terms are zero. A forecast without ``member_dim`` is one member.

    Parameters
    ----------
    fcst, obs
        Forecasts (..., member) and observations (...), in one unit.
    dim
        Dimensions that the caller will sum over; only checked here.
    edges
        Inner edges of the categories (..., edge), for ranked probability scores.
    weights
        Non-negative weights of the pairs, broadcast to them.

    Returns
    -------
    Dataset of the pairs' dimensions: ``n`` (weight), ``pairs`` (0 or 1), ``f``, ``o``, ``ff``,
    ``oo``, ``fo`` (moments of the ensemble mean and the observation), ``e``, ``ee`` and ``ae``
    (its error, squared and absolute), ``absolute`` and ``dispersion`` (see
    :func:`~shiome.verification.ensemble.ensemble_parts`); of two members and more
    ``fair_dispersion`` and ``variance`` (unbiased, times (M + 1) / M); with ``edges`` ``rps``,
    ``rps_fair`` (of two members and more) and ``rps_climatology``.
    """
    check_pairs(fcst, obs, dim)
    if member_dim not in fcst.dims:
        fcst = fcst.expand_dims({member_dim: 1}, axis=-1)
    count = member_count(fcst, member_dim)
    pair = fcst.isel({member_dim: 0}, drop=True)
    shape = pair.dims
    members = fcst.transpose(*shape, member_dim).values.astype(np.float64)
    observed = obs.broadcast_like(pair).transpose(*shape).values.astype(np.float64)
    valid = np.isfinite(observed) & np.isfinite(members).all(-1)
    if edges is not None:
        cut = matching_edges(edges, pair, edge_dim)
        valid &= np.isfinite(cut).all(-1)
    members = np.where(valid[..., None], members, 0.0)
    observed = np.where(valid, observed, 0.0)

    terms: dict[str, npt.NDArray] = {"pairs": valid.astype(np.float64)}
    mean_error, absolute, dispersion = ensemble_parts(members - observed[..., None])
    terms |= moment_terms(observed + mean_error, observed)
    terms |= {"absolute": absolute, "dispersion": dispersion}
    if count > 1:
        terms["fair_dispersion"] = dispersion * count / (count - 1)
        terms["variance"] = members.var(-1, ddof=1) * (count + 1) / count
    if edges is not None:
        score, fair, climatology = ranked_scores(
            members, observed, np.where(valid[..., None], cut, 0.0)
        )
        terms |= {"rps": score, "rps_climatology": climatology}
        if count > 1:
            terms["rps_fair"] = fair
    weight = terms["pairs"] if weights is None else _pair_weights(weights, pair) * terms["pairs"]
    data = {name: (shape, value * weight) for name, value in terms.items()}
    data |= {"n": (shape, weight), "pairs": (shape, terms["pairs"])}
    return xr.Dataset(data, coords=pair.coords)


def moment_terms(fcst: npt.NDArray, obs: npt.NDArray) -> dict[str, npt.NDArray]:
    """Moments and errors of single-valued forecasts, any shape, by the names of the sums."""
    error = fcst - obs
    return {
        "f": fcst,
        "o": obs,
        "ff": fcst * fcst,
        "oo": obs * obs,
        "fo": fcst * obs,
        "e": error,
        "ee": error * error,
        "ae": np.abs(error),
    }


def matching_edges(edges: xr.DataArray, pair: xr.DataArray, edge_dim: str = "edge") -> npt.NDArray:
    """Edges as an array of shape (..., edge) in the order of the pairs' dimensions."""
    if edge_dim not in edges.dims or edges.sizes[edge_dim] < 1:
        raise DataError(
            f"the category edges have dimensions {tuple(edges.dims)}; expected {edge_dim!r} "
            "among them, with at least one edge."
        )
    check_pairs(pair.expand_dims({edge_dim: edges.sizes[edge_dim]}), edges, ())
    spread = xr.broadcast(edges, pair)[0].transpose(*pair.dims, edge_dim)
    cut = spread.values.astype(np.float64)
    if (np.diff(cut, axis=-1) < 0).any():
        raise DataError(f"the category edges decrease along {edge_dim!r}; expected them ascending.")
    return cut


def _pair_weights(weights: xr.DataArray, pair: xr.DataArray) -> npt.NDArray:
    check_pairs(pair, weights, ())
    values = weights.broadcast_like(pair).transpose(*pair.dims).values.astype(np.float64)
    if not (values >= 0).all():
        raise DataError("the weights hold negative or missing values; expected them >= 0.")
    return values
