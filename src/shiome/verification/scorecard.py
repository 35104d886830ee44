"""The scorecard of a hindcast: every score by lead, with intervals, from one set of sums."""

from collections.abc import Sequence

import jax
import numpy as np
import xarray as xr

from shiome.core.errors import DataError
from shiome.verification.intervals import resampled_sums, with_interval
from shiome.verification.metrics import METRICS, find_metric, value_of
from shiome.verification.sums import Dims, dim_names, pair_terms

MONTHS = np.arange(1, 13)


def scorecard(
    members: xr.DataArray,
    obs: xr.DataArray,
    *,
    years: xr.DataArray,
    key: jax.Array,
    edges: xr.DataArray | None = None,
    dim: Dims = "start",
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
    scores: Sequence[str] | None = None,
    resamples: int = 1000,
    block: int = 1,
    level: float = 0.9,
) -> xr.Dataset:
    """Every score that a hindcast allows, each with a bootstrap interval over years.

    Parameters
    ----------
    members
        Forecasts (start, lead, member), or any other dimensions beside ``dim``. Without
        ``member_dim`` it is a single-valued forecast, as a baseline is.
    obs
        Observations (start, lead) in the same unit, NaN where there are none.
    years
        Year label (start,) of each start; whole years are resampled.
    key
        Random key. Equal keys and years give equal resamples.
    edges
        Inner edges of the categories (start, lead, edge): two for terciles. With them the ranked
        probability scores are included, and pairs without edges are left out of all scores.
    weights
        Non-negative weights of the pairs.
    scores
        Names of those wanted; by default all.
    resamples, block, level
        Number of resamples, years drawn together, probability inside the interval.

    Returns
    -------
    Dataset by the remaining dimensions (lead) and ``estimate`` (value, lower, upper): ``acc``,
    ``rmse``, ``mae``, ``bias``, ``crps``; of two members and more ``crps_fair`` and
    ``spread_error``; with edges ``rps``, ``rpss`` and the fair variants. ``pairs`` and
    ``missing`` (no ``estimate``) count what was used and what was left out.

    Raises
    ------
    ConfigError
        If there is no score of a name that is wanted.
    """
    terms = pair_terms(members, obs, dim=dim, member_dim=member_dim, edges=edges, weights=weights)
    wanted = METRICS.values() if scores is None else [find_metric(name) for name in scores]
    possible = [metric for metric in wanted if all(name in terms for name in metric.needs)]
    needed = {"pairs", *(name for metric in possible for name in metric.needs)}
    total, resampled = resampled_sums(
        terms[[name for name in terms if name in needed]],
        years,
        key,
        dim=dim,
        resamples=resamples,
        block=block,
    )
    card = {}
    for metric in possible:
        value, replicates = value_of(metric, total), value_of(metric, resampled)
        card[metric.name] = with_interval(value, replicates, level)
    pairs = total["pairs"].astype(np.int64)
    size = int(np.prod([terms.sizes[name] for name in dim_names(dim)]))
    card["pairs"] = pairs.assign_attrs(long_name="Pairs used")
    card["missing"] = (size - pairs).assign_attrs(long_name="Pairs left out")
    return xr.Dataset(card).assign_attrs(level=level, resamples=resamples, block=block)


def season_by_lead(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    metric: str = "acc",
    *,
    target_month: xr.DataArray,
    years: xr.DataArray,
    key: jax.Array,
    edges: xr.DataArray | None = None,
    dim: str = "start",
    member_dim: str = "member",
    resamples: int = 1000,
    block: int = 1,
    level: float = 0.9,
) -> xr.DataArray:
    """One score by target month and lead, with intervals.

    Parameters
    ----------
    fcst, obs
        As in :func:`scorecard`: (start, lead[, member]) and (start, lead).
    metric
        Name of a metric.
    target_month
        Calendar month (1 to 12) that each pair is valid for, (start, lead).
    years, key, edges, dim, member_dim, resamples, block, level
        As in :func:`scorecard`.

    Returns
    -------
    Shape (month, lead, estimate), NaN where a month has no pairs.
    """
    chosen = find_metric(metric)
    terms = pair_terms(fcst, obs, dim=dim, member_dim=member_dim, edges=edges)
    if any(name not in terms for name in chosen.needs):
        raise DataError(
            f"{metric} cannot be computed from a forecast with dimensions {tuple(fcst.dims)}; "
            "expected at least two members, and edges for ranked scores."
        )
    month = xr.DataArray(MONTHS, coords={"month": MONTHS}, dims="month")
    belongs = (target_month == month).astype(np.float64)
    if not bool((belongs.sum("month") == 1).all()):
        raise DataError("target_month holds values outside 1 to 12; expected calendar months.")
    by_month = terms[list(chosen.needs)] * belongs
    sums = resampled_sums(by_month, years, key, dim=dim, resamples=resamples, block=block)
    value, replicates = (value_of(chosen, s) for s in sums)
    table = with_interval(value, replicates, level)
    return table.transpose("month", ..., "estimate")
