"""Can the members be believed: ranks of what was observed among them, and a test of flatness.

Starts of one year share their errors, so that ranks cluster, and a chi-square test that takes them
as independent finds departures that are none. Here the variance of the counts comes from the
differences between years, and the statistic is divided by how much it exceeds that of independent
ranks (Rao and Scott 1981, J. Am. Stat. Assoc. 76, 221–230).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from jaxtyping import Array
from scipy.stats import chi2, norm

from shiome.verification import rank_histogram

GROUPS = 6
LEADS = tuple(range(1, 10))


class Flatness(NamedTuple):
    """A rank histogram, what sampling allows, and its test.

    Attributes
    ----------
    share, expected
        (GROUPS,) of pairs in each group of ranks, observed and of a flat histogram.
    margin
        (GROUPS,) half width of the interval that holds a flat histogram's share in 90 % of cases.
    p_value
        Of a flat histogram; NaN where there is nothing to test.
    """

    share: npt.NDArray[np.float64]
    expected: npt.NDArray[np.float64]
    margin: npt.NDArray[np.float64]
    p_value: float


def flatness(members: xr.DataArray, obs: xr.DataArray, years: xr.DataArray, key: Array) -> Flatness:
    """Ranks of the observations among the members, pooled over all starts and leads given.

    Parameters
    ----------
    members, obs
        (start, lead, member) and (start, lead).
    years
        (start,) the year of each start: what is taken as independent.
    key
        Random key that breaks ties.
    """
    each = rank_histogram(members, obs, dim=(), key=key, groups=GROUPS)
    expected = each["expected"].values
    by_year = each["count"].sum("lead").groupby(years.rename("year")).sum()
    counts = by_year.transpose("year", "rank").values.astype(np.float64)
    counts = counts[counts.sum(1) > 0]
    total = counts.sum()
    # Of the counts that a year has beyond its part of a flat histogram.
    beyond = counts - counts.sum(1, keepdims=True) * expected
    clustered = (beyond**2).sum(0) * len(counts) / max(len(counts) - 1, 1)
    independent = total * expected * (1 - expected)
    effect = max(float((clustered / expected).sum() / (independent / expected).sum()), 1.0)
    statistic = ((counts.sum(0) - total * expected) ** 2 / (total * expected)).sum() / effect
    margin = norm.ppf(0.95) * np.sqrt(effect * expected * (1 - expected) / total)
    p_value = float(chi2.sf(statistic, GROUPS - 1))
    return Flatness(counts.sum(0) / total, expected, margin, p_value)


def rank_table(found: dict[str, Flatness]) -> pd.DataFrame:
    """One row for each group of ranks, with the share of every variant."""
    columns: dict[str, npt.NDArray] = {"group": np.arange(1, GROUPS + 1)}
    for name, one in found.items():
        columns |= {name: one.share, f"{name}_margin": one.margin, "expected": one.expected}
    return pd.DataFrame(columns)
