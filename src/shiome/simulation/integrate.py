"""Trajectories and ensembles of any :class:`~shiome.simulation.model.Model`.

Nothing here knows any physics: a stepper takes a tendency, a trajectory takes a model.
"""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from shiome.simulation.model import Model

State = TypeVar("State", bound=PyTree)


def runge_kutta_4(
    tendency: Callable[[State, Float[Array, ""]], State],
    state: State,
    time: Float[Array, ""],
    time_step: float,
) -> State:
    """One step of the classical fourth-order Runge–Kutta scheme.

    Parameters
    ----------
    tendency
        ``tendency(state, time)``, the time derivative, of the same structure as ``state``.
    state, time, time_step
        Where to start, and how far to go.
    """

    def shifted(slope: State, by: float) -> State:
        return jax.tree.map(lambda x, s: x + by * s, state, slope)

    half = 0.5 * time_step
    k1 = tendency(state, time)
    k2 = tendency(shifted(k1, half), time + half)
    k3 = tendency(shifted(k2, half), time + half)
    k4 = tendency(shifted(k3, time_step), time + time_step)
    return jax.tree.map(
        lambda x, a, b, c, d: x + time_step / 6 * (a + 2 * b + 2 * c + d), state, k1, k2, k3, k4
    )


def trajectory(
    model: Model,
    state: State,
    time: Float[Array, ""] | float,
    steps: int,
    key: PRNGKeyArray,
    *,
    every: int = 1,
    observe: Callable[[State], PyTree] = lambda state: state,
) -> PyTree:
    """Run one state forward and keep what ``observe`` sees of it.

    Parameters
    ----------
    model, state, time
        The model, the initial state and its time in the model's unit.
    steps
        Number of time steps; a multiple of ``every``.
    key
        Random key of the whole trajectory.
    every
        Keep one state out of this many.
    observe
        What to keep of a state (default: all of it).

    Returns
    -------
    ``observe(state)`` after ``every``, ``2 * every``, … steps, stacked along a new first axis of
    length ``steps // every``. The initial state is not included.
    """
    if every < 1 or steps % every:
        raise ValueError(f"steps={steps} is not a multiple of every={every}.")
    time = jnp.asarray(time, jnp.result_type(float))

    def one(state: State, index: Array) -> tuple[State, None]:
        now = time + index * model.time_step
        return model.step(state, now, jax.random.fold_in(key, index)), None

    def some(state: State, block: Array) -> tuple[State, PyTree]:
        state, _ = jax.lax.scan(one, state, block * every + jnp.arange(every))
        return state, observe(state)

    return jax.lax.scan(some, state, jnp.arange(steps // every))[1]


@eqx.filter_jit
def ensemble(
    model: Model,
    states: State,
    time: Float[Array, ""] | float,
    steps: int,
    key: PRNGKeyArray,
    *,
    every: int = 1,
    observe: Callable[[State], PyTree] = lambda state: state,
) -> PyTree:
    """Run many members forward in one compiled, vectorised call.

    Parameters
    ----------
    states
        Initial states, stacked along a first axis of length M.
    key
        One key; each member draws its own from it.
    model, time, steps, every, observe
        As in :func:`trajectory`.

    Returns
    -------
    As :func:`trajectory`, with a first axis of length M: (M, steps // every, ...).
    """
    members = jax.tree.leaves(states)[0].shape[0]
    return jax.vmap(
        lambda state, k: trajectory(model, state, time, steps, k, every=every, observe=observe)
    )(states, jax.random.split(key, members))
