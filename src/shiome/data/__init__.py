"""What was observed, simulated or drawn: samples that ship, and the user's own data."""

from shiome.data.catalog import (
    DataRecord,
    coastlines,
    describe,
    land_polygons,
    list_samples,
    open_sample,
)
from shiome.data.sources import (
    OpenedField,
    OpenedSeries,
    open_indices,
    open_series,
    open_sst,
    user_record,
)

__all__ = [
    "DataRecord",
    "OpenedField",
    "OpenedSeries",
    "coastlines",
    "describe",
    "land_polygons",
    "list_samples",
    "open_indices",
    "open_sample",
    "open_series",
    "open_sst",
    "user_record",
]
