"""The window of cycles that a smoother looks back over."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiome.assimilation.problem import Problem


class Window(NamedTuple):
    """State of a smoother.

    Attributes
    ----------
    start
        State, or ensemble, at the start of the window: what the smoother corrects.
    now
        The same at the current time.
    spread
        Standard deviation of each variable at the current time.
    length
        Cycles in the window; it grows to the lag of the scheme and then slides.
    """

    start: Array
    now: Array
    spread: Float[Array, " n"]
    length: Int[Array, ""]


def opened(start: Array, spread: Float[Array, " n"]) -> Window:
    """Window of no length at time 0."""
    return Window(start, start, spread, jnp.asarray(0))


def slid(
    window: Window,
    now: Array,
    problem: Problem,
    lag: int,
    time: Float[Array, ""],
    key: PRNGKeyArray,
) -> Window:
    """Window for the next cycle, which starts at ``time`` and ends in ``now``."""
    full = window.length == lag
    first = time - window.length * problem.interval
    ahead = jax.lax.cond(
        full, lambda x: carry(x, problem, first, key, 1, jnp.asarray(1)), lambda x: x, window.start
    )
    return Window(ahead, now, window.spread, jnp.where(full, lag, window.length + 1))


def carry(
    start: Array,
    problem: Problem,
    time: Float[Array, ""],
    key: PRNGKeyArray,
    lag: int,
    length: Int[Array, ""],
) -> Array:
    """Carry a state vector or an ensemble over the first ``length`` of at most ``lag`` cycles."""
    propagate = problem.propagate if start.ndim == 1 else problem.propagate_all

    def one(state: Array, cycle: Array) -> tuple[Array, None]:
        new = propagate(state, time + cycle * problem.interval, jax.random.fold_in(key, cycle))
        return jnp.where(cycle < length, new, state), None

    return jax.lax.scan(one, start, jnp.arange(lag))[0]
