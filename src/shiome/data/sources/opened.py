"""What the openers of this room return."""

from dataclasses import dataclass
from typing import Any

import xarray as xr

from shiome.data.catalog import DataRecord

# Words by which files say what they are; what says nothing is taken for an observation.
KIND_MARKS = (
    ("synthetic", ("synthetic",)),
    ("simulation", ("cmip", "experiment_id", "historical run", "simulation")),
    ("reanalysis", ("reanalysis", "era5", "oras5", "ecmwf", "sosstsst", "godas", "soda")),
)


@dataclass(frozen=True)
class OpenedField:
    """A normalised monthly field and what had to be done to it.

    Parameters
    ----------
    field
        Dimensions (time, latitude, longitude), float32, NaN on land and where missing; months
        contiguous, stamped at their start; latitude ascending, longitude ascending in [0, 360).
        Named ``sst`` (degC) or ``sst_anomaly`` (K).
    notes
        Sentences for the report: what was worked around.
    record
        What the data set is.
    """

    field: xr.DataArray
    notes: tuple[str, ...]
    record: DataRecord


@dataclass(frozen=True)
class OpenedSeries:
    """Monthly series by name and what had to be done to them.

    Parameters
    ----------
    series
        Variables over the one dimension time (contiguous month starts), float64, NaN if missing.
    notes
        Sentences for the report: what was worked around.
    record
        What the data set is.
    """

    series: xr.Dataset
    notes: tuple[str, ...]
    record: DataRecord


def user_record(
    path: str, attrs: dict[str, Any], variable_attrs: dict[str, Any], notes: tuple[str, ...]
) -> DataRecord:
    """Describe a user's own data from what its attributes say.

    Parameters
    ----------
    path
        As the user gave it.
    attrs, variable_attrs
        Global attributes and those of the variable.
    notes
        What was done on the way in.
    """
    said = " ".join(str(value) for value in (path, *attrs.values(), *variable_attrs.values()))
    words = said.lower()
    kind = next(
        (kind for kind, marks in KIND_MARKS if any(m in words for m in marks)), "observation"
    )
    name = path.rstrip("/").split("/")[-1]

    def first(*keys: str) -> str:
        found = (" ".join(str(attrs[key]).split()) for key in keys if attrs.get(key))
        return next(found, "not stated in the file")

    return DataRecord(
        id=name.split(".")[0] or name,
        title=str(attrs.get("title", name)),
        kind=kind,
        license=first("license", "licence"),
        citation=first("citation", "references", "reference", "source", "institution"),
        origin=path,
        transformations=notes,
    )
