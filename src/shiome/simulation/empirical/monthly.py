"""What all models with a step of one month share."""

import abc
from typing import TYPE_CHECKING, ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiome.simulation.integrate import ensemble
from shiome.simulation.model import Model


class MonthlyModel(Model):
    """A model that steps from one month to the next; time is the month number.

    Attributes
    ----------
    noise
        Of the step that begins in each calendar month: standard deviations (12, q), or square roots
        of covariances (12, q, q), of the q random forcings.
    """

    if TYPE_CHECKING:

        @property
        def noise(self) -> Array: ...
    else:
        noise: eqx.AbstractVar[Float[Array, "12 ..."]]
    time_step: ClassVar[float] = 1.0
    time_unit: ClassVar[str] = "month"
    units: ClassVar[dict[str, str]] = {"state": "1"}

    @abc.abstractmethod
    def advance(
        self, state: Float[Array, " n"], month: Int[Array, ""], forcing: Float[Array, " q"]
    ) -> Float[Array, " n"]:
        """One month from a calendar month (0 is January) with given forcing."""

    def step(
        self, state: Float[Array, " n"], time: Float[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, " n"]:
        """One month with random forcing."""
        month = calendar_month(time)
        amplitude = self.noise[month]
        draw = jax.random.normal(key, amplitude.shape[-1:], state.dtype)
        forcing = amplitude @ draw if amplitude.ndim == 2 else amplitude * draw
        return self.advance(state, month, forcing)

    def with_noise(self, factor: Float[Array, ""] | float) -> Self:
        """The same model with its random forcing multiplied: −1 mirrors it."""
        return eqx.tree_at(lambda model: model.noise, self, factor * self.noise)


def calendar_month(time: Float[Array, ""]) -> Int[Array, ""]:
    """The calendar month of a month number: 0 is January."""
    return time.astype(jnp.int32) % 12


def unforced(
    model: MonthlyModel, state: Float[Array, " n"], month: Int[Array, ""], steps: int
) -> Float[Array, "steps n"]:
    """Run one state forward from a month number without random forcing."""
    still = jnp.zeros(model.noise.shape[-1], state.dtype)

    def one(state: Array, index: Array) -> tuple[Array, Array]:
        state = model.advance(state, (month + index) % 12, still)
        return state, state

    return jax.lax.scan(one, state, jnp.arange(steps))[1]


def mirrored_ensemble(
    model: MonthlyModel,
    states: Float[Array, "members n"],
    month: Int[Array, ""],
    steps: int,
    key: PRNGKeyArray,
) -> Float[Array, "members steps n"]:
    """Run members forward in mirrored pairs: the same draws with both signs.

    If all start from one state, the mean of a linear model's ensemble is then its forecast without
    noise, whatever the ensemble's size. The second half of the members mirrors the first.
    """
    members = len(states)
    half = (members + 1) // 2
    # Of an odd number the last is drawn twice and left out once.
    both = jnp.concatenate([states, states[-1:]])[: 2 * half].reshape(2, half, -1)

    def signed(sign: Array, states: Array) -> Array:
        return ensemble(model.with_noise(sign), states, month, steps, key)

    path = jax.vmap(signed)(jnp.array([1.0, -1.0]), both)
    return path.reshape(2 * half, steps, -1)[:members]
