"""The samples that ship with the package: list, describe, open.

Each sample is a netCDF file in ``data/files`` with a provenance record (JSON) of the same name;
what is there is what is listed. ``scripts/build_samples.py`` makes both.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError

FILES = Path(__file__).parent / "files"
KINDS = ("observation", "reanalysis", "simulation", "synthetic")


@dataclass(frozen=True)
class DataRecord:
    """What a data set is and where it came from; a report lists one per data set used.

    Parameters
    ----------
    id, title
        Short name, and one line for people.
    kind
        One of ``observation``, ``reanalysis``, ``simulation``, ``synthetic``.
    license, citation
        As the source states them.
    description
        What it holds, and what to beware of.
    origin
        Package, version and paths, or the address of the user's file.
    transformations
        Every step between the origin and the values, in order.
    sha256
        Checksum of the file; empty for a user's own data.
    """

    id: str
    title: str
    kind: str
    license: str
    citation: str
    description: str = ""
    origin: str = ""
    transformations: tuple[str, ...] = ()
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(
                f"data set {self.id!r} has kind {self.kind!r}; expected one of: {', '.join(KINDS)}."
            )


def list_samples() -> list[DataRecord]:
    """Return the records of all shipped samples, by id."""
    return [_record(path) for path in sorted(FILES.glob("*.json"))]


def describe(id: str) -> DataRecord:
    """Return the record of one shipped sample.

    Raises
    ------
    DataError
        If there is no sample of that name.
    """
    path = FILES / f"{id}.json"
    if path not in FILES.glob("*.json"):
        names = ", ".join(record.id for record in list_samples())
        raise DataError(f"there is no sample named {id!r}; expected one of: {names}.")
    return _record(path)


def open_sample(id: str) -> xr.Dataset:
    """Read one shipped sample into memory, unpacked, with its CF attributes; the file is closed.

    Raises
    ------
    DataError
        If there is no sample of that name, or its file is not the one its record describes.
    """
    record = describe(id)
    path = FILES / f"{id}.nc"
    if _checksum(path) != record.sha256:
        raise DataError(
            f"{path}: the file differs from the checksum in its record {path.stem}.json; "
            "reinstall the package, or rebuild the samples with scripts/build_samples.py."
        )
    with xr.open_dataset(path, engine="netcdf4") as opened:
        return opened.load()


def coastlines() -> list[npt.NDArray[np.float64]]:
    """Coastlines as lines to draw, each (n, 2): longitude in [−180, 180] and latitude, degrees."""
    data = open_sample("coastlines-110m")
    return _pieces(data, "line")


def land_polygons() -> list[list[npt.NDArray[np.float64]]]:
    """Land as polygons to fill: for each, its outer ring and then its holes, each (n, 2).

    Longitudes in [−180, 180] and latitudes, degrees; no ring crosses ±180°.
    """
    data = open_sample("coastlines-110m")
    polygons: dict[int, list[npt.NDArray[np.float64]]] = {}
    for number, ring in zip(data["ring_polygon"].values, _pieces(data, "ring"), strict=True):
        polygons.setdefault(int(number), []).append(ring)
    return list(polygons.values())


def _pieces(data: xr.Dataset, name: str) -> list[npt.NDArray[np.float64]]:
    """Undo the ragged storage of lines of different lengths."""
    points = np.column_stack([data[f"{name}_longitude"].values, data[f"{name}_latitude"].values])
    return np.split(points, np.cumsum(data[f"{name}_size"].values)[:-1])


@cache
def _record(path: Path) -> DataRecord:
    """Read one provenance record."""
    fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    where = fields["origin"]
    return DataRecord(
        id=fields["id"],
        title=fields["title"],
        kind=fields["kind"],
        license=fields["license"],
        citation=fields["citation"],
        description=fields["description"],
        origin=f"{where['where']} {where['package']} {where['version']}: "
        + ", ".join(where["paths"]),
        transformations=tuple(fields["transformations"]),
        sha256=fields["sha256"],
    )


@cache
def _checksum(path: Path) -> str:
    """SHA-256 of a file, computed once per process."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
