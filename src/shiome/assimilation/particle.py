"""The bootstrap particle filter."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiome.assimilation.ensembles import check_members
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate, Scheme


class Particles(NamedTuple):
    """States of shape (members, n) and the logarithms of their weights, which sum to one."""

    states: Float[Array, "members n"]
    log_weights: Float[Array, " members"]


def systematic(weights: Float[Array, " members"], key: PRNGKeyArray) -> Int[Array, " members"]:
    """Draw particles by evenly spaced pointers (Kitagawa 1996): each within one of its share."""
    members = weights.size
    pointers = (jnp.arange(members) + jax.random.uniform(key, (), weights.dtype)) / members
    return jnp.minimum(jnp.searchsorted(jnp.cumsum(weights), pointers), members - 1)


class ParticleFilter(Scheme):
    """Weights by the likelihood, resampling where few particles carry them, and a little noise.

    Attributes
    ----------
    members
        Number of particles.
    threshold
        Resample when the effective number of particles falls below this part of all.
    jitter
        Bandwidth of the noise added after resampling, relative to Silverman's rule; 0 for none.

    References
    ----------
    Gordon, Salmond & Smith (1993): IEE Proc. F 140. van Leeuwen (2009): Mon. Weather Rev. 137.
    """

    members: int
    threshold: float | Float[Array, ""] = 0.5
    jitter: float | Float[Array, ""] = 1.0

    def init(self, problem: Problem, key: PRNGKeyArray) -> Particles:
        """Draw the particles from the initial distribution."""
        check_members(self.members)
        states = problem.initial.sample(key, self.members)
        return Particles(states, jnp.full(self.members, -jnp.log(self.members), states.dtype))

    def forecast(
        self, state: Particles, problem: Problem, time: Float[Array, ""], key: PRNGKeyArray
    ) -> Particles:
        """Carry every particle over one cycle."""
        return state._replace(states=problem.propagate_all(state.states, time, key))

    def analyse(
        self,
        state: Particles,
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Particles:
        """Weigh, and resample if need be."""
        present = jnp.isfinite(y)
        seen = problem.observe_all(state.states)
        misfit = problem.error.whiten(jnp.where(present, y, 0) - seen, present)
        log_weights = jax.nn.log_softmax(state.log_weights - 0.5 * (misfit**2).sum(-1))
        weighed = Particles(state.states, log_weights)
        effective = 1 / jnp.sum(jnp.exp(2 * log_weights))
        return jax.lax.cond(
            effective < self.threshold * self.members,
            lambda particles: self._resample(particles, key),
            lambda particles: particles,
            weighed,
        )

    def _resample(self, weighed: Particles, key: PRNGKeyArray) -> Particles:
        """Equal weights again, with noise of the shape of the weighted covariance."""
        choose, shake = jax.random.split(key)
        members, variables = weighed.states.shape
        weights = jnp.exp(weighed.log_weights)
        chosen = weighed.states[systematic(weights, choose)]
        anomalies = jnp.sqrt(weights)[:, None] * (weighed.states - weights @ weighed.states)
        values, vectors = jnp.linalg.eigh(anomalies.T @ anomalies)
        root = vectors * jnp.sqrt(jnp.maximum(values, 0))
        bandwidth = self.jitter * members ** (-1 / (variables + 4))
        noise = jax.random.normal(shake, chosen.shape, chosen.dtype) @ root.T
        equal = jnp.full_like(weighed.log_weights, -jnp.log(members))
        return Particles(chosen + bandwidth * noise, equal)

    def estimate(self, state: Particles) -> Estimate:
        """Weighted mean and standard deviation."""
        weights = jnp.exp(state.log_weights)
        mean = weights @ state.states
        return Estimate(mean, jnp.sqrt(weights @ (state.states - mean) ** 2))
