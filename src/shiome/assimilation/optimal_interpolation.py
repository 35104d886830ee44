"""Optimal interpolation: the climatology corrected by today's observations."""

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.background import direct, gauss_newton, innovation_of, symmetric_root
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate, Scheme


class OptimalInterpolation(Scheme):
    """Kalman update of the climatological mean; yesterday is forgotten.

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

    def init(self, problem: Problem, key: PRNGKeyArray) -> Float[Array, " n"]:
        """Start from the climatological mean."""
        return self.mean

    def forecast(
        self,
        state: Float[Array, " n"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Float[Array, " n"]:
        """Carry the last analysis over one cycle: it serves where nothing is observed."""
        return problem.propagate(state, time, key)

    def analyse(
        self,
        state: Float[Array, " n"],
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Float[Array, " n"]:
        """Correct the climatological mean."""
        w, _ = gauss_newton(
            lambda w: problem.operator(self.mean + self.root @ w),
            innovation_of(y, problem),
            self.mean.size,
            self.mean.dtype,
            iterations=1,
            solver=direct,
        )
        return self.mean + self.root @ w

    def estimate(self, state: Float[Array, " n"]) -> Estimate:
        """State and climatological spread."""
        return Estimate(state, jnp.linalg.norm(self.root, axis=1))
