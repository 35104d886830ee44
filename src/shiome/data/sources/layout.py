"""Find the variable and its axes in a file, whatever they are called."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError

NAMES = {
    "time": {"time", "time_counter", "valid_time", "t", "date", "months", "month"},
    "latitude": {"latitude", "lat", "nav_lat", "ylat", "lats", "tlat", "yt_ocean"},
    "longitude": {"longitude", "lon", "nav_lon", "xlon", "lons", "tlong", "tlon", "xt_ocean"},
}
UNITS = {
    "time": re.compile(r"since|%Y%m", re.IGNORECASE),
    "latitude": re.compile(r"degrees?_?_?n(orth)?$", re.IGNORECASE),
    "longitude": re.compile(r"degrees?_?_?e(ast)?$", re.IGNORECASE),
}
AXIS = {"time": "T", "latitude": "Y", "longitude": "X"}


@dataclass(frozen=True)
class Layout:
    """Where the values of one variable lie.

    Parameters
    ----------
    variable
        Name of the variable.
    time, time_bounds
        Undecoded time axis, and its bounds where the file has them.
    latitude, longitude
        Degrees; both one-dimensional as they lie in the file, or both two-dimensional (y, x).
    dims
        Names of the (time, y, x) dimensions in the file; time is empty for a single field.
    extra
        Other dimensions: of size one, or versions of the same data (``expver``).
    """

    variable: str
    time: xr.DataArray
    time_bounds: xr.DataArray | None
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    dims: tuple[str, str, str]
    extra: tuple[str, ...]

    @property
    def curvilinear(self) -> bool:
        """Whether latitude and longitude are two-dimensional."""
        return self.latitude.ndim == 2


def find_layout(dataset: xr.Dataset, variable: str, where: str) -> Layout:
    """Axes of one variable.

    Parameters
    ----------
    dataset
        Opened without decoding times.
    variable
        Name of a variable in it.
    where
        File, for messages.

    Raises
    ------
    DataError
        If an axis is missing, out of its range, repeated or out of order.
    """
    data = dataset[variable]
    time = _coordinate(dataset, data, "time", f"{where}: variable {variable!r}")
    y, x, dims = find_horizontal(dataset, variable, where)
    where = f"{where}: variable {variable!r}"
    time_dim = str(time.dims[0]) if time.ndim else ""
    extra = tuple(str(d) for d in data.dims if d not in (time_dim, *dims))
    for name in extra:
        if data.sizes[name] > 1 and name != "expver":
            raise DataError(
                f"{where}: dimension {name!r} has {data.sizes[name]} values; "
                "expected a field of time, latitude and longitude at one level."
            )
    bounds = dataset.get(str(time.attrs.get("bounds", "")))
    if bounds is not None and (bounds.ndim != time.ndim + 1 or bounds.shape[-1] != 2):
        bounds = None
    return Layout(variable, time, bounds, y, x, (time_dim, *dims), extra)


def find_horizontal(
    dataset: xr.Dataset, variable: str, where: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], tuple[str, str]]:
    """Latitude and longitude of one variable as in :class:`Layout`, and its (y, x) dimensions.

    Raises
    ------
    DataError
        As :func:`find_layout`.
    """
    data = dataset[variable]
    where = f"{where}: variable {variable!r}"
    latitude, longitude = (
        _coordinate(dataset, data, kind, where) for kind in ("latitude", "longitude")
    )
    y, x = _degrees(latitude, where), _degrees(longitude, where)
    if y.ndim != x.ndim:
        raise DataError(f"{where}: latitude and longitude differ in shape: {y.shape}, {x.shape}.")
    if y.ndim == 2:
        dims = (str(latitude.dims[0]), str(latitude.dims[1]))
        x = longitude.transpose(*latitude.dims).values.astype(np.float64)
        if np.ptp(y, axis=1).max() < 1e-6 and np.ptp(x, axis=0).max() < 1e-6:
            y, x = y[:, 0], x[0]
    else:
        dims = (str(latitude.dims[0]), str(longitude.dims[0]))
    _check_degrees(y, x, str(latitude.name), str(longitude.name), where)
    return y, x, dims


def time_of(dataset: xr.Dataset, data: xr.DataArray, where: str) -> xr.DataArray:
    """Time axis of a series.

    Raises
    ------
    DataError
        If it has none.
    """
    return _coordinate(dataset, data, "time", where)


def fields_of(dataset: xr.Dataset) -> list[str]:
    """Names of the variables that lie on latitude and longitude, whether or not on time."""
    bounds = {str(v.attrs.get("bounds", "")) for v in dataset.variables.values()}
    names = []
    for name, data in dataset.data_vars.items():
        axes = [_matches(dataset, data, kind) for kind in ("latitude", "longitude")]
        if all(axes) and name not in bounds and name not in {m.name for a in axes for m in a}:
            names.append(str(name))
    return names


def _matches(dataset: xr.Dataset, data: xr.DataArray, kind: str) -> list[xr.DataArray]:
    """Variables that could be one axis of ``data``, the best first."""
    found = []
    for name, variable in dataset.variables.items():
        low = str(name).lower()
        if not set(variable.dims) <= set(data.dims) or variable.ndim > 2 or name == data.name:
            continue
        if low.endswith(("_bnds", "_bounds")) or (kind == "time" and variable.ndim > 1):
            continue
        attrs = variable.attrs
        marks = (
            bool(UNITS[kind].search(str(attrs.get("units", "")).strip())),
            attrs.get("standard_name") == kind or attrs.get("axis") == AXIS[kind],
            low in NAMES[kind],
        )
        if any(marks):
            # An axis of its own comes before a coordinate that only lies along one.
            found.append(((name not in data.dims, not marks[0], not marks[2]), str(name)))
    return [dataset[name] for _, name in sorted(found)]


def _coordinate(dataset: xr.Dataset, data: xr.DataArray, kind: str, where: str) -> xr.DataArray:
    """Return the coordinate of one kind, or say what is missing."""
    matches = _matches(dataset, data, kind)
    if not matches:
        dims = ", ".join(f"{name} ({size})" for name, size in data.sizes.items())
        example = {
            "time": "a coordinate with units such as 'days since 1979-01-01'",
            "latitude": "a coordinate named latitude or lat, or with units degrees_north",
            "longitude": "a coordinate named longitude or lon, or with units degrees_east",
        }[kind]
        raise DataError(
            f"{where} has no {kind} axis; its dimensions are {dims}; expected {example}."
        )
    best = matches[0]
    for other in set(NAMES) - {kind}:
        if str(best.name).lower() in NAMES[other]:
            raise DataError(
                f"{where}: {best.name!r} has units {best.attrs.get('units')!r}, which are those "
                f"of {kind}; expected names and units that agree: are the axes swapped?"
            )
    return best


def _degrees(coordinate: xr.DataArray, where: str) -> npt.NDArray[np.float64]:
    """Values of a latitude or longitude as numbers."""
    try:
        values = np.asarray(coordinate.values, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{where}: {coordinate.name!r} is not numeric; expected degrees."
        ) from error
    if values.ndim == 0 or min(values.shape) < 2:
        raise DataError(f"{where}: {coordinate.name!r} has one value; expected at least two.")
    return values


def _check_degrees(y: npt.NDArray, x: npt.NDArray, lat: str, lon: str, where: str) -> None:
    """Refuse axes that no regular or curvilinear grid has."""
    if y.ndim == 1 and not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise DataError(f"{where}: {lat!r} or {lon!r} has missing values; expected degrees.")
    if np.nanmax(np.abs(y)) > 90.01:
        raise DataError(
            f"{where}: latitude {lat!r} runs from {np.nanmin(y):g} to {np.nanmax(y):g}; "
            "expected −90 to 90: are the axes swapped?"
        )
    if np.nanmin(x) < -360.01 or np.nanmax(x) > 720.01:
        raise DataError(
            f"{where}: longitude {lon!r} runs from {np.nanmin(x):g} to {np.nanmax(x):g}; "
            "expected degrees, −180 to 180 or 0 to 360."
        )
    if y.ndim == 2:
        return
    steps = np.diff(y)
    if not ((steps > 0).all() or (steps < 0).all()):
        raise DataError(
            f"{where}: latitude {lat!r} is not monotonic at index "
            f"{_first_turn(steps)}; expected steadily rising or falling values."
        )
    turned = np.diff(np.unwrap(x, period=360.0))
    # A region across Greenwich whose columns were sorted rises too, with one wide gap.
    once = [s for s in (np.diff(x), turned) if (s > 0).all() or (s < 0).all()]
    if not any(abs(steps.sum()) <= 360.5 for steps in once):
        raise DataError(
            f"{where}: longitude {lon!r} is not monotonic at index {_first_turn(turned)}; "
            "expected values that go once around the Earth at most."
        )


def _first_turn(steps: npt.NDArray) -> int:
    """Index of the first value that breaks the direction of the first step."""
    return int(np.argmax(np.sign(steps) != np.sign(steps[0]))) + 1
