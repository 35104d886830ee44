"""Open data sets in the layouts people really have; one normalised form comes out."""

from shiome.data.sources.opened import OpenedField
from shiome.data.sources.sst import open_sst

__all__ = ["OpenedField", "open_sst"]
