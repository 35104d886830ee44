"""Brightness temperature of cloud images: GridSat-B1 and what is laid out like it.

Knapp et al. (2011), doi:10.1175/2011BAMS3039.1: one file every three hours, ``irwin_cdr`` (time,
lat, lon) as packed integers in kelvin, 0.07° from 70°S and 180°W.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.core.variables import BRIGHTNESS_TEMPERATURE
from shiome.data.catalog import DataRecord
from shiome.data.sources.files import expand, fetch, open_raw
from shiome.data.sources.layout import Layout, fields_of, find_layout
from shiome.data.sources.opened import user_record
from shiome.data.store import append_blocks, open_store
from shiome.grids.regrid import CellAverage, conservative_average

NAMES = ("irwin_cdr", "brightness_temperature", "tb", "tbb", "irwin")
LOWEST, HIGHEST = 140.0, 360.0  # K; no scene of the Earth lies outside
STEPS = 8  # images read at once


@dataclass(frozen=True)
class Box:
    """A part of the Earth.

    Parameters
    ----------
    west, east
        Degrees, in either convention; a box across 0° is not accepted, for longitudes run from 0.
    south, north
        Degrees.
    """

    west: float = 0.0
    east: float = 360.0
    south: float = -90.0
    north: float = 90.0

    def __post_init__(self) -> None:
        if not -90 <= self.south < self.north <= 90:
            raise ConfigError(
                f"the box reaches from {self.south:g} to {self.north:g}°N; expected south below "
                "north, within −90 to 90."
            )
        west, east = self.bounds
        if not -180 <= self.west <= 360 or not -180 <= self.east <= 360 or west >= east:
            raise ConfigError(
                f"the box reaches from {self.west:g} to {self.east:g}°E; expected −180 to 360, "
                "and not across 0°: take two boxes, or all longitudes."
            )

    @property
    def bounds(self) -> tuple[float, float]:
        """West and east in [0, 360]."""
        west, east = self.west % 360.0, self.east % 360.0
        if self.east - self.west >= 360.0:
            return 0.0, 360.0
        return west, east or 360.0


@dataclass(frozen=True)
class OpenedImages:
    """Images in the normalised form and what had to be done to them.

    Parameters
    ----------
    images
        ``brightness_temperature`` (time, latitude, longitude) in K, float32, NaN where missing;
        times, latitudes and longitudes ascending, longitudes in [0, 360).
    notes
        What was worked around.
    record
        What the data set is.
    """

    images: xr.DataArray
    notes: tuple[str, ...]
    record: DataRecord


@dataclass(frozen=True)
class _Source:
    """Where the pixels of the box lie in the files, and how they become the target's."""

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    average: CellAverage | None


def open_gridsat(
    path: str,
    *,
    box: Box | None = None,
    step: float | None = None,
    variable: str | None = None,
    store: Path | str | None = None,
) -> OpenedImages:
    """Open infrared images, part of the Earth, coarser if asked for.

    Parameters
    ----------
    path
        netCDF or Zarr; a file, a glob (one file per time is usual) or an address.
    box
        What to read; everything by default.
    step
        Average over cells of this many degrees; the file's own pixels by default.
    variable
        Name of the variable; ``irwin_cdr`` or another usual one by default.
    store
        Write the images into this new Zarr store, some at a time, and return it opened lazily;
        without it they are held in memory.

    Raises
    ------
    DataError
        If a file cannot be read or understood, the grids differ, a time is given twice, or no
        pixel has a value.
    """
    box = box or Box()
    notes: list[str] = []
    with ExitStack() as stack:
        files = [(stack.enter_context(fetch(name)), name) for name in expand(path)]
        layouts, times, attrs = _scan(files, variable)
        source = _source(layouts[0], box, step, path)
        order = sorted(range(len(files)), key=lambda i: times[i][0])
        _check_times([times[i] for i in order], path)
        blocks = _blocks([(*files[i], layouts[i], times[i]) for i in order], source, notes)
        if store is None:
            images = xr.concat(list(blocks), "time")
        else:
            append_blocks(blocks, Path(store), "time")
            images = open_store(Path(store))
    name = layouts[0].variable
    if notes and notes[0].startswith("all"):
        raise DataError(f"{path}: variable {name!r}: {notes[0]}")
    if step is not None:
        notes.append(f"The images were averaged over cells of {step:g}° (conservatively).")
    record = user_record(path, attrs[0], attrs[1], tuple(notes))
    return OpenedImages(images[BRIGHTNESS_TEMPERATURE.name], tuple(notes), record)


