"""Open files and addresses: netCDF or Zarr, local or remote, one or many."""

import glob
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import xarray as xr

from shiome.core.errors import DataError


def is_remote(path: str) -> bool:
    """Whether a path is an address such as ``https://…``, ``s3://…`` or ``zip::…``."""
    return "://" in path or "::" in path


def expand(path: str) -> list[str]:
    """Names of the files that a path or glob stands for, sorted.

    Raises
    ------
    DataError
        If there is none.
    """
    if not is_remote(path):
        names = sorted(glob.glob(os.path.expanduser(path), recursive=True))
        if not names and os.path.exists(os.path.expanduser(path)):
            names = [os.path.expanduser(path)]
        if not names:
            what = "no file matches this pattern" if glob.has_magic(path) else "no such file"
            raise DataError(f"{path}: {what}; expected a netCDF file, a Zarr folder or a glob.")
        return names
    if not glob.has_magic(path) or "::" in path:
        return [path]
    with _explained(path):
        filesystem, inner = fsspec.core.url_to_fs(path)
        names = [filesystem.unstrip_protocol(name) for name in sorted(filesystem.glob(inner))]
    if not names:
        raise DataError(f"{path}: no file matches this pattern; expected an address of data.")
    return names


@contextmanager
def fetch(path: str) -> Iterator[str]:
    """Yield a path that can be opened: the file itself, or a copy of a remote one, then removed.

    Zarr stores stay where they are: only the chunks that are needed are read.
    """
    if not is_remote(path) or _is_zarr(path):
        yield os.path.expanduser(path) if not is_remote(path) else path
        return
    with tempfile.TemporaryDirectory() as folder:
        with _explained(path):
            local = fsspec.open_local(f"simplecache::{path}", simplecache={"cache_storage": folder})
        yield str(local)


@contextmanager
def open_raw(local: str, name: str) -> Iterator[xr.Dataset]:
    """Open one fetched netCDF file or Zarr store lazily, times undecoded; closed on leaving.

    Parameters
    ----------
    local
        What :func:`fetch` yielded.
    name
        What the user calls it, for messages.

    Raises
    ------
    DataError
        If it is missing, truncated, or something else than netCDF or Zarr.
    """
    if _is_zarr(local):
        with _open(local, "zarr", name) as dataset:
            yield dataset
        return
    magic = _first_bytes(Path(local), name)
    with _open(local, "netcdf4", name) as dataset:
        size = Path(local).stat().st_size
        # netCDF-3 libraries return zeros for what lies beyond the end of the file.
        if magic.startswith(b"CDF") and size < _stored_bytes(dataset):
            raise DataError(
                f"{name}: the file is truncated ({size:,} bytes hold less than its header "
                "announces); expected a complete netCDF file: fetch it again."
            )
        yield dataset


def _is_zarr(path: str) -> bool:
    """Whether a path names a Zarr store rather than a file."""
    if path.rstrip("/").endswith(".zarr"):
        return True
    marks = (".zgroup", ".zmetadata", "zarr.json")
    return not is_remote(path) and any((Path(path) / mark).exists() for mark in marks)


@contextmanager
def _open(local: str, engine: str, name: str) -> Iterator[xr.Dataset]:
    """Open with xarray, its errors turned into one line."""
    with warnings.catch_warnings(), _explained(name):
        # Files often declare two different missing values; both are honoured.
        warnings.simplefilter("ignore", xr.SerializationWarning)
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata")
        dataset = xr.open_dataset(local, engine=engine, decode_times=False, chunks=None)
    with dataset:
        try:
            yield dataset
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"{name}: cannot be read to its end ({_one_line(error)}); expected a complete file."
            ) from error


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn what libraries and remote file systems raise on opening into one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such data; expected a netCDF file or a Zarr store.") from error
    except ImportError as error:
        raise DataError(
            f"{path}: this kind of address needs a library that is not installed "
            f"({_one_line(error)}); expected: pip install 'shiome[remote]'."
        ) from error
    except Exception as error:  # each file system has error classes of its own
        raise DataError(
            f"{path}: cannot be opened ({_one_line(error)}); "
            "expected a complete netCDF file or Zarr store that can be reached."
        ) from error


def _first_bytes(local: Path, name: str) -> bytes:
    """Check that a file begins as a netCDF file does."""
    if local.is_dir():
        raise DataError(f"{name}: is a folder without Zarr metadata; expected a file or a glob.")
    if not local.exists():
        raise DataError(f"{name}: no such file; expected a netCDF file, a Zarr folder or a glob.")
    try:
        with local.open("rb") as stream:
            magic = stream.read(64)
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({_one_line(error)}).") from error
    if not magic.startswith((b"CDF", b"\x89HDF")):
        kind = "is empty" if not magic else f"begins with {magic[:24]!r}, which is not netCDF"
        if magic.startswith(b"GRIB"):
            kind = "is a GRIB file"
        raise DataError(f"{name}: {kind}; expected a netCDF file (or a Zarr folder).")
    return magic


def _stored_bytes(dataset: xr.Dataset) -> int:
    """Bytes that the values of an uncompressed file take."""
    variables = dataset.variables.values()
    return sum(v.size * v.encoding.get("dtype", v.dtype).itemsize for v in variables)


def _one_line(error: BaseException) -> str:
    """First line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
