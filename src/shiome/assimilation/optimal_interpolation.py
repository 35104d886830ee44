"""Optimal interpolation: the climatology corrected by today's observations."""

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.background import direct, nearest, symmetric_root
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate
from shiome.assimilation.single_state import SingleState


class OptimalInterpolation(SingleState):
    """Kalman update of the climatological mean; yesterday is forgotten.

    The forecast serves only where nothing is observed.

    Attributes
    ----------
    mean, root
        Climatological mean, and symmetric square root of the climatological covariance.

    References
    ----------
    Gandin (1963): Objective analysis of meteorological fields.
    """

    mean: Float[Array, " n"]
    root: Float[Array, "n n"]

    def __init__(self, mean: Float[Array, " n"], covariance: Float[Array, "n n"]):
        self.mean, self.root = mean, symmetric_root(covariance)

    def analyse(
        self,
        state: Float[Array, " n"],
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Float[Array, " n"]:
        """Correct the climatological mean."""
        return nearest(self.mean, self.root, y, problem, iterations=1, solver=direct)

    def estimate(self, state: Float[Array, " n"]) -> Estimate:
        """State and climatological spread."""
        return Estimate(state, jnp.linalg.norm(self.root, axis=1))
