"""The extended Kalman filter: the covariance carried by the tangent-linear model."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate, Scheme


class Moments(NamedTuple):
    """Mean and covariance."""

    mean: Float[Array, " n"]
    covariance: Float[Array, "n n"]


Tangent = Callable[
    [Problem, Float[Array, " n"], Float[Array, " n"], Float[Array, ""], PRNGKeyArray],
    Float[Array, "n n"],
]
"""``tangent(problem, before, after, time, key)``: derivative of one cycle's forecast."""


def exact_tangent(
    problem: Problem,
    before: Float[Array, " n"],
    after: Float[Array, " n"],
    time: Float[Array, ""],
    key: PRNGKeyArray,
) -> Float[Array, "n n"]:
    """Derivative of the model as it is stepped, at the state it starts from."""
    return jax.jacfwd(lambda x: problem.propagate(x, time, key))(before)


class ExtendedKalman(Scheme):
    """Kalman filter linearised about its own mean; the Kalman filter itself where all is linear.

    Attributes
    ----------
    inflation
        Factor on the covariance per unit of time.
    tangent
        Tangent-linear model of one cycle.

    References
    ----------
    Jazwinski (1970): Stochastic processes and filtering theory, section 8.3.
    """

    inflation: float | Float[Array, ""] = 1.0
    tangent: Tangent = eqx.field(static=True, default=exact_tangent)

    def init(self, problem: Problem, key: PRNGKeyArray) -> Moments:
        """Start from the initial distribution."""
        mean = problem.initial.mean
        return Moments(mean, problem.initial.variance * jnp.eye(mean.size, dtype=mean.dtype))

    def forecast(
        self, state: Moments, problem: Problem, time: Float[Array, ""], key: PRNGKeyArray
    ) -> Moments:
        """Carry mean and covariance over one cycle."""
        mean = problem.propagate(state.mean, time, key)
        slope = self.tangent(problem, state.mean, mean, time, key)
        factor = jnp.asarray(self.inflation, mean.dtype) ** problem.interval
        return Moments(mean, factor * slope @ state.covariance @ slope.T)

    def analyse(
        self,
        state: Moments,
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Moments:
        """Kalman update in units of the observation error."""
        present = jnp.isfinite(y)
        seen = problem.operator(state.mean)
        slope = jax.jacfwd(problem.operator)(state.mean)
        slope = problem.error.whiten(slope.T, present).T
        innovation = problem.error.whiten(jnp.where(present, y, 0) - seen, present)
        cross = slope @ state.covariance
        unit = jnp.eye(y.size, dtype=seen.dtype)
        gain = jax.scipy.linalg.solve(cross @ slope.T + unit, cross, assume_a="pos").T
        # Joseph's form stays symmetric and positive in single precision.
        keep = jnp.eye(state.mean.size, dtype=seen.dtype) - gain @ slope
        covariance = keep @ state.covariance @ keep.T + gain @ gain.T
        covariance = 0.5 * (covariance + covariance.T)
        return Moments(state.mean + gain @ innovation, covariance)

    def estimate(self, state: Moments) -> Estimate:
        """Mean and standard deviations."""
        return Estimate(state.mean, jnp.sqrt(jnp.diagonal(state.covariance)))