def _scan(
    files: list[tuple[str, str]], variable: str | None
) -> tuple[list[Layout], list[npt.NDArray[np.datetime64]], tuple[dict, dict]]:
    """Layout and times of every file, and the attributes of the first."""
    layouts: list[Layout] = []
    times: list[npt.NDArray[np.datetime64]] = []
    attrs: tuple[dict, dict] = ({}, {})
    for local, name in files:
        with open_raw(local, name) as dataset:
            chosen = _choose(dataset, variable, name)
            layout = find_layout(dataset, chosen, name)
            _check_layout(layout, layouts[0] if layouts else layout, name)
            times.append(_times(layout.time, name))
            if not layouts:
                attrs = dict(dataset.attrs), dict(dataset[chosen].attrs)
        layouts.append(layout)
    return layouts, times, attrs


def _choose(dataset: xr.Dataset, variable: str | None, name: str) -> str:
    """Name of the variable with the images."""
    held = fields_of(dataset)
    wanted = [variable] if variable is not None else [n for n in held if n.lower() in NAMES]
    wanted = wanted or (held if len(held) == 1 else [])
    if not wanted or wanted[0] not in dataset.variables:
        raise DataError(
            f"{name}: there is no variable {variable or NAMES[0]!r}; expected one of: "
            f"{', '.join(held) or 'a field over latitude and longitude'}."
        )
    return sorted(wanted, key=lambda n: NAMES.index(n.lower()) if n.lower() in NAMES else 0)[0]


def _check_layout(layout: Layout, first: Layout, name: str) -> None:
    """Refuse curvilinear grids, and grids that differ from the first file's."""
    if layout.curvilinear:
        raise DataError(f"{name}: the grid is curvilinear; expected rows and columns of pixels.")
    pairs = ((layout.latitude, first.latitude), (layout.longitude, first.longitude))
    if any(a.shape != b.shape or not np.allclose(a, b, atol=1e-4) for a, b in pairs):
        raise DataError(f"{name}: the grid differs from that of the first file; expected one grid.")


def _times(time: xr.DataArray, name: str) -> npt.NDArray[np.datetime64]:
    """Exact times of an undecoded CF axis."""
    try:
        if " since " not in str(time.attrs.get("units", "")):
            raise ValueError("no reference date")
        decoded = xr.decode_cf(xr.Dataset({"t": ("step", np.atleast_1d(time.values), time.attrs)}))
        values = decoded["t"].values.astype("datetime64[ns]")
    except (ValueError, OverflowError, TypeError) as error:
        raise DataError(
            f"{name}: time {time.name!r} with units {time.attrs.get('units')!r} cannot be decoded; "
            "expected a form such as 'hours since 1970-01-01'."
        ) from error
    if np.isnat(values).any():
        raise DataError(f"{name}: time {time.name!r} has missing stamps; expected dates.")
    if (np.diff(values) <= np.timedelta64(0)).any():
        index = int(np.argmax(np.diff(values) <= np.timedelta64(0))) + 1
        raise DataError(
            f"{name}: time {values[index]} at index {index} is not later than the one before; "
            "expected ascending times."
        )
    return values


def _check_times(times: list[npt.NDArray[np.datetime64]], path: str) -> None:
    """Refuse files that overlap in time."""
    joined = np.concatenate(times)
    back = np.flatnonzero(np.diff(joined) <= np.timedelta64(0))
    if back.size:
        raise DataError(
            f"{path}: time {joined[back[0] + 1]} is given twice, or files overlap; expected each "
            "time once."
        )


