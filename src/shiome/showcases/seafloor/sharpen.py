"""``shiome sharpen``: any grid of heights, tile by tile, on a grid several times finer."""

import resource
import sys
import time
from collections.abc import Iterator, Sequence
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

from shiome.core.errors import ConfigError, DataError
from shiome.core.progress import progress_bar
from shiome.data.sources.bathymetry import ElevationFile, elevation_file
from shiome.grids.coarsen import split_centres
from shiome.nets.compiler import compiler_options
from shiome.nets.sharpener import Sharpener
from shiome.showcases.seafloor.basins import FACTORS
from shiome.showcases.seafloor.result import checked, created, unfinished
from shiome.showcases.seafloor.shipped import shipped
from shiome.training.ensembles import Symmetric

TILE = 256
"""Coarse cells along one side of a tile."""
REACH = 20
"""Coarse cells around a tile that its result depends on: with them, tiles meet without seams."""


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
    symmetric: bool = False,
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
    symmetric
        Whether each tile is sharpened in all eight ways in which a square can lie, and averaged:
        eight times the work for a slightly smaller error.
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
    target = checked(Path(out).expanduser(), path, overwrite)
    members = shipped(factor) if networks is None else list(networks)
    members = [eight_ways(member) for member in members] if symmetric else members
    with elevation_file(path) as grid, unfinished(target) as hidden:
        began, lowest = time.perf_counter(), np.nan
        rows = _rows(grid, factor)
        with created(hidden, grid, factor, rows, tile) as output:
            tiles = list(_tiles(grid, tile))
            with progress_bar("sharpening", len(tiles)) as advance:
                for at in tiles:
                    lowest = np.fmin(lowest, _one_tile(members, grid, output, at, factor, rows))
                    advance()
            if np.isnan(lowest):
                raise DataError(
                    f"{path}: variable {grid.variable!r} has no values; expected heights."
                )
            cells = output.dimensions["latitude"].size * output.dimensions["longitude"].size
        seconds = time.perf_counter() - began
        notes = grid.notes
        if rows.stop - rows.start < grid.shape[0] * factor:
            notes = (*notes, "Half cells beyond the poles were left out.")
        if lowest >= 0:
            notes = (*notes, "Nothing lies below sea level; depths state positive = 'down'.")
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


def eight_ways(network: Sharpener) -> Sharpener:
    """The same network, its answers averaged over the symmetries of the square."""
    return eqx.tree_at(lambda one: one.body, network, Symmetric(network.body))


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
) -> float:
    """Sharpen and write a tile; its lowest height in the input, NaN where it has none."""
    coarse, area = _with_surroundings(grid, at, factor)
    inner = tuple(slice(REACH, REACH + s.stop - s.start) for s in at)
    missing = np.isnan(coarse)
    lowest = float(np.fmin.reduce(coarse[inner], axis=None))
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
    return lowest


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


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024
