"""The file that ``shiome sharpen`` writes: axes, attributes, and a name only when it is whole."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import netCDF4
import numpy as np

from shiome import __version__
from shiome.core.errors import OutputError
from shiome.data.sources.bathymetry import ElevationFile
from shiome.grids.coarsen import split_centres

STORAGE = frozenset(
    {
        *("_FillValue", "missing_value", "scale_factor", "add_offset", "actual_range"),
        *("valid_range", "valid_min", "valid_max", "grid_mapping", "coordinates"),
    }
)
"""Attributes that tell how the input was stored, or of variables that the result lacks."""


@contextmanager
def created(
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


def checked(target: Path, source: str, overwrite: bool) -> Path:
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
def unfinished(target: Path) -> Iterator[Path]:
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
