"""``shiome sharpen``: any grid of heights, tile by tile, on a grid several times finer."""

import contextlib
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import netCDF4
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float
from scipy import ndimage

from shiome import __version__
from shiome.core.errors import ConfigError, OutputError
from shiome.core.progress import progress_bar
from shiome.data.sources.bathymetry import ElevationFile, elevation_file
from shiome.grids.coarsen import split_centres
from shiome.nets.compiler import compiler_options
from shiome.nets.sharpener import Sharpener
from shiome.showcases.seafloor.basins import FACTORS
from shiome.showcases.seafloor.shipped import shipped

TILE = 256
"""Coarse cells along one side of a tile."""
REACH = 20
"""Coarse cells around a tile that its result depends on: with them, tiles meet without seams."""

STORAGE = frozenset(
    {
        *("_FillValue", "missing_value", "scale_factor", "add_offset", "actual_range"),
        *("valid_range", "valid_min", "valid_max", "grid_mapping", "coordinates"),
    }
)
"""Attributes that tell how the input was stored, or of variables that the result lacks."""


class Sharpened(NamedTuple):
    """What was done.

    Attributes
    ----------
    path
        File that was written.
    cells
        Fine cells.
    seconds
        Time that took, without starting up.
    peak_mib
        Largest memory of the process so far, MiB.
    notes
        What was worked around.
    """

    path: Path
    cells: int
    seconds: float
    peak_mib: float
    notes: tuple[str, ...]


def sharpen(
    path: str,
    out: str | Path,
    *,
    factor: int = 4,
    overwrite: bool = False,
    networks: Sequence[Sharpener] | None = None,
    tile: int = TILE,
) -> Sharpened:
    """Sharpen a file into another, with the standard error of each height beside it.

    The grid is read, sharpened and written in tiles, so that memory stays bounded whatever its
    size. Area means are kept; units, direction and attributes are those of the file; missing cells
    stay missing. An unfinished file never takes the name of the result.

    Parameters
    ----------
    path
        Grid of heights: GEBCO, ETOPO and the like.
    out
        netCDF file to write.
    factor
        How much finer: 2, 4 or 8.
    overwrite
        Whether a file that is there may be replaced.
    networks
        Members of an ensemble; the shipped ones by default.
    tile
        Cells of the input along one side of a tile.

    Raises
    ------
    ConfigError
        If there is no network for the factor.
    DataError
        If the file cannot be understood.
    OutputError
        If the result cannot be written.
    """
    if factor not in FACTORS:
        raise ConfigError(f"--factor is {factor}; expected one of: 2, 4, 8.")
    target = _checked(Path(out).expanduser(), path, overwrite)
    members = shipped(factor) if networks is None else list(networks)
    with elevation_file(path) as grid, _unfinished(target) as unfinished:
        began = time.perf_counter()
        rows = _rows(grid, factor)
        with _created(unfinished, grid, factor, rows, tile) as output:
            tiles = list(_tiles(grid, tile))
            with progress_bar("sharpening", len(tiles)) as advance:
                for at in tiles:
                    _one_tile(members, grid, output, at, factor, rows)
                    advance()
            cells = output.dimensions["latitude"].size * output.dimensions["longitude"].size
        seconds = time.perf_counter() - began
        notes = grid.notes
        if rows.stop - rows.start < grid.shape[0] * factor:
            notes = (*notes, "Half cells beyond the poles were left out.")
    return Sharpened(target, cells, seconds, _peak_mib(), notes)


