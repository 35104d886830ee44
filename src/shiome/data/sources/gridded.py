"""Read a gridded variable as monthly means on one regular grid, a few months at a time."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.data.sources.files import expand, fetch, open_raw
from shiome.data.sources.layout import Layout, find_layout
from shiome.data.sources.notes import month_list
from shiome.data.sources.times import month_numbers
from shiome.data.sources.workgrid import WorkGrid, make_grid

CHUNK_VALUES = 8_000_000  # read at once: 32 to 64 MB
LONGEST = 12 * 5000  # months between the first and the last; more is a misread time axis


@dataclass(frozen=True)
class Choice:
    """Which variable of a file to read, and its units as parsed."""

    variable: str
    units: str


@dataclass(frozen=True)
class MonthlyMeans:
    """Monthly means in the standard layout, in the file's units.

    Parameters
    ----------
    values
        Shape (months, latitude, longitude), float32, NaN where missing; months contiguous.
    first_month
        Month number of the first.
    latitude, longitude
        Ascending degrees, longitude in [0, 360).
    choice
        What was read.
    attrs, variable_attrs
        Attributes of the (first) file and of the variable.
    notes
        What was worked around.
    """

    values: npt.NDArray[np.float32]
    first_month: int
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    choice: Choice
    attrs: dict[str, Any]
    variable_attrs: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    """One file of the record: where it is, which months its steps belong to."""

    name: str
    local: str
    choice: Choice
    months: npt.NDArray[np.int64]


def read_monthly(
    path: str,
    choose: Callable[[xr.Dataset, str], Choice],
    clean: Callable[[npt.NDArray], npt.NDArray],
) -> MonthlyMeans:
    """Read one file or many as monthly means on one regular grid.

    Parameters
    ----------
    path
        File, glob or address.
    choose
        Picks the variable of an open dataset; gets the file's name for messages.
    clean
        Makes codes for missing values NaN.

    Raises
    ------
    DataError
        If a file cannot be read or understood, or nothing but missing values is found.
    """
    with ExitStack() as stack:
        files = [(name, stack.enter_context(fetch(name))) for name in expand(path)]
        with open_raw(files[0][1], files[0][0]) as dataset:
            choice = choose(dataset, files[0][0])
            grid = make_grid(find_layout(dataset, choice.variable, files[0][0]), files[0][0])
            attrs, variable_attrs = dict(dataset.attrs), dict(dataset[choice.variable].attrs)
        parts = [_scan(name, local, choose, choice, grid) for name, local in files]
        months = np.concatenate([part.months for part in parts])
        first, count = int(months.min()), int(np.ptp(months)) + 1
        if count > LONGEST:
            raise DataError(
                f"{path}: the months run over {count // 12} years; expected a time axis whose "
                "units and values agree."
            )
        mean = _accumulate(parts, grid, clean, first, count)
    if not np.isfinite(mean).any():
        raise DataError(
            f"{path}: variable {choice.variable!r} has no values: all are missing in all "
            f"{count} months; expected a field with values over the sea."
        )
    notes = (*grid.notes, *_calendar_notes(months), *_hole_notes(mean, first, months))
    return MonthlyMeans(
        mean, first, grid.latitude, grid.longitude, choice, attrs, variable_attrs, notes
    )


def _scan(
    name: str,
    local: str,
    choose: Callable[[xr.Dataset, str], Choice],
    expected: Choice,
    grid: WorkGrid,
) -> _Part:
    """Read the time axis of one file and compare the rest with the first file."""
    with open_raw(local, name) as dataset:
        choice = choose(dataset, name)
        layout = find_layout(dataset, choice.variable, name)
        months = month_numbers(layout.time, layout.time_bounds, f"{name}: {choice.variable!r}")
    if choice.units != expected.units:
        raise DataError(
            f"{name}: units {choice.units!r} differ from {expected.units!r} in the first file; "
            "expected the same units in all files."
        )
    if not grid.same_source(layout):
        raise DataError(f"{name}: the grid differs from that of the first file; expected one grid.")
    if months.size == 0:
        raise DataError(f"{name}: the time axis is empty; expected at least one month.")
    return _Part(name, local, choice, months)


def _accumulate(
    parts: list[_Part],
    grid: WorkGrid,
    clean: Callable[[npt.NDArray], npt.NDArray],
    first: int,
    count: int,
) -> npt.NDArray[np.float32]:
    """Average all steps of each month, a chunk of steps at a time."""
    shape = (count, len(grid.latitude), len(grid.longitude))
    total, number = np.zeros(shape, np.float32), np.zeros(shape, np.uint16)
    steps = max(1, CHUNK_VALUES // grid.source_size)
    for part in parts:
        with open_raw(part.local, part.name) as dataset:
            layout = find_layout(dataset, part.choice.variable, part.name)
            for start in range(0, len(part.months), steps):
                chosen = slice(start, start + steps)
                values = grid.regrid(clean(_read(dataset, layout, chosen)))
                for month, value in zip(part.months[chosen] - first, values, strict=True):
                    valid = np.isfinite(value)
                    total[month][valid] += value[valid]
                    number[month][valid] += 1
    with np.errstate(invalid="ignore"):
        return np.where(number > 0, total / number, np.nan).astype(np.float32)


def _read(dataset: xr.Dataset, layout: Layout, steps: slice) -> npt.NDArray:
    """Read some steps as (time, y, x), versions of the same data merged."""
    data = dataset[layout.variable]
    time, y, x = layout.dims
    data = data.isel({time: steps}) if time else data.expand_dims("time")
    versions = [name for name in layout.extra if data.sizes[name] > 1]
    data = data.squeeze([name for name in layout.extra if data.sizes[name] == 1], drop=True)
    data = data.transpose(*versions, time or "time", y, x)
    values = data.values
    for _ in versions:
        # Final and preliminary ERA5 lie side by side, each missing where the other has values.
        merged = values[0]
        for other in values[1:]:
            merged = np.where(np.isfinite(merged), merged, other)
        values = merged
    return values


def _calendar_notes(months: npt.NDArray[np.int64]) -> list[str]:
    """Say what the time axis was like: daily steps, repeated months, gaps."""
    present, counts = np.unique(months, return_counts=True)
    notes = []
    if np.median(counts) >= 5:
        notes.append(
            f"{len(months):,} steps (about {int(np.median(counts))} a month) were averaged to "
            f"{len(present)} monthly means."
        )
        short = present[counts < 0.5 * np.median(counts)]
        if len(short):
            notes.append(f"{month_list(short)}: fewer than half of the usual steps.")
    elif (counts > 1).any():
        notes.append(f"{month_list(present[counts > 1])}: given more than once; the mean is used.")
    missing = np.setdiff1d(np.arange(present[0], present[-1] + 1), present)
    if len(missing):
        notes.append(f"{month_list(missing)}: not in the data; left missing.")
    return notes


def _hole_notes(
    mean: npt.NDArray[np.float32], first: int, months: npt.NDArray[np.int64]
) -> list[str]:
    """Say which of the months given, and where cells of the sea, have no values."""
    valid = np.isfinite(mean)
    notes = []
    empty = ~valid.any(axis=(1, 2))
    blank = np.intersect1d(first + np.flatnonzero(empty), months)
    if len(blank):
        notes.append(f"{month_list(blank)}: without any value; left missing.")
    sea = valid.sum(axis=0) * 2 >= max(1, (~empty).sum())
    holes = (sea & ~valid[~empty]).sum()
    if holes:
        share = 100.0 * holes / (sea.sum() * (~empty).sum())
        notes.append(f"{holes:,} values ({share:.2g} %) of cells of the sea are missing.")
    return notes
