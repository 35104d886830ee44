"""How right was it: scores, their intervals, and the scorecard of a hindcast."""

from shiome.verification.deterministic import acc, bias, mae, rmse
from shiome.verification.intervals import bootstrap
from shiome.verification.metrics import METRICS, Metric
from shiome.verification.probabilistic import (
    brier,
    category_probabilities,
    crps,
    observed_category,
    rps,
    rpss,
)
from shiome.verification.reliability import (
    flatness_test,
    rank_histogram,
    reliability_diagram,
    spread_error,
)
from shiome.verification.scorecard import scorecard, season_by_lead
from shiome.verification.streaming import verify_blocks, verify_hindcast

__all__ = [
    "METRICS",
    "Metric",
    "acc",
    "bias",
    "bootstrap",
    "brier",
    "category_probabilities",
    "crps",
    "flatness_test",
    "mae",
    "observed_category",
    "rank_histogram",
    "reliability_diagram",
    "rmse",
    "rps",
    "rpss",
    "scorecard",
    "season_by_lead",
    "spread_error",
    "verify_blocks",
    "verify_hindcast",
]
