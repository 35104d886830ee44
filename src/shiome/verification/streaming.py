"""Scores of ensemble hindcasts too large to hold, in one pass over their blocks.

Each block is read once, turned into the sums of :mod:`shiome.verification.sums` and dropped, so
memory is that of one block for each worker, whatever the size of the hindcast.
"""

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.verification.ensemble import ensemble_parts
from shiome.verification.metrics import METRICS, value_of
from shiome.verification.sums import Dims, check_pairs, dim_names, member_count, moment_terms

Region = dict[str, slice]
Sums = dict[str, npt.NDArray[np.float64]]

# Ensembles sorted at once: their distances (512 × 108 in single precision, 0.2 MB) stay in cache.
_ROWS = 512
# Size of the blocks cut from a forecast that has no chunks of its own.
_BLOCK_BYTES = 64 * 2**20


def verify_hindcast(
    fcst: xr.DataArray,
    obs: xr.DataArray,
    *,
    dim: Dims = "start",
    member_dim: str = "member",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Score a large ensemble hindcast, reading each of its chunks once.

    Parameters
    ----------
    fcst
        Ensemble, for example (start, lead, member, latitude, longitude): in memory, lazily opened
        from a file, or chunked by Dask. Its chunks are the blocks; chunks along ``member_dim``
        are joined.
    obs
        Observations with the labels of ``fcst`` except ``member_dim``, in the same unit.
    dim
        Dimension or dimensions to average over.
    member_dim
        Dimension of the ensemble members.
    workers
        Threads that read and reduce blocks at the same time (default: one per core, at most 8).
    progress
        Called with (blocks done, blocks in all).

    Returns
    -------
    Dataset of the remaining dimensions: ``acc``, ``rmse``, ``mae``, ``bias`` of the ensemble
    mean, ``crps``, of two members and more ``crps_fair``, and ``pairs``. Pairs with anything
    missing are left out.
    """
    check_pairs(fcst, obs, dim)
    member_count(fcst, member_dim)
    pair_dims = [str(name) for name in fcst.dims if name != member_dim]
    kept = [name for name in pair_dims if name not in dim_names(dim)]
    regions = _regions(fcst, pair_dims)

    def loader(region: Region) -> Callable[[], tuple[xr.DataArray, xr.DataArray]]:
        here = {name: piece for name, piece in region.items() if name in obs.dims}
        return lambda: (fcst.isel(region), obs.isel(here))

    loaders = map(loader, regions)
    total: Sums = {}
    for done, sums in enumerate(_sums_in_order(loaders, dim, member_dim, workers)):
        for name, value in sums.items():
            whole = total.setdefault(name, np.zeros([fcst.sizes[k] for k in kept]))
            whole[tuple(regions[done][k] for k in kept)] += value
        if progress is not None:
            progress(done + 1, len(regions))
    coords = {name: fcst.coords[name] for name in kept if name in fcst.coords}
    return _scores(xr.Dataset({name: (kept, v) for name, v in total.items()}, coords))


def verify_blocks(
    blocks: Iterable[tuple[xr.DataArray, xr.DataArray]],
    *,
    dim: Dims = "start",
    member_dim: str = "member",
    workers: int | None = None,
) -> xr.Dataset:
    """Score a hindcast that comes as pairs (forecast, observations), for example start by start.

    Parameters
    ----------
    blocks
        Any iterable; each block has all the dimensions of the hindcast and its full extent in
        those that are not in ``dim``. At most ``workers + 2`` blocks are held.
    dim, member_dim, workers
        As in :func:`verify_hindcast`.

    Returns
    -------
    As :func:`verify_hindcast`.

    Raises
    ------
    DataError
        No blocks, or blocks of different shapes.
    """
    names = dim_names(dim)
    first: list[xr.DataArray] = []

    def loader(
        pair: tuple[xr.DataArray, xr.DataArray],
    ) -> Callable[[], tuple[xr.DataArray, xr.DataArray]]:
        check_pairs(*pair, dim)
        member_count(pair[0], member_dim)
        outline = pair[0].isel(dict.fromkeys([*names, member_dim], 0), drop=True)
        if first and (outline.dims != first[0].dims or outline.shape != first[0].shape):
            raise DataError(
                f"a block has the shape {outline.shape} beside {names}, an earlier one "
                f"{first[0].shape}; expected the same in all."
            )
        if not first:
            first.append(xr.zeros_like(outline, dtype=bool).load())
        return lambda: pair

    total: Sums = {}
    for sums in _sums_in_order(map(loader, blocks), dim, member_dim, workers):
        for name, value in sums.items():
            total[name] = total[name] + value if name in total else value
    if not first:
        raise DataError("the hindcast has no blocks; expected at least one.")
    kept = first[0].dims
    return _scores(xr.Dataset({n: (kept, v) for n, v in total.items()}, first[0].coords))


def _scores(sums: xr.Dataset) -> xr.Dataset:
    """All scores that the sums allow."""
    scores = {
        metric.name: value_of(metric, sums)
        for metric in METRICS.values()
        if all(name in sums for name in metric.needs)
    }
    pairs = sums["n"].astype(np.int64).assign_attrs(long_name="Pairs used")
    return xr.Dataset({**scores, "pairs": pairs})


def _regions(fcst: xr.DataArray, pair_dims: list[str]) -> list[Region]:
    """Cut the pairs along the forecast's own chunks, or into blocks of a moderate size."""
    preferred = fcst.encoding.get("preferred_chunks", {})
    cuts = []
    for position, name in enumerate(pair_dims):
        size = fcst.sizes[name]
        if fcst.chunks is not None:
            ends = np.cumsum(fcst.chunksizes[name]).tolist()
        elif preferred or position > 0:
            step = max(1, preferred.get(name, size))
            ends = [*range(step, size, step), size]
        else:
            step = max(1, int(size * _BLOCK_BYTES // max(1, fcst.nbytes)))
            ends = [*range(step, size, step), size]
        cuts.append([slice(a, b) for a, b in itertools.pairwise([0, *ends])])
    return [dict(zip(pair_dims, pieces, strict=True)) for pieces in itertools.product(*cuts)]


def _sums_in_order(
    loaders: Iterable[Callable[[], tuple[xr.DataArray, xr.DataArray]]],
    dim: Dims,
    member_dim: str,
    workers: int | None,
) -> Iterator[Sums]:
    """Sums of each block, in the order of the blocks, so that rounding does not depend on luck."""
    workers = workers or min(8, os.cpu_count() or 1)

    def work(load: Callable[[], tuple[xr.DataArray, xr.DataArray]]) -> Sums:
        return _block_sums(*load(), dim_names(dim), member_dim)

    pending: deque[Future[Sums]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for load in loaders:
            pending.append(pool.submit(work, load))
            del load  # the pool holds it, and drops it when done
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _block_sums(fcst: xr.DataArray, obs: xr.DataArray, dim: list[str], member_dim: str) -> Sums:
    """Sums over ``dim`` of one block; arrays of its remaining dimensions."""
    pair = fcst.isel({member_dim: 0}, drop=True)
    observed = obs.broadcast_like(pair).transpose(*pair.dims)
    # One thread reads: the pool already runs as many as there are cores.
    y = np.asarray(observed.compute(scheduler="single-threaded").values)
    x = np.asarray(fcst.compute(scheduler="single-threaded").values)
    axis = fcst.get_axis_num(member_dim)
    count = x.shape[axis]
    outer, cells = int(np.prod(x.shape[:axis])), int(np.prod(x.shape[axis + 1 :]))
    mean_error, absolute, dispersion = _blockwise_parts(
        x.reshape(outer, count, cells), y.reshape(outer, cells)
    )
    y = y.astype(np.float64).reshape(mean_error.shape)
    valid = np.isfinite(mean_error)
    terms = moment_terms(y + mean_error, y)
    terms |= {"absolute": absolute, "dispersion": dispersion}
    if count > 1:
        terms["fair_dispersion"] = dispersion * (count / (count - 1))
    axes = tuple(pair.get_axis_num(name) for name in dim)
    sums = {
        name: np.where(valid, term, 0.0).reshape(pair.shape).sum(axes)
        for name, term in terms.items()
    }
    return sums | {"n": valid.reshape(pair.shape).sum(axes, dtype=np.float64)}


def _blockwise_parts(
    members: npt.NDArray, obs: npt.NDArray
) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
    """Ensemble parts of a block, a cache-sized piece at a time, in the block's own precision.

    Shapes: ``members`` (outer, M, cells), ``obs`` (outer, cells); results (outer, cells), double.
    """
    if members.shape[2] == 1:  # members last: the pairs themselves are the cells
        parts = _blockwise_parts(members.transpose(2, 1, 0), obs.T)
        return parts[0].T, parts[1].T, parts[2].T
    kind = np.result_type(members, obs, np.float32)
    mean_error, absolute, dispersion = (np.empty(obs.shape) for _ in range(3))
    for row, first in np.ndindex(obs.shape[0], -(-obs.shape[1] // _ROWS)):
        cells = slice(first * _ROWS, (first + 1) * _ROWS)
        with np.errstate(invalid="ignore"):  # infinities: not finite, so left out
            distance = np.subtract(
                members[row, :, cells].T, obs[row, cells, None], dtype=kind, order="C"
            )
            parts = ensemble_parts(distance)
        mean_error[row, cells], absolute[row, cells], dispersion[row, cells] = parts
    return mean_error, absolute, dispersion
