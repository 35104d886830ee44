"""An analysis that was learned rather than derived."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate
from shiome.assimilation.single_state import SingleState


class LearnedAnalysis(SingleState):
    """One state, carried by the model and corrected by a network.

    Attributes
    ----------
    increment
        ``increment(forecast, innovation)``: what to add to the forecast of shape (n,), given the
        innovation in units of the observation error, zero where missing.
    spread
        Typical error of its estimate, known from training; the same everywhere.

    References
    ----------
    Bocquet et al. (2024): Chaos 34, 091104.
    """

    increment: Callable[[Float[Array, " n"], Float[Array, " p"]], Float[Array, " n"]]
    spread: float = eqx.field(static=True, default=0.2)

    def analyse(
        self,
        state: Float[Array, " n"],
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Float[Array, " n"]:
        """Correct the forecast."""
        present = jnp.isfinite(y)
        innovation = jnp.where(present, y, 0) - problem.operator(state)
        return state + self.increment(state, problem.error.whiten(innovation, present))

    def estimate(self, state: Float[Array, " n"]) -> Estimate:
        """State and typical error."""
        return Estimate(state, jnp.full_like(state, self.spread))
