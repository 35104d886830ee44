"""Where values live: latitude–longitude grids, boxes and regions, months."""

from shiome.grids.latlon import area_weights, to_standard_layout
from shiome.grids.months import month_label, month_number, month_range, month_start, parse_month
from shiome.grids.regions import (
    INDICES,
    REGIONS,
    Region,
    climate_index,
    region_mean,
    region_weights,
)
from shiome.grids.regrid import binned_average, conservative, conservative_average

__all__ = [
    "INDICES",
    "REGIONS",
    "Region",
    "area_weights",
    "binned_average",
    "climate_index",
    "conservative",
    "conservative_average",
    "month_label",
    "month_number",
    "month_range",
    "month_start",
    "parse_month",
    "region_mean",
    "region_weights",
    "to_standard_layout",
]
