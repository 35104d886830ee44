"""How right was it: scores, their intervals, and the scorecard of a hindcast."""

from shiome.verification.categorical import detection_scores, recall_by_days
from shiome.verification.deterministic import acc, bias, mae, rmse
from shiome.verification.intervals import bootstrap
from shiome.verification.metrics import METRICS, Metric
from shiome.verification.objects import Matches, detections, match
from shiome.verification.probabilistic import (
    brier,
    category_probabilities,
    crps,
    observed_category,
    rps,
    rpss,
)
from shiome.verification.ranking import (
    average_precision,
    choose_threshold,
    contingency,
    precision_at_recall,
    precision_recall,
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
    "Matches",
    "Metric",
    "acc",
    "average_precision",
    "bias",
    "bootstrap",
    "brier",
    "category_probabilities",
    "choose_threshold",
    "contingency",
    "crps",
    "detection_scores",
    "detections",
    "flatness_test",
    "mae",
    "match",
    "observed_category",
    "precision_at_recall",
    "precision_recall",
    "rank_histogram",
    "recall_by_days",
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
