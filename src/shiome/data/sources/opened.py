"""What the openers of this room return."""

from dataclasses import dataclass

import xarray as xr

from shiome.data.catalog import DataRecord


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
