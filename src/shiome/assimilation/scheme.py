"""The one interface of all assimilation schemes."""

import abc
from typing import Any, NamedTuple

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.problem import Problem

State = Any
"""What a scheme carries from cycle to cycle: a pytree that only the scheme looks into."""


class Estimate(NamedTuple):
    """What a scheme believes of the state: mean and standard deviation of each variable."""

    mean: Float[Array, " n"]
    spread: Float[Array, " n"]


class Scheme(eqx.Module):
    """A way to bring observations into a model.

    A scheme is immutable and its methods are pure functions: a whole experiment can be compiled,
    batched over seeds or over the scheme's own numbers with ``vmap``, and differentiated. What it
    carries from cycle to cycle is its *state*, a pytree of its own choice.
    """

    @abc.abstractmethod
    def init(self, problem: Problem, key: PRNGKeyArray) -> State:
        """Start at time 0 from ``problem.initial``."""

    @abc.abstractmethod
    def forecast(
        self, state: State, problem: Problem, time: Float[Array, ""], key: PRNGKeyArray
    ) -> State:
        """Carry the state over the cycle that starts at ``time``."""

    @abc.abstractmethod
    def analyse(
        self,
        state: State,
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> State:
        """Bring in the observations ``y`` made at ``time``; NaN where one is missing."""

    @abc.abstractmethod
    def estimate(self, state: State) -> Estimate:
        """What the state says at the current time."""
