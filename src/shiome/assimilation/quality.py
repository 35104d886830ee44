"""Quality control: observations that the forecast cannot explain are turned away."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate


class InnovationCheck(eqx.Module):
    """Rejects an observation too many standard deviations away from the forecast.

    Attributes
    ----------
    limit
        Largest accepted innovation, in standard deviations.
    background_variance
        Error variance of the forecast in observation space. It is prescribed, not the ensemble's:
        a filter that has become too sure of itself must not reject what could put it right.
    """

    limit: float | Float[Array, ""]
    background_variance: float | Float[Array, "*p"]

    def __call__(
        self, y: Float[Array, " p"], prior: Estimate, problem: Problem
    ) -> Float[Array, " p"]:
        """Replace what is rejected by NaN."""
        expected = jnp.sqrt(self.background_variance + problem.error.variance(y.size))
        innovation = jnp.abs(y - problem.operator(prior.mean))
        return jnp.where(innovation <= self.limit * expected, y, jnp.nan)
