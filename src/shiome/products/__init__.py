"""What people read: figures, maps, the page and the folder of a run."""

from shiome.products.frame import GLOBE, INDIAN_OCEAN, Frame, Window
from shiome.products.maps import AnomalyMap, TercileMap
from shiome.products.pages import render, write_report_page
from shiome.products.plumes import category_bars, distribution, plume
from shiome.products.report import Report, prepare_output
from shiome.products.scorecards import (
    by_lead,
    month_by_lead,
    rank_histogram,
    reliability,
    spread_error,
)

__all__ = [
    "GLOBE",
    "INDIAN_OCEAN",
    "AnomalyMap",
    "Frame",
    "Report",
    "TercileMap",
    "Window",
    "by_lead",
    "category_bars",
    "distribution",
    "month_by_lead",
    "plume",
    "prepare_output",
    "rank_histogram",
    "reliability",
    "render",
    "spread_error",
    "write_report_page",
]
