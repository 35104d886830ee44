"""Forecasts of a fitted system: members of the indices, mean and members of the field.

Everything is drawn for a batch of starts at once, in one compiled call per component.
"""

from collections.abc import Callable, Iterator
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from shiome.showcases.seasonal.system import LEADS, Component, ForecastSystem
from shiome.simulation import ensemble, trajectory
from shiome.simulation.empirical import MonthlyModel

# Starts are forecast in batches of one size, so that each component compiles once.
BATCH = 72
# Small programs, called some ten times each: full optimisation makes compilation four times as long
# and none of them faster.
QUICK = {"xla_backend_optimization_level": 1}


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
) -> Iterator[tuple[Component, npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """Each component with the states and residuals of its share of the members."""
    month = system.month[batch].astype(np.int32)
    for i, (c, share) in enumerate(zip(system.components, system.shares(members), strict=True)):
        path, rest = _draw(
            c.model,
            c.residual_model,
            c.state[batch],
            c.residual[batch],
            month,
            jax.random.fold_in(key, i),
            int(share),
        )
        yield c, np.asarray(path), np.asarray(rest)


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
    state = np.zeros((BATCH, system.targets.shape[1]), np.float32)
    quiet = system.baseline.with_noise(0.0)

    def draw(batch: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        month = system.month[batch].astype(np.int32)
        path, _ = _draw(system.climatology, quiet, state, state, month, key, members)
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
def _draw(
    model: MonthlyModel,
    residual_model: MonthlyModel,
    state: ArrayLike,
    residual: ArrayLike,
    month: ArrayLike,
    key: Array,
    members: int,
) -> tuple[Array, Array]:
    """Paths (S, members, LEADS, n) and (S, members, LEADS, 2) from states and residuals.

    Members come in mirrored pairs, the same draws with both signs: the mean of a linear model's
    ensemble is then its forecast without noise, whatever the ensemble's size.
    """
    half = (members + 1) // 2

    def one(state: Array, residual: Array, month: Array) -> tuple[Array, Array]:
        model_key, residual_key = jax.random.split(jax.random.fold_in(key, month))
        tile = partial(jnp.tile, reps=(half, 1))

        def signed(sign: Array) -> tuple[Array, Array]:
            path = ensemble(model.with_noise(sign), tile(state), month, LEADS, model_key)
            rest = ensemble(
                residual_model.with_noise(sign), tile(residual), month, LEADS, residual_key
            )
            return path, rest

        both = jax.vmap(signed)(jnp.array([1.0, -1.0]))
        path, rest = (x.reshape(2 * half, LEADS, -1)[:members] for x in both)
        return path, rest

    return jax.vmap(one)(jnp.asarray(state), jnp.asarray(residual), jnp.asarray(month))


@eqx.filter_jit(compiler_options=QUICK)  # type: ignore[call-overload]
def _quiet_path(
    model: MonthlyModel, state: Float[ArrayLike, "S n"], month: Int[ArrayLike, " S"]
) -> Float[Array, "S leads n"]:
    """Run a batch of states without noise."""
    still, key = model.with_noise(0.0), jax.random.key(0)
    run = jax.vmap(lambda x, t: trajectory(still, x, t, LEADS, key))
    return run(jnp.asarray(state), jnp.asarray(month, jnp.int32))
