"""What all schemes of a single state share: a start and a forecast."""

from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Scheme


class SingleState(Scheme):
    """A scheme whose state is one state vector: the last analysis, carried by the model."""

    def init(self, problem: Problem, key: PRNGKeyArray) -> Float[Array, " n"]:
        """Start from the initial mean."""
        return problem.initial.mean

    def forecast(
        self,
        state: Float[Array, " n"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Float[Array, " n"]:
        """Carry the state over one cycle."""
        return problem.propagate(state, time, key)
