"""Can the probabilities and the spread be believed: reliability, ranks, spread and error."""

import jax
import numpy as np
import xarray as xr
from scipy.special import chdtrc

from shiome.core.errors import ConfigError, DataError
from shiome.verification.metrics import find_metric, value_of
from shiome.verification.sums import Dims, check_pairs, dim_names, member_count, pair_terms


def reliability_diagram(
    fcst: xr.DataArray, obs: xr.DataArray, *, dim: Dims, bins: int = 10
) -> xr.Dataset:
    """Observed frequency of an event where it was forecast with a given probability.

    Parameters
    ----------
    fcst, obs
        Probability of the event, and whether it happened (0, 1); of categories, the outputs of
        :func:`~shiome.verification.probabilistic.category_probabilities` and
        :func:`~shiome.verification.probabilistic.observed_category`.
    dim
        Dimensions to pool.
    bins
        Number of equal bins between 0 and 1; the last includes 1.

    Returns
    -------
    Dataset (..., bin): ``probability`` (mean forecast in the bin), ``frequency`` (of the event in
    the bin), ``count``; the first two are NaN in empty bins. Coordinate ``bin``: its middle.
    """
    if bins < 1:
        raise ConfigError(f"bins={bins}; expected at least 1.")
    check_pairs(fcst, obs, dim)
    names = dim_names(dim)
    valid = fcst.notnull() & obs.notnull()
    if bool(((fcst < 0) | (fcst > 1)).any()):
        low, high = float(fcst.min()), float(fcst.max())
        raise DataError(
            f"the forecast probability ranges from {low:g} to {high:g}; expected 0 to 1."
        )
    # Rounding first, so that 0.3 (seen as 0.29999…) is in the bin that starts at 0.3.
    position = (fcst * bins).round(9)
    number = np.minimum(np.floor(position), bins - 1)
    bin_number = xr.DataArray(np.arange(bins), dims="bin")
    inside = (number == bin_number) & valid
    count = inside.sum(names)
    total = count.where(count > 0)
    diagram = xr.Dataset(
        {
            "probability": (inside * fcst.fillna(0.0)).sum(names) / total,
            "frequency": (inside * obs.fillna(0.0)).sum(names) / total,
            "count": count,
        }
    )
    return diagram.assign_coords(bin=(np.arange(bins) + 0.5) / bins).transpose(..., "bin")


def rank_histogram(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    key: jax.Array,
    member_dim: str = "member",
    groups: int | None = None,
) -> xr.Dataset:
    """How often the observation takes each rank among the members.

    Parameters
    ----------
    fcst, obs, dim, member_dim
        Ensemble and observations; pairs with anything missing are left out.
    key
        Random key that breaks ties: a tied observation takes one of the tied ranks by lot.
    groups
        Merge the M + 1 ranks into this many nearly equal groups (few pairs cannot fill 109).

    Returns
    -------
    Dataset (..., rank): ``count``, and ``expected`` (rank), the share of a flat histogram.

    References
    ----------
    Hamill (2001), doi:10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2.
    """
    check_pairs(fcst, obs, dim)
    ranks = member_count(fcst, member_dim) + 1
    groups = ranks if groups is None else groups
    if not 2 <= groups <= ranks:
        raise ConfigError(f"groups={groups}; expected 2 to {ranks}, the number of ranks.")
    valid = fcst.notnull().all(member_dim) & obs.notnull()
    below = (fcst < obs).sum(member_dim)
    ties = (fcst == obs).sum(member_dim)
    lot = below.copy(data=np.asarray(jax.random.uniform(key, below.shape), np.float64))
    # Single-precision uniforms can round up to the end of the interval.
    rank = below + np.minimum(np.floor(lot * (ties + 1)), ties)
    group_of_rank = np.arange(ranks) * groups // ranks
    group = xr.DataArray(np.arange(groups), coords={"rank": np.arange(groups)}, dims="rank")
    placed = rank.copy(data=group_of_rank[rank.values.astype(np.int64)])
    count = ((placed == group) & valid).sum(dim_names(dim)).transpose(..., "rank")
    share = np.bincount(group_of_rank, minlength=groups) / ranks
    return xr.Dataset({"count": count, "expected": ("rank", share)})


def flatness_test(histogram: xr.Dataset) -> xr.Dataset:
    """Pearson's chi-square test of a rank histogram against a flat one.

    It takes pairs as independent: pool starts that are years apart, or read the p-value as a
    lower bound, where forecasts overlap.

    Parameters
    ----------
    histogram
        As :func:`rank_histogram` gives it.

    Returns
    -------
    Dataset (...): ``chi_square``, ``p_value``; NaN where the histogram is empty.
    """
    total = histogram["count"].sum("rank")
    expected = histogram["expected"] * total.where(total > 0)
    statistic = ((histogram["count"] - expected) ** 2 / expected).sum("rank", skipna=False)
    freedom = histogram.sizes["rank"] - 1
    p_value = statistic.copy(data=chdtrc(freedom, statistic.values))
    return xr.Dataset({"chi_square": statistic, "p_value": p_value}).assign_attrs(
        degrees_of_freedom=freedom
    )


def spread_error(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
) -> xr.DataArray:
    """Spread of the members over the error of their mean; 1 for a reliable ensemble.

    The square root of (M + 1) / M times the mean unbiased variance of the members, over the RMSE
    of the ensemble mean: below 1 overconfident, above 1 underconfident.

    Parameters
    ----------
    fcst, obs, dim, member_dim, weights
        As in :func:`~shiome.verification.probabilistic.crps`.

    Raises
    ------
    DataError
        Fewer than two members: their spread is undefined.

    References
    ----------
    Fortin et al. (2014), doi:10.1175/JHM-D-14-0008.1.
    """
    member_count(fcst, member_dim, at_least=2)
    terms = pair_terms(fcst, obs, dim=dim, member_dim=member_dim, weights=weights)
    return value_of(find_metric("spread_error"), terms.sum(dim_names(dim)))
