"""Why: what a forecast or a model responds to."""

from shiome.explain.covariability import covariability

__all__ = ["covariability"]
