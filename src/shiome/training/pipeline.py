"""Batches from a Zarr store larger than memory, read by a thread while the device trains."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jax
import numpy as np
import numpy.typing as npt
import zarr
from jaxtyping import Array

from shiome.core.errors import DataError

Index = npt.NDArray[np.int64]


class ZarrFeed:
    """Shuffled batches of examples in a Zarr store, for ``fit(..., feed=...)``.

    Each epoch draws the chunks of the store in a new order, pools a few of them, and draws the
    examples of the pool in a new order: every example once, with one reading of each chunk. What
    is left at the end of an epoch and fills no batch is left out. The order follows from the seed
    alone, so that an interrupted training goes on with the batches it would have had. Two pools
    and two runs of batches are in memory at most.

    Parameters
    ----------
    store
        Path of a Zarr group.
    names
        Arrays of inputs and targets, with examples along the first axis.
    size
        Examples per batch.
    seed
        Of the order.
    index
        Examples to use, by default all; repeated ones come more often
        (:mod:`shiome.training.sampling`).
    pool
        Chunks to mix.

    Raises
    ------
    DataError
        If the store lacks the arrays, they differ in length, or there is not one whole batch.
    """

    def __init__(
        self,
        store: Path,
        names: Sequence[str] = ("images", "labels"),
        *,
        size: int,
        seed: int = 0,
        index: npt.ArrayLike | None = None,
        pool: int = 4,
    ):
        self._store, self._arrays = store, _open(store, names)
        length = self._arrays[0].shape[0]
        self._index = np.arange(length) if index is None else np.asarray(index, np.int64)
        if len(self._index) < size:
            raise DataError(
                f"{store}: {len(self._index)} examples to train on; expected at least one batch "
                f"of {size}."
            )
        if self._index.min() < 0 or self._index.max() >= length:
            raise DataError(f"{store}: example {self._index.max()} of {length} asked for.")
        # A shard is what a store reads at once, where it has shards.
        self._rows = (self._arrays[0].shards or self._arrays[0].chunks)[0]
        self._size, self._seed, self._pool = size, seed, pool
        self._chunks: OrderedDict[int, list[npt.NDArray[Any]]] = OrderedDict()
        self._order: tuple[int, Index] = (-1, self._index)
        self._thread = ThreadPoolExecutor(1, "zarr-feed")
        self._next: tuple[int, int, Future[list[Array]]] | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in one pass through the examples."""
        return len(self._index) // self._size

    @property
    def signature(self) -> str:
        """What tells these batches from others: store, arrays, examples and order."""
        shapes = [(a.name, a.shape, str(a.dtype)) for a in self._arrays]
        chosen = hashlib.sha256(self._index.tobytes()).hexdigest()
        return repr((shapes, self._rows, self._size, self._seed, self._pool, chosen))

    def __call__(self, first: int, count: int) -> list[Array]:
        """(count, size, ...) inputs and targets of steps on the device; the next are begun."""
        ready = self._next
        if ready is not None and ready[0] == first and count <= ready[1]:
            batches = [leaf[:count] for leaf in ready[2].result()]
        else:
            batches = self._thread.submit(self._read, first, count).result()
        following = first + count
        self._next = following, count, self._thread.submit(self._read, following, count)
        return batches

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)

    def _read(self, first: int, count: int) -> list[Array]:
        examples = np.concatenate([self._batch(step) for step in range(first, first + count)])
        made = [np.empty((len(examples), *a.shape[1:]), a.dtype) for a in self._arrays]
        chunk = examples // self._rows
        # In order of first appearance, which follows the pools.
        _, appears = np.unique(chunk, return_index=True)
        for number in chunk[np.sort(appears)]:
            mine = chunk == number
            for target, source in zip(made, self._chunk(int(number)), strict=True):
                target[mine] = source[examples[mine] - number * self._rows]
        shaped = [leaf.reshape(count, self._size, *leaf.shape[1:]) for leaf in made]
        return [jax.device_put(leaf) for leaf in shaped]

    def _batch(self, step: int) -> Index:
        epoch, within = divmod(step, self.steps_per_epoch)
        if self._order[0] != epoch:
            self._order = epoch, self._shuffled(epoch)
        return self._order[1][within * self._size : (within + 1) * self._size]

    def _shuffled(self, epoch: int) -> Index:
        rng = np.random.default_rng((self._seed, epoch))
        chunk = self._index // self._rows
        numbers = rng.permutation(np.unique(chunk))
        pools = [numbers[i : i + self._pool] for i in range(0, len(numbers), self._pool)]
        return np.concatenate([rng.permutation(self._index[np.isin(chunk, p)]) for p in pools])

    def _chunk(self, number: int) -> list[npt.NDArray[Any]]:
        if number not in self._chunks:
            rows = slice(number * self._rows, (number + 1) * self._rows)
            read = [np.asarray(array[rows]) for array in self._arrays]
            _check_finite(read[0], self._store, rows.start)
            self._chunks[number] = read
            if len(self._chunks) > 2 * self._pool:
                self._chunks.popitem(last=False)
        self._chunks.move_to_end(number)
        return self._chunks[number]


def _open(store: Path, names: Sequence[str]) -> list[zarr.Array]:
    try:
        group = zarr.open_group(store, mode="r")
    except (OSError, ValueError) as reason:
        raise DataError(f"{store}: not a Zarr group ({type(reason).__name__}).") from reason
    if missing := [name for name in names if name not in set(group.array_keys())]:
        raise DataError(
            f"{store}: no array {missing[0]!r}; it has {', '.join(group.array_keys()) or 'none'}."
        )
    arrays = [array for name in names if isinstance(array := group[name], zarr.Array)]
    if len({array.shape[0] for array in arrays}) > 1:
        lengths = ", ".join(f"{n} {a.shape[0]}" for n, a in zip(names, arrays, strict=True))
        raise DataError(f"{store}: arrays of different lengths ({lengths}).")
    return arrays


def _check_finite(values: npt.NDArray[Any], store: Path, first: int) -> None:
    bad = ~np.isfinite(values).reshape(len(values), -1).all(1)
    if bad.any():
        raise DataError(
            f"{store}: example {first + int(bad.argmax())} holds values that are not finite; "
            "expected gaps to be filled or the example to be left out."
        )
