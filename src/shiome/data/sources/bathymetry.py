"""Grids of sea depth and land height: GEBCO, ETOPO and the like, whole or block by block."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.core.variables import ELEVATION
from shiome.data.catalog import DataRecord, open_sample
from shiome.data.sources.files import expand, fetch, open_raw
from shiome.data.sources.layout import fields_of, find_horizontal
from shiome.data.sources.opened import user_record

METRES = {"m": 1.0, "meter": 1.0, "metre": 1.0, "km": 1000.0, "ft": 0.3048, "foot": 0.3048,
          "feet": 0.3048, "fathom": 1.8288}  # fmt: skip
UP = {"elevation", "z", "altitude", "height", "topo", "topography", "relief", "rose"}
DOWN = {"depth", "water_depth", "sea_floor_depth"}
DEEPEST, HIGHEST = -12_000.0, 9_000.0  # metres; the Earth's own bounds, rounded outwards


@dataclass(frozen=True)
class ElevationFile:
    """An open grid of heights that is read block by block.

    Attributes
    ----------
    where, variable
        File and variable, for messages.
    latitude, longitude
        Cell centres in degrees, ascending and evenly spaced; a grid across 180° or 0° goes on
        beyond 180 or 360.
    periodic
        Whether the last column touches the first.
    notes
        What was worked around.
    attrs, variable_attrs
        Of the file, and of the variable as the file has them.
    to_metres
        Factor from the file's values to heights in m; negative where it holds depths.
    """

    where: str
    variable: str
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    periodic: bool
    notes: tuple[str, ...]
    attrs: dict[str, Any]
    variable_attrs: dict[str, Any]
    to_metres: float
    _values: xr.DataArray
    _rows: npt.NDArray[np.int64]
    _columns: npt.NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.latitude.size, self.longitude.size

    @property
    def step(self) -> tuple[float, float]:
        """Degrees of latitude and of longitude between neighbours."""
        return _step(self.latitude), _step(self.longitude)

    def read(self, rows: slice, columns: slice) -> npt.NDArray[np.float32]:
        """Heights of a block in m, positive up, NaN where missing; (rows, columns).

        Raises
        ------
        DataError
            If a value is infinite, or beyond what the Earth has.
        """
        lying = self._rows[rows]
        first, last = int(lying.min()), int(lying.max()) + 1
        parts = [
            self._values[first:last, start:stop].values
            for start, stop in _runs(self._columns[columns])
        ]
        values = np.concatenate(parts, axis=1)[lying - first].astype(np.float32)
        values *= np.float32(self.to_metres)
        bad = ~((values >= DEEPEST) & (values <= HIGHEST)) & ~np.isnan(values)
        if bad.any():
            row, column = np.argwhere(bad)[0]
            raise DataError(
                f"{self.where}: variable {self.variable!r} is {values[row, column]:g} m at "
                f"{self.latitude[rows][row]:.4g}°N, {self.longitude[columns][column]:.4g}°E; "
                f"expected {DEEPEST:g} to {HIGHEST:g} m: are units and missing values declared?"
            )
        return values


@dataclass(frozen=True)
class OpenedElevation:
    """A grid of heights in memory.

    Attributes
    ----------
    field
        ``elevation`` in m (latitude, longitude), float32, positive up, NaN where missing; both
        ascending and even, longitudes contiguous (beyond 360 where the grid crosses Greenwich).
    notes
        What was worked around.
    record
        What the data set is.
    """

    field: xr.DataArray
    notes: tuple[str, ...]
    record: DataRecord


def open_bathymetry(path: str) -> OpenedElevation:
    """Read a grid of sea depth and land height into memory.

    Parameters
    ----------
    path
        netCDF file or Zarr store: GEBCO, ETOPO 2022, ETOPO1, ETOPO5 or similar.

    Raises
    ------
    DataError
        If the file cannot be read or understood.
    """
    with elevation_file(path) as grid:
        values = grid.read(slice(None), slice(None))
        if np.isnan(values).all():
            raise DataError(f"{path}: variable {grid.variable!r} has no values; expected heights.")
        record = user_record(path, grid.attrs, grid.variable_attrs, grid.notes)
        return OpenedElevation(_field(values, grid.latitude, grid.longitude), grid.notes, record)


def open_basin(name: str) -> xr.DataArray:
    """One of the shipped ocean basins, as :class:`OpenedElevation` holds it.

    Parameters
    ----------
    name
        Of the sample, without ``seafloor-``: for example ``south-atlantic``.
    """
    field = open_sample(f"seafloor-{name}").elevation
    order, longitude = _contiguous(field.longitude.values)
    return _field(field.values[:, order].astype(np.float32), field.latitude.values, longitude)


@contextmanager
def elevation_file(path: str) -> Iterator[ElevationFile]:
    """Open a grid of heights for reading in blocks; closed on leaving.

    Raises
    ------
    DataError
        If the file cannot be read or understood: no such variable or coordinates, unknown units,
        an unknown direction, an uneven grid, a single cell.
    """
    names = expand(path)
    if len(names) > 1:
        raise DataError(f"{path}: {len(names)} files match; expected one grid in one file.")
    with fetch(names[0]) as local, open_raw(local, names[0]) as dataset:
        yield _understood(dataset, names[0])


def _understood(dataset: xr.Dataset, where: str) -> ElevationFile:
    variable = _choose(dataset, where)
    y, x, dims = find_horizontal(dataset, variable, where)
    said = f"{where}: variable {variable!r}"
    if y.ndim == 2:
        raise DataError(f"{said} lies on a curvilinear grid; expected latitudes and longitudes.")
    data = dataset[variable]
    if data.sizes.keys() - set(dims) and data.size != y.size * x.size:
        raise DataError(f"{said} has dimensions {data.dims}; expected latitude and longitude.")
    data = data.squeeze([d for d in data.dims if d not in dims], drop=True).transpose(*dims)
    rows = np.arange(y.size)[:: 1 if y[0] < y[-1] else -1]
    columns, longitude = _contiguous(x)
    notes = []
    if abs(longitude[-1] - longitude[0] - 360.0) < 0.1 * abs(_step(longitude)):
        columns, longitude = columns[:-1], longitude[:-1]
        notes.append("The repeated last longitude was left out.")
    latitude = y[rows]
    for name, values in ((dims[0], latitude), (dims[1], longitude)):
        _check_even(values, name, said)
    factor, units_note = _to_metres_up(data, said)
    step = _step(longitude)
    return ElevationFile(
        where=where,
        variable=variable,
        latitude=latitude,
        longitude=longitude,
        periodic=abs(longitude.size * step - 360.0) < 0.5 * step,
        notes=(*notes, *units_note),
        attrs=dict(dataset.attrs),
        variable_attrs=dict(data.attrs),
        to_metres=factor,
        _values=data,
        _rows=rows,
        _columns=columns,
    )


def _choose(dataset: xr.Dataset, where: str) -> str:
    """Name of the variable that holds heights or depths."""
    found = fields_of(dataset)
    named = [n for n in found if n.lower() in UP | DOWN or _direction(dataset[n]) is not None]
    chosen = named or found
    if not chosen:
        held = ", ".join(map(str, dataset.data_vars)) or "no variables"
        raise DataError(
            f"{where}: no variable lies on latitude and longitude (it holds {held}); expected a "
            "grid of heights with coordinates in degrees_north and degrees_east."
        )
    if len(chosen) > 1:
        raise DataError(
            f"{where}: variables {', '.join(chosen)} could all be heights; expected one of them "
            "alone in the file."
        )
    return chosen[0]


def _direction(data: xr.DataArray) -> float | None:
    """1 where values grow upwards, −1 where they are depths, None where nothing says."""
    positive = str(data.attrs.get("positive", "")).lower()
    words = f"{data.attrs.get('standard_name', '')} {data.attrs.get('long_name', '')}".lower()
    if positive in ("up", "down"):
        return 1.0 if positive == "up" else -1.0
    standard = str(data.attrs.get("standard_name", "")).lower()
    if "depth" in standard:
        return -1.0
    if "height" in standard or "altitude" in standard:
        return 1.0
    if (name := str(data.name).lower()) in UP | DOWN:
        return 1.0 if name in UP else -1.0
    return 1.0 if "elevation" in words or "relief" in words else None


def _to_metres_up(data: xr.DataArray, said: str) -> tuple[float, tuple[str, ...]]:
    """Factor from the file's values to metres above sea level, and what to say of it."""
    units = str(data.attrs.get("units", "")).strip()
    plain = units.lower().removesuffix(".")
    size = METRES.get(plain, METRES.get(plain.removesuffix("s"), METRES["m"] if not plain else 0))
    if not size:
        raise DataError(f"{said} has units {units!r}; expected m, km, feet or fathoms.")
    direction = _direction(data)
    if direction is None:
        raise DataError(
            f"{said} says neither that it grows upwards nor downwards; expected the attribute "
            "positive = 'up' or 'down', or a standard_name."
        )
    notes = [] if plain else ["The file states no units; metres are assumed."]
    notes += [f"Converted from {units} to metres."] if size != 1.0 else []
    notes += ["Depths, positive down, were turned into heights."] if direction < 0 else []
    return size * direction, tuple(notes)


