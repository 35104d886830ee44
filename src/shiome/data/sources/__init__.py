"""Open data sets in the layouts people really have; one normalised form comes out."""

from shiome.data.sources.gridsat import Box, OpenedImages, open_gridsat
from shiome.data.sources.ibtracs import open_ibtracs
from shiome.data.sources.indices import open_indices
from shiome.data.sources.opened import OpenedField, OpenedSeries, user_record
from shiome.data.sources.series import open_series
from shiome.data.sources.sst import open_sst

__all__ = [
    "Box",
    "OpenedField",
    "OpenedImages",
    "OpenedSeries",
    "open_gridsat",
    "open_ibtracs",
    "open_indices",
    "open_series",
    "open_sst",
    "user_record",
]