def _source(layout: Layout, box: Box, step: float | None, path: str) -> _Source:
    """Choose the pixels to read, and the cells they are averaged over."""
    y, x = layout.latitude, np.round(layout.longitude % 360.0, 6) % 360.0
    x, first = np.unique(x, return_index=True)  # sorted, without a cyclic point
    rows = np.argsort(y)
    west, east = box.bounds
    # Cells at the edge of the box average pixels whose centres lie beyond it.
    beyond = 0.0 if step is None else float(np.abs(np.diff(y)).max())
    rows = rows[(y[rows] >= box.south - beyond) & (y[rows] <= box.north + beyond)]
    inside = (x >= west - beyond) & (x <= east + beyond)
    columns, x = first[inside], x[inside]
    if rows.size < 2 or columns.size < 2:
        raise DataError(
            f"{path}: {rows.size} rows and {columns.size} columns lie in the box ({west:g} to "
            f"{east:g}°E, {box.south:g} to {box.north:g}°N); expected a box over the images."
        )
    if step is None:
        return _Source(rows, columns, y[rows], x, None)
    native = float(np.median(np.diff(x)))
    if step < native:
        raise ConfigError(
            f"cells of {step:g}° are finer than the file's {native:.3g}°; expected coarser ones."
        )
    low, high = max(box.south, y[rows[0]] - native / 2), min(box.north, y[rows[-1]] + native / 2)
    west, east = max(west, x[0] - native / 2), min(east, x[-1] + native / 2)
    slack = 0.5 * native / step
    target = _cells(low, high, step, slack), _cells(west, east, step, slack)
    if min(len(target[0]), len(target[1])) < 2:
        raise ConfigError(f"cells of {step:g}° are larger than half the box; expected finer ones.")
    return _Source(rows, columns, *target, conservative_average((y[rows], x), target))


def _cells(low: float, high: float, step: float, slack: float) -> npt.NDArray:
    """Middles of the cells between two edges, short of the slack; cells begin at multiples."""
    first, last = np.ceil(low / step - slack), np.floor(high / step + slack)
    return (np.arange(first, last) + 0.5) * step


def _blocks(
    files: list[tuple[str, str, Layout, npt.NDArray[np.datetime64]]],
    source: _Source,
    notes: list[str],
) -> Iterator[xr.Dataset]:
    """Some images at a time in the normalised form; the last act is a note."""
    empty, count = 0, 0
    coords = {
        "latitude": ("latitude", source.latitude, {"units": "degrees_north"}),
        "longitude": ("longitude", source.longitude, {"units": "degrees_east"}),
    }
    for local, name, layout, times in files:
        with open_raw(local, name) as dataset:
            for start in range(0, len(times), STEPS):
                chosen = slice(start, start + STEPS)
                values = _kelvin(_read(dataset, layout, chosen, source), dataset, layout, name)
                if source.average is not None:
                    values = source.average(values)
                empty += int((~np.isfinite(values).any(axis=(1, 2))).sum())
                count += len(values)
                image = (
                    ("time", "latitude", "longitude"),
                    values.astype(np.float32),
                    BRIGHTNESS_TEMPERATURE.attrs,
                )
                time = ("time", times[chosen], {"standard_name": "time"})
                yield xr.Dataset({BRIGHTNESS_TEMPERATURE.name: image}, {"time": time, **coords})
    if empty:
        several = f"all {count} images are" if empty == count else f"{empty} of {count} images are"
        notes.append(f"{several} missing throughout the box.")


def _read(dataset: xr.Dataset, layout: Layout, steps: slice, source: _Source) -> npt.NDArray:
    """Pixels (time, row, column) of the box, read in whole runs of columns."""
    time, y, x = layout.dims
    data = dataset[layout.variable]
    data = data.isel({time: steps}) if time else data.expand_dims("time")
    data = data.squeeze(list(layout.extra), drop=True)
    rows = source.rows
    data = data.isel({y: slice(int(rows.min()), int(rows.max()) + 1)})
    breaks = np.flatnonzero(np.diff(source.columns) != 1) + 1
    runs = [
        data.isel({x: slice(int(run[0]), int(run[-1]) + 1)}).transpose(time or "time", y, x).values
        for run in np.split(source.columns, breaks)
    ]
    return np.concatenate(runs, axis=2)[:, rows - rows.min()]


def _kelvin(
    values: npt.NDArray, dataset: xr.Dataset, layout: Layout, name: str
) -> npt.NDArray[np.float64]:
    """Temperatures in K, NaN where a value is none; refuse what is no such thing."""
    values = values.astype(np.float64)
    valid = (values >= LOWEST) & (values <= HIGHEST)
    known = np.isfinite(values)
    if known.any() and valid.sum() < 0.5 * known.sum():
        units = dataset[layout.variable].attrs.get("units", "not given")
        raise DataError(
            f"{name}: variable {layout.variable!r} (units {units}) has a median of "
            f"{np.median(values[known]):.4g}; expected brightness temperatures in kelvin, "
            f"{LOWEST:g} to {HIGHEST:g}."
        )
    return np.where(valid, values, np.nan)
