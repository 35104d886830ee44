"""Forecasts of a fitted system: members of the indices, mean and members of the field.

Everything is drawn for a batch of starts at once, in one compiled call per component.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from shiome.core.compiling import QUICK
from shiome.core.threads import side_by_side
from shiome.showcases.seasonal.components import Component
from shiome.showcases.seasonal.system import LEADS, ForecastSystem
from shiome.simulation.empirical import MonthlyModel, mirrored_ensemble, unforced

# Starts are forecast in batches of one size, so that each component compiles once.
BATCH = 72
# A component's model and the memory of its residual draw numbers of their own. As arrays, so that
# one compilation serves both.
MODEL, RESIDUAL = np.array(0), np.array(1)


def forecast_members(
    system: ForecastSystem, starts: npt.NDArray[np.int64], members: int, key: jax.Array
) -> npt.NDArray[np.float32]:
    """Draw the ensemble of the target indices from each start.

    Parameters
    ----------
    system
        Fitted components, which supply the members in order: ``system.shares(members)`` each.
    starts
        (S,) positions of the last observed months.
    members
        Ensemble size M.
    key
        One key; the draw of a start depends on its month alone, not on the batch it is in.

    Returns
    -------
    (S, LEADS, M, 2) anomalies in K; NaN where a start's state is missing.
    """

    def draw(batch: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        drawn = []
        for c, path, rest in _component_draws(system, batch, members, key):
            drawn.append(np.swapaxes(path @ c.to_targets + rest, 1, 2))
        return np.concatenate(drawn, axis=2)

    return _batched(draw, starts)


def member_fields(
    system: ForecastSystem, start: int, members: int, key: jax.Array
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Fields of the independent ones among the members that :func:`forecast_members` draws.

    The second of each mirrored pair tells nothing new and is left out.

    Returns
    -------
    Fields (K, LEADS, points) in K, without the damped rest of the observed field, which is the same
    in all; positions (K,) of these members in the ensemble; and numbers (K,) of the components that
    made them.
    """
    fields, positions, labels = [], [], []
    first = 0
    batch = np.full(BATCH, start)
    for i, (c, path, _) in enumerate(_component_draws(system, batch, members, key)):
        assert c.to_field is not None
        own = np.arange((path.shape[1] + 1) // 2)
        fields.append(path[0, own] @ c.to_field)
        positions.append(first + own)
        labels.append(np.full(len(own), i))
        first += path.shape[1]
    return np.concatenate(fields), np.concatenate(positions), np.concatenate(labels)


def _component_draws(
    system: ForecastSystem, batch: npt.NDArray[np.int64], members: int, key: jax.Array
) -> list[tuple[Component, npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """Each component with the states and residuals of its share of the members."""
    month = system.month[batch].astype(np.int32)
    shares = system.shares(members)

    def draw(i: int) -> tuple[Component, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        c, own = system.components[i], jax.random.fold_in(key, i)
        rest = np.repeat(c.residual[batch][:, None], shares[i], axis=1)
        return (
            c,
            np.asarray(_paths(c.model, c.starts(batch, int(shares[i])), month, own, MODEL)),
            np.asarray(_paths(c.residual_model, rest, month, own, RESIDUAL)),
        )

    return side_by_side(draw, range(len(shares)))


def _batched(
    forecast: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]],
    starts: npt.NDArray[np.int64],
) -> npt.NDArray[np.float32]:
    """Forecast all starts in batches of one size, the last one filled up by repetition."""
    parts = []
    for first in range(0, len(starts), BATCH):
        batch = starts[first : first + BATCH]
        parts.append(forecast(np.resize(batch, BATCH))[: len(batch)])
    return np.concatenate(parts)


def climatology_members(
    system: ForecastSystem, starts: npt.NDArray[np.int64], members: int, key: jax.Array
) -> npt.NDArray[np.float32]:
    """Draw the climatological ensemble of the target indices: shapes as forecast_members."""
    state = np.zeros((BATCH, members, system.targets.shape[1]), np.float32)

    def draw(batch: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        path = _paths(system.climatology, state, system.month[batch].astype(np.int32), key, MODEL)
        return np.swapaxes(np.asarray(path), 1, 2)

    return _batched(draw, starts)


def persistence(
    model: MonthlyModel,
    values: npt.NDArray,
    month: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
) -> npt.NDArray[np.float32]:
    """Damped persistence of values (time, n) from each start: (S, LEADS, n)."""

    def run(batch: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return np.asarray(_quiet_path(model, values[batch].astype(np.float32), month[batch]))

    return _batched(run, starts)


def forecast_field(
    system: ForecastSystem, starts: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Mean forecast of the sea-surface temperature anomaly from each start.

    Returns (S, LEADS, points) in K: the weighted average over the components, each run without
    noise, of its state mapped to the field plus the damped rest of the last observed field.
    """
    field, memory = system.field, system.field_memory
    assert field is not None
    assert memory is not None

    def run(batch: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        month = system.month[batch]
        total = np.zeros((len(batch), LEADS, field.shape[1]), np.float32)
        for c, weight in zip(system.components, system.weights, strict=True):
            assert c.to_field is not None
            path = np.asarray(_quiet_path(c.model, c.state[batch], month))
            rest = field[batch] - c.state[batch] @ c.to_field
            own = path @ c.to_field + np.asarray(_quiet_path(memory, rest, month))
            total += np.float32(weight) * own
        return total

    return _batched(run, starts)


@eqx.filter_jit(compiler_options=QUICK)  # type: ignore[call-overload]
def _paths(
    model: MonthlyModel, state: ArrayLike, month: ArrayLike, key: Array, part: ArrayLike
) -> Float[Array, "S M leads n"]:
    """Members from states (S, M, n) in months (S,); a start draws by its month and ``part``."""

    def one(states: Array, month: Array) -> Array:
        own = jax.random.split(jax.random.fold_in(key, month))[part]
        return mirrored_ensemble(model, states, month, LEADS, own)

    return jax.vmap(one)(jnp.asarray(state), jnp.asarray(month))


@eqx.filter_jit(compiler_options=QUICK)  # type: ignore[call-overload]
def _quiet_path(
    model: MonthlyModel, state: Float[ArrayLike, "S n"], month: Int[ArrayLike, " S"]
) -> Float[Array, "S leads n"]:
    """Run a batch of states without noise."""
    run = jax.vmap(lambda x, m: unforced(model, x, m, LEADS))
    return run(jnp.asarray(state), jnp.asarray(month, jnp.int32))