def predict(
    members: Sequence[Sharpener],
    coarse: Float[np.ndarray, "batch h w 1"],
    rows: Float[np.ndarray, "batch fine"],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Heights of an ensemble and their standard errors, (batch, fine, fine) each, in m.

    The variance is the mean of what the members state, and their own variance.
    """
    height, error = _compiled()(list(members), jnp.asarray(coarse), jnp.asarray(rows))
    return np.asarray(height), np.asarray(error)


def _ensemble(members: list[Sharpener], coarse: Array, rows: Array) -> tuple[Array, Array]:
    made = jnp.stack([member(coarse, rows=rows) for member in members])
    height, variance = made[..., 0], jnp.exp(2 * made[..., 1])
    return height.mean(0), jnp.sqrt(variance.mean(0) + height.var(0))


@cache
def _compiled() -> Any:
    return eqx.filter_jit(_ensemble, compiler_options=dict(compiler_options()))  # type: ignore[call-overload]


def _rows(grid: ElevationFile, factor: int) -> slice:
    """Fine rows that lie on the Earth: a grid with points on the poles has half cells there."""
    latitude = split_centres(grid.latitude, factor)
    on_earth = np.flatnonzero(np.abs(latitude) <= 90.0)
    return slice(int(on_earth[0]), int(on_earth[-1]) + 1)


def _tiles(grid: ElevationFile, tile: int) -> Iterator[tuple[slice, slice]]:
    """Tiles of a grid, all of one size: the last of each row and column overlap those before."""
    first = [[min(at, max(size - tile, 0)) for at in range(0, size, tile)] for size in grid.shape]
    height, width = (min(tile, size) for size in grid.shape)
    for row in first[0]:
        for column in first[1]:
            yield slice(row, row + height), slice(column, column + width)


def _one_tile(
    members: Sequence[Sharpener],
    grid: ElevationFile,
    output: netCDF4.Dataset,
    at: tuple[slice, slice],
    factor: int,
    rows: slice,
) -> None:
    coarse, area = _with_surroundings(grid, at, factor)
    inner = tuple(slice(REACH, REACH + s.stop - s.start) for s in at)
    missing = np.isnan(coarse)
    fine_at = [slice(factor * s.start, factor * s.stop) for s in at]
    sides = [s.stop - s.start for s in fine_at]
    if missing[inner].all():
        height = error = np.full(sides, np.nan, np.float32)
    else:
        if missing.any():
            # The nearest known height, so that what is beside a gap has surroundings.
            nearest = ndimage.distance_transform_edt(
                missing, return_distances=False, return_indices=True
            )
            coarse = coarse[tuple(nearest)]
        made = predict(members, coarse[None, ..., None], area[None])
        cut = tuple(slice(REACH * factor, REACH * factor + side) for side in sides)
        gone = np.kron(missing[inner], np.ones((factor, factor), bool))
        height, error = (np.where(gone, np.nan, field[0][cut]) for field in made)
    kept = slice(max(fine_at[0].start, rows.start), min(fine_at[0].stop, rows.stop))
    here = slice(kept.start - fine_at[0].start, kept.stop - fine_at[0].start)
    there = (slice(kept.start - rows.start, kept.stop - rows.start), fine_at[1])
    output[grid.variable][there] = height[here] / grid.to_metres
    output[f"{grid.variable}_standard_error"][there] = error[here] / abs(grid.to_metres)


def _with_surroundings(
    grid: ElevationFile, at: tuple[slice, slice], factor: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A tile with what is around it, and the relative area of its fine rows.

    Columns go around the Earth where the grid does; elsewhere edges go on as they are.
    """
    height, width = grid.shape
    row = np.arange(at[0].start - REACH, at[0].stop + REACH)
    column = np.arange(at[1].start - REACH, at[1].stop + REACH)
    inside = np.clip(row, 0, height - 1)
    first, last = int(inside[0]), int(inside[-1]) + 1
    around = column % width if grid.periodic else np.clip(column, 0, width - 1)
    wanted, place = np.unique(around, return_inverse=True)
    breaks = np.flatnonzero(np.diff(wanted) != 1) + 1
    parts = [
        grid.read(slice(first, last), slice(int(run[0]), int(run[-1]) + 1))
        for run in np.split(wanted, breaks)
    ]
    values = np.concatenate(parts, axis=1)[inside - first][:, place]
    step = grid.step[0]
    latitude = grid.latitude[0] + step * row
    fine = split_centres(latitude, factor)
    return values, np.maximum(np.cos(np.deg2rad(fine)), 1e-6).astype(np.float32)


@contextmanager
def _created(
    path: Path, grid: ElevationFile, factor: int, rows: slice, tile: int
) -> Iterator[netCDF4.Dataset]:
    """An empty result: axes, attributes, and the two variables."""
    latitude = split_centres(grid.latitude, factor)[rows]
    longitude = split_centres(grid.longitude, factor)
    with netCDF4.Dataset(path, "w") as output:
        kept = {k: v for k, v in grid.attrs.items() if k not in ("Conventions", "history")}
        output.setncatts(kept)
        output.Conventions = "CF-1.11"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        did = f"{now} shiome {__version__}: sharpened by a factor of {factor}"
        output.history = "\n".join(
            [did, *([grid.attrs["history"]] if "history" in grid.attrs else [])]
        )
        for name, values, unit in (
            ("latitude", latitude, "degrees_north"),
            ("longitude", longitude, "degrees_east"),
        ):
            output.createDimension(name, values.size)
            axis = output.createVariable(name, "f8", (name,))
            axis.setncatts({"standard_name": name, "units": unit, "axis": "YX"[name[1] == "o"]})
            axis[:] = values
        attrs = {k: v for k, v in grid.variable_attrs.items() if k not in STORAGE}
        chunks = (min(tile * factor, latitude.size), min(tile * factor, longitude.size))
        beside = f"{grid.variable}_standard_error"
        for name in (grid.variable, beside):
            output.createVariable(
                name,
                "f4",
                ("latitude", "longitude"),
                zlib=True,
                complevel=1,
                chunksizes=chunks,
                fill_value=np.nan,
            )
        output[grid.variable].setncatts(attrs | {"ancillary_variables": beside})
        standard = attrs.get("standard_name", "height_above_mean_sea_level")
        output[beside].setncatts(
            {
                "standard_name": f"{standard} standard_error",
                "long_name": "Standard error of the sharpened height",
                "units": attrs.get("units", "m"),
            }
        )
        yield output


def _checked(target: Path, source: str, overwrite: bool) -> Path:
    """See that a result can be written, before a long computation."""
    if target.is_dir():
        raise OutputError(f"--out {target} is a folder; expected the name of a file.")
    if target.exists() and Path(source).expanduser().resolve() == target.resolve():
        raise OutputError(f"--out {target} is the input itself; expected another file.")
    if target.exists() and not overwrite:
        raise OutputError(
            f"--out {target} exists; give another name, or allow it to be replaced (--overwrite)."
        )
    if target.exists() and not os.access(target, os.W_OK):
        raise OutputError(f"--out {target} is read-only; expected a file that can be replaced.")
    return target


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A hidden name beside the target, which takes the target's name when all went well."""
    hidden = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            hidden.touch()
        except OSError as reason:
            raise OutputError(
                f"--out {target}: cannot write in {target.parent} ({reason.strerror}); expected a "
                "writable folder."
            ) from None
        try:
            yield hidden
        except (OSError, RuntimeError) as reason:
            raise OutputError(
                f"--out {target}: cannot be written to its end ({reason}); expected room for it."
            ) from reason
        hidden.replace(target)
    finally:
        with contextlib.suppress(OSError):
            hidden.unlink(missing_ok=True)


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024
