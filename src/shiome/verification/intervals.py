"""Bootstrap intervals: whole years are drawn again, all resamples in one matrix product.

Forecasts of neighbouring months share their errors, and so do all leads and members of a start;
years are nearly independent. The resampling unit is therefore the year, or a block of years.
"""

from functools import partial

import jax
import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.compiling import QUICK
from shiome.core.errors import ConfigError, DataError
from shiome.verification.metrics import Metric, find_metric, value_of
from shiome.verification.sums import Dims, dim_names, pair_terms

ESTIMATES = ("value", "lower", "upper")


def year_counts(
    key: jax.Array, *, years: int, resamples: int, block: int = 1
) -> npt.NDArray[np.float64]:
    """How often each year is drawn in each resample. Shape (resamples, years); rows sum to years.

    Parameters
    ----------
    key
        Random key: the same key draws the same years, whatever is scored with them.
    years, resamples
        Size of the matrix.
    block
        Years drawn together, in a circle (Politis and Romano 1992); 1 draws single years.
    """
    if years < 2:
        raise DataError(f"a bootstrap over years has {years} year(s); expected at least 2.")
    if resamples < 1 or not 1 <= block <= years:
        raise ConfigError(
            f"resamples={resamples} and block={block}; expected at least 1 resample and blocks "
            f"of 1 to {years} years."
        )
    first = np.asarray(_lots(key, (resamples, -(-years // block)), years))
    drawn = ((first[:, :, None] + np.arange(block)) % years).reshape(resamples, -1)[:, :years]
    cell = drawn + years * np.arange(resamples)[:, None]
    counts = np.bincount(cell.ravel(), minlength=resamples * years)
    return counts.reshape(resamples, years).astype(np.float64)


@partial(jax.jit, static_argnums=(1, 2), compiler_options=QUICK)
def _lots(key: jax.Array, shape: tuple[int, int], years: int) -> jax.Array:
    """Numbers of years, each drawn alike."""
    return jax.random.randint(key, shape, 0, years)


def resampled_sums(
    terms: xr.Dataset,
    years: xr.DataArray,
    key: jax.Array,
    *,
    dim: Dims,
    resamples: int,
    block: int = 1,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Sum all pairs, and sum each resample of the years.

    Parameters
    ----------
    terms
        As :func:`~shiome.verification.sums.pair_terms` gives them.
    years
        Label of the year (any integers) of each element of one of the dimensions in ``dim``.
    dim
        Dimensions to sum over.

    Returns
    -------
    Two datasets; the second has the further dimension ``resample``.
    """
    names = dim_names(dim)
    if years.ndim != 1 or years.dims[0] not in names:
        raise DataError(
            f"the year labels have dimensions {tuple(years.dims)}; expected one of {names}."
        )
    axis = str(years.dims[0])
    if years.sizes[axis] != terms.sizes[axis]:
        raise DataError(
            f"there are {years.sizes[axis]} year labels for {terms.sizes[axis]} values along "
            f"{axis!r}; expected one each."
        )
    label, index = np.unique(years.values, return_inverse=True)
    counts = year_counts(key, years=label.size, resamples=resamples, block=block)
    member_of = np.eye(label.size)[index]
    rest = [name for name in names if name != axis]
    reduced = terms.drop_vars(list(terms.coords.keys() & {axis})).sum(rest)
    kept = {name: tuple(d for d in term.dims if d != axis) for name, term in reduced.items()}
    yearly = {
        name: np.tensordot(member_of.T, term.transpose(axis, ...).values, 1)
        for name, term in reduced.items()
    }
    total = {name: (kept[name], values.sum(0)) for name, values in yearly.items()}
    resampled = {
        name: (("resample", *kept[name]), np.tensordot(counts, values, 1))
        for name, values in yearly.items()
    }
    return xr.Dataset(total, reduced.coords), xr.Dataset(resampled, reduced.coords)


def with_interval(
    value: xr.DataArray, replicates: xr.DataArray, level: float = 0.9
) -> xr.DataArray:
    """Join a score and its percentile interval along the dimension ``estimate``.

    Parameters
    ----------
    value, replicates
        The score, and its bootstrap replicates along ``resample``; undefined ones are passed over.
    level
        Probability inside the interval, between 0 and 1.
    """
    if not 0 < level < 1:
        raise ConfigError(f"the level of the interval is {level}; expected between 0 and 1.")
    tail = (1 - level) / 2
    samples = replicates.transpose(..., "resample").values
    samples = np.sort(samples, axis=-1)  # NaN last
    defined = np.isfinite(samples).sum(-1, keepdims=True)
    bounds = [_sorted_quantile(samples, defined, q) for q in (tail, 1 - tail)]
    known = np.isfinite(value.values)
    return xr.DataArray(
        np.stack([value.values, *(np.where(known, bound, np.nan) for bound in bounds)]),
        {"estimate": list(ESTIMATES), **value.coords},
        ("estimate", *value.dims),
        value.name,
        {**value.attrs, "level": level},
    )


def _sorted_quantile(samples: np.ndarray, defined: np.ndarray, q: float) -> np.ndarray:
    """Linear quantile of the first ``defined`` values of a sorted last axis; NaN of none."""
    last = np.maximum(defined - 1, 0)
    position = q * last
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, last)
    a, b = np.take_along_axis(samples, low, -1), np.take_along_axis(samples, high, -1)
    part = np.where(high > low, position - low, 0.0)
    return ((1 - part) * a + part * b)[..., 0]


def bootstrap(
    metric: str | Metric,
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims,
    years: xr.DataArray,
    key: jax.Array,
    member_dim: str = "member",
    weights: xr.DataArray | None = None,
    edges: xr.DataArray | None = None,
    baseline: xr.DataArray | None = None,
    resamples: int = 1000,
    block: int = 1,
    level: float = 0.9,
) -> xr.DataArray:
    """One score with its interval, or its difference from a baseline's score.

    Parameters
    ----------
    metric
        A metric or its name.
    years
        Year label of each element of one dimension of ``dim``; whole years are drawn.
    key
        Random key of the resamples.
    edges
        Inner category edges (..., edge), for ranked probability scores.
    baseline
        Another forecast of the same observations. Both are scored on the pairs complete in both
        and on the same resamples, so an interval that excludes zero tells them apart.
    fcst, obs, dim, member_dim, weights, resamples, block, level
        As elsewhere in this room.

    Returns
    -------
    The remaining dimensions and ``estimate`` (value, lower, upper).
    """
    metric = find_metric(metric) if isinstance(metric, str) else metric
    if baseline is not None:
        obs = common_pairs(fcst, baseline, obs, member_dim)
    both = []
    for forecast in [fcst] if baseline is None else [fcst, baseline]:
        terms = pair_terms(
            forecast, obs, dim=dim, member_dim=member_dim, edges=edges, weights=weights
        )
        lacking = [name for name in metric.needs if name not in terms]
        if lacking:
            raise DataError(
                f"{metric.name} needs more than {tuple(forecast.dims)} give; expected at "
                "least two members, and edges for ranked scores."
            )
        sums = resampled_sums(
            terms[list(metric.needs)], years, key, dim=dim, resamples=resamples, block=block
        )
        both.append([value_of(metric, s) for s in sums])
    value, replicates = both[0]
    if baseline is not None:
        with xr.set_options(keep_attrs=True):
            value, replicates = value - both[1][0], replicates - both[1][1]
        value.attrs["long_name"] = f"{metric.long_name}, difference from the baseline"
    return with_interval(value, replicates, level)


def common_pairs(
    fcst: xr.DataArray, other: xr.DataArray, obs: xr.DataArray, member_dim: str = "member"
) -> xr.DataArray:
    """Observations, kept only where both forecasts are complete."""
    for forecast in (fcst, other):
        complete = xr.apply_ufunc(np.isfinite, forecast)
        if member_dim in forecast.dims:
            complete = complete.all(dim=member_dim)
        obs = obs.where(complete)
    return obs
