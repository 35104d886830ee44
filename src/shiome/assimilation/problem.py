"""What is to be assimilated: a model, how it is observed, and what is known at the start."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray, PyTree

from shiome.assimilation.observations import ObservationError, ObservationOperator
from shiome.core import DataError
from shiome.simulation.model import Model


class Gaussian(eqx.Module):
    """Independent normal distributions, one per variable of a state vector.

    Attributes
    ----------
    mean
        Their means.
    variance
        Their variances, one number for all or one each.
    """

    mean: Float[Array, " n"]
    variance: Float[Array, "*n"]

    def __init__(self, mean: ArrayLike, variance: ArrayLike):
        self.mean, self.variance = jnp.asarray(mean), jnp.asarray(variance)

    def sample(self, key: PRNGKeyArray, *members: int) -> Float[Array, "*members n"]:
        """Draw one state vector, or an ensemble of them."""
        noise = jax.random.normal(key, (*members, *self.mean.shape), self.mean.dtype)
        return self.mean + jnp.sqrt(self.variance) * noise


def _itself(vector: Array) -> Array:
    return vector


class Problem(eqx.Module):
    """A model, its observations and its initial state, as every scheme is told of them.

    Arithmetic follows the type of ``initial.mean``: float32, or float64 inside
    ``jax.enable_x64()``. Nothing here changes that switch.

    Attributes
    ----------
    model
        Steps one state.
    operator, error
        What is observed after each cycle, and how well.
    initial
        What is known of the state at time 0.
    every
        Model steps from one observation time to the next (one *cycle*).
    unravel
        Turns a state vector into the state that the model steps; by default they are the same.
    """

    model: Model
    operator: ObservationOperator
    error: ObservationError
    initial: Gaussian
    every: int = eqx.field(static=True, default=1)
    unravel: Callable[[Float[Array, " n"]], PyTree] = eqx.field(static=True, default=_itself)

    def __check_init__(self) -> None:
        n = self.initial.mean.size
        if self.every < 1:
            raise DataError(f"Observations every {self.every} steps; expected at least 1.")
        try:
            seen: Any = jax.eval_shape(self.operator, self.initial.mean)
        except (TypeError, ValueError, IndexError) as reason:
            raise DataError(
                f"The observation operator cannot be applied to a state of {n} variables: "
                f"{str(reason).splitlines()[0]}"
            ) from reason
        if seen.ndim != 1:
            raise DataError(
                f"The observation operator gives shape {seen.shape} for a state of {n} variables; "
                "expected one axis, (p,)."
            )
        try:
            self.error.whiten(jnp.zeros(seen.shape), jnp.ones(seen.shape, bool))
        except (TypeError, ValueError) as reason:
            raise DataError(
                f"The observation error does not fit the operator, which gives {seen.size} "
                f"observations: {str(reason).splitlines()[0]}"
            ) from reason

    @property
    def interval(self) -> float:
        """Length of one cycle, in the model's unit of time."""
        return self.every * self.model.time_step

    def propagate(
        self, vector: Float[Array, " n"], time: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, " n"]:
        """Carry one state vector over one cycle that starts at ``time``."""

        def one(state: PyTree, i: Array) -> tuple[PyTree, None]:
            now = time + i * self.model.time_step
            return self.model.step(state, now, jax.random.fold_in(key, i)), None

        state = self.unravel(vector)
        if self.every == 1:
            state, _ = one(state, jnp.asarray(0))
        else:
            state, _ = jax.lax.scan(one, state, jnp.arange(self.every))
        return ravel_pytree(state)[0]

    def propagate_all(
        self, ensemble: Float[Array, "members n"], time: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, "members n"]:
        """Carry every member over one cycle, each with its own random numbers."""
        keys = jax.random.split(key, ensemble.shape[0])
        return jax.vmap(lambda member, k: self.propagate(member, time, k))(ensemble, keys)

    def observe_all(self, ensemble: Float[Array, "members n"]) -> Float[Array, "members p"]:
        """Observe every member."""
        return jax.vmap(self.operator)(ensemble)
