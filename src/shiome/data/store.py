"""Samples on disk: data sets larger than memory, written and read a block at a time."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from shiome.core.errors import OutputError

CHUNK_BYTES = 4_000_000  # of one piece of a Zarr array before compression
SAMPLES = 1024  # read at once


def append_blocks(blocks: Iterable[xr.Dataset], path: Path, dim: str = "sample") -> int:
    """Write blocks one behind the other into a new Zarr (version 2) store.

    Parameters
    ----------
    blocks
        Data sets that differ only in their length along ``dim``.
    path
        Store to be made.

    Returns
    -------
    The length along ``dim``; 0 if there was no block, and then no store either.

    Raises
    ------
    OutputError
        If something is there already.
    """
    if path.exists():
        raise OutputError(f"{path} exists already; expected a new name.")
    length = 0
    for block in blocks:
        if not length:
            block.to_zarr(path, mode="w-", zarr_format=2, encoding=_encoding(block, dim))
        else:
            block.drop_encoding().to_zarr(path, append_dim=dim, zarr_format=2)
        length += block.sizes[dim]
    return length


def open_store(path: Path) -> xr.Dataset:
    """Open what :func:`append_blocks` wrote; numbers are read when they are asked for."""
    dataset = xr.open_zarr(path, chunks=None)
    # Texts of any length have a type of their own on disk, which few functions of NumPy know.
    texts = {name: v for name, v in dataset.variables.items() if v.dtype.kind == "T"}
    plain = {name: (v.dims, v.values.astype(object), v.attrs) for name, v in texts.items()}
    coords = {name: value for name, value in plain.items() if name in dataset.coords}
    return dataset.assign(plain).assign_coords(coords)


def blocks_of(dataset: xr.Dataset, dim: str = "sample") -> Iterator[xr.Dataset]:
    """Pieces of a data set along one dimension, each read into memory."""
    for start in range(0, dataset.sizes[dim], SAMPLES):
        yield dataset.isel({dim: slice(start, start + SAMPLES)}).load()


def _encoding(block: xr.Dataset, dim: str) -> dict[str, dict[str, object]]:
    """Chunks of a few megabytes along ``dim``, and times in whole seconds."""
    encoding: dict[str, dict[str, object]] = {}
    for name, variable in block.variables.items():
        if dim not in variable.dims:
            continue
        rest = int(np.prod([size for d, size in variable.sizes.items() if d != dim]))
        length = max(1, CHUNK_BYTES // (max(variable.dtype.itemsize, 4) * rest))
        chunks = tuple(
            min(length, 65_536) if d == dim else size for d, size in variable.sizes.items()
        )
        encoding[str(name)] = {"chunks": chunks}
        if np.issubdtype(variable.dtype, np.datetime64):
            encoding[str(name)] |= {"units": "seconds since 1970-01-01", "dtype": "int64"}
    return encoding
