"""Your images and best tracks, by the same door as the simulated ones."""

import numpy as np
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.data import DataRecord
from shiome.data.sources import open_gridsat, open_ibtracs, user_record
from shiome.data.sources.files import expand, fetch, open_raw
from shiome.grids.latlon import to_standard_layout
from shiome.showcases.typhoon.archive import Archive, cloudiness
from shiome.showcases.typhoon.config import Config
from shiome.simulation.shallow_water.moist import METRES_PER_DEGREE

LONGWAVE_UNITS = ("W m-2", "W/m2", "W m**-2", "W/m^2")
NAMES = {"lat": "latitude", "lon": "longitude"}
CELL = 25_000.0  # m, of the simulated world
# Shares of the images that are for training, and for training and validation.
TRAIN, UNTIL_TEST = 0.6, 0.75


def observed(config: Config) -> Archive:
    """Images and tracks of the user, divided by contiguous time.

    Raises
    ------
    ConfigError
        If only one of images and tracks is given, or a date cannot be read.
    DataError
        If a file cannot be used.
    """
    if config.images is None or config.tracks is None:
        raise ConfigError("--images and --tracks belong together; expected both or none.")
    images, notes, record = open_clouds(config.images, pixel(config.scale.coarsen))
    tracks = open_ibtracs(config.tracks)
    times = images["time"].values
    wanted = ((config.validation, TRAIN), (config.test, UNTIL_TEST))
    first, last = (
        _date(text) if text else times[int(share * (len(times) - 1))] for text, share in wanted
    )
    notes = (*notes, *tracks.attrs.get("notes", ()))
    return Archive(images, tracks, (first, last), record, notes)


def pixel(coarsen: int) -> float:
    """Degrees along a pixel."""
    return coarsen * CELL / METRES_PER_DEGREE


def open_clouds(path: str, step: float) -> tuple[xr.DataArray, tuple[str, ...], DataRecord]:
    """Cloudiness in pixels of ``step`` degrees, what was worked around, and what it is.

    Parameters
    ----------
    path
        GridSat-like brightness temperature in K, or outgoing longwave radiation in W m-2; a file,
        glob or address.
    step
        Degrees.

    Raises
    ------
    DataError
        If a file cannot be read or understood.
    """
    name = expand(path)[0]
    with fetch(name) as local, open_raw(local, name) as dataset:
        longwave = [str(k) for k, v in dataset.items() if v.attrs.get("units") in LONGWAVE_UNITS]
        if longwave:
            return _longwave(dataset, longwave[0], step, name)
    opened = open_gridsat(path, step=step)
    return cloudiness(opened.images), opened.notes, opened.record


def _longwave(
    dataset: xr.Dataset, variable: str, step: float, name: str
) -> tuple[xr.DataArray, tuple[str, ...], DataRecord]:
    """Outgoing longwave radiation on an even grid, averaged over whole pixels."""
    field = xr.decode_cf(dataset[[variable]])[variable]
    field = field.rename({old: new for old, new in NAMES.items() if old in field.dims})
    field = field if "time" in field.dims else field.expand_dims("time")
    wanted = ("time", "latitude", "longitude")
    if set(field.dims) != set(wanted):
        raise DataError(f"{name}: {variable!r} has dimensions {field.dims}; expected {wanted}.")
    if not np.issubdtype(field["time"].dtype, np.datetime64):
        raise DataError(f"{name}: the images of {variable!r} have no time; expected dates.")
    field = field.transpose(*wanted).astype(np.float32)
    field = to_standard_layout(field.to_dataset(name=variable))[variable]
    spacing = float(np.abs(np.diff(field["latitude"])).mean())
    side = max(1, round(step / spacing))
    if min(field.shape[1:]) < 2 * side:
        raise DataError(
            f"{name}: images of {field.shape[1]}×{field.shape[2]} pixels of {spacing:.3g}°; "
            f"expected several pixels of {step:.3g}°."
        )
    coarse = field.coarsen(latitude=side, longitude=side, boundary="trim").mean()
    kept = {k: dataset.attrs[k] for k in ("longitude_period", "geometry") if k in dataset.attrs}
    image = coarse.assign_attrs(kept, units="W m-2").rename(variable)
    record = user_record(name, dict(dataset.attrs), dict(field.attrs), ())
    return cloudiness(image), (), record


def _date(text: str) -> np.datetime64:
    """A date of an option."""
    try:
        return np.datetime64(text, "ns")
    except ValueError:
        raise ConfigError(f"date {text!r} cannot be read; expected YYYY-MM-DD.") from None
