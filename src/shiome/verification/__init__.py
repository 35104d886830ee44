"""How right was it: scores, their intervals, and the scorecard of a hindcast."""

from shiome.verification.deterministic import acc, bias, mae, rmse
from shiome.verification.intervals import bootstrap
from shiome.verification.metrics import METRICS, Metric
from shiome.verification.scorecard import scorecard, season_by_lead

__all__ = [
    "METRICS",
    "Metric",
    "acc",
    "bias",
    "bootstrap",
    "mae",
    "rmse",
    "scorecard",
    "season_by_lead",
]