def _contiguous(
    longitude: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Order of columns from west to east, beginning after the largest gap; and their longitudes."""
    steps = np.diff(np.unwrap(longitude.astype(np.float64), period=360.0))
    order = np.arange(longitude.size)[:: 1 if np.median(steps) > 0 else -1]
    x = longitude.astype(np.float64)[order]
    gap = np.diff(x) % 360.0
    if gap.max() > 1.5 * np.median(gap):
        start = int(np.argmax(gap)) + 1
        order, x = np.roll(order, -start), np.roll(x, -start)
    turns = np.concatenate([[0.0], np.cumsum(np.diff(x) < 0)])
    return order, x + 360.0 * turns


def _runs(columns: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Contiguous pieces of a list of column numbers; descending ones one by one."""
    breaks = np.flatnonzero(np.diff(columns) != 1) + 1
    return [(int(part[0]), int(part[-1]) + 1) for part in np.split(columns, breaks)]


def _step(values: npt.NDArray[np.floating]) -> float:
    return float(values[-1] - values[0]) / (values.size - 1)


def _check_even(values: npt.NDArray[np.float64], name: str, said: str) -> None:
    steps = np.diff(values)
    worst = int(np.argmax(np.abs(steps - np.median(steps))))
    if abs(steps[worst] - np.median(steps)) > 0.02 * np.median(steps):
        raise DataError(
            f"{said}: {name!r} steps by {steps[worst]:g}° at index {worst}, elsewhere by "
            f"{np.median(steps):g}°; expected even steps."
        )


def _field(
    values: npt.NDArray[np.float32],
    latitude: npt.NDArray[np.float64],
    longitude: npt.NDArray[np.float64],
) -> xr.DataArray:
    """Heights with CF attributes."""
    return xr.DataArray(
        values,
        coords={
            "latitude": ("latitude", latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", longitude, {"units": "degrees_east"}),
        },
        dims=("latitude", "longitude"),
        name=ELEVATION.name,
        attrs=ELEVATION.attrs,
    )
