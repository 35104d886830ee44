"""The forecast system of one fold: components fitted on training months, and their forecasts.

A component is a model with the state it starts from in each month and linear maps from that state
to the target indices and, where there is a field, to the sea-surface temperature anomaly. What the
maps leave unexplained at the start decays as damped persistence.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from shiome.data.anomalies import anomalies
from shiome.grids import INDICES
from shiome.showcases.seasonal.inputs import Observed
from shiome.simulation import ensemble, trajectory
from shiome.simulation.empirical import (
    Climatology,
    DampedPersistence,
    EOFBasis,
    LinearInverseModel,
    MonthlyModel,
    RechargeOscillator,
)
from shiome.simulation.empirical.regression import ridge

LEADS = 12
# Starts are forecast in batches of one size, so that each component compiles once.
BATCH = 72
# EOFs and latitude of the linear inverse models: two textbook choices, neither tuned.
LIM_DOMAINS = ((20, 20.0), (20, 30.0))
# Ridge on the maps from state to field, in units of a component's variance: 30 years cannot tell
# the teleconnections of twenty components apart.
FIELD_RIDGE = 0.1
# Small programs, called some ten times each: full optimisation makes compilation four times as long
# and none of them faster.
QUICK = {"xla_backend_optimization_level": 1}


@dataclass(frozen=True)
class Component:
    """One model of the blend.

    Parameters
    ----------
    name
        For tables.
    model
        Steps the state by one month.
    state
        (time, n) state of every month; NaN where it cannot start.
    to_targets
        (n, 2) from state to the target indices.
    residual
        (time, 2) what ``state @ to_targets`` misses of the targets.
    residual_model
        How that decays.
    to_field
        (n, points) from state to the field; None without one.
    """

    name: str
    model: MonthlyModel
    state: npt.NDArray[np.float32]
    to_targets: npt.NDArray[np.float32]
    residual: npt.NDArray[np.float32]
    residual_model: DampedPersistence
    to_field: npt.NDArray[np.float32] | None


@dataclass(frozen=True)
class ForecastSystem:
    """All components of one fold, and the anomalies they were fitted to.

    Parameters
    ----------
    components
        Members of the blend.
    month
        (time,) month numbers.
    targets
        (time, 2) target indices as anomalies from the training climatology.
    field
        (time, points) anomaly field, missing values as zero; None without one.
    field_memory
        Damped persistence of the field, point by point; None without one.
    baseline, climatology
        Damped persistence and climatology of the target indices, to be beaten.
    with_ocean
        Whether the simulated ocean is among the predictors.
    """

    components: tuple[Component, ...]
    month: npt.NDArray[np.int64]
    targets: npt.NDArray[np.float64]
    field: npt.NDArray[np.float32] | None
    field_memory: DampedPersistence | None
    baseline: DampedPersistence
    climatology: Climatology
    with_ocean: bool


def fit(observed: Observed, training: npt.NDArray[np.bool_]) -> ForecastSystem:
    """Fit every component, climatology and scale on the training months alone."""
    month = observed.month
    targets = anomalies(observed.targets, month, training)
    complete = np.isfinite(targets).all(1)
    field = memory = None
    states: list[tuple[str, MonthlyModel, npt.NDArray]] = []
    if observed.sst is not None and observed.points is not None:
        raw = anomalies(observed.sst, month, training)
        complete &= np.isfinite(raw).any(1)
        field = np.nan_to_num(raw, nan=0.0).astype(np.float32)
    indices = observed.indices | simulated_indices(observed, training)
    extra_names = tuple(name for name in indices if name not in INDICES)
    extra = _standardised(indices, extra_names, month, training)
    usable = training & complete & np.isfinite(extra).all(1)
    if field is not None and observed.points is not None:
        memory = DampedPersistence.fit(field, month, usable)
        for modes, latitude in LIM_DOMAINS:
            state = _tropical_components(field, observed, usable, modes, latitude)
            state = np.concatenate([state, extra], axis=1)
            model = LinearInverseModel.fit(state, month, usable)
            states.append((f"lim{latitude:.0f}", model, state))
    names = tuple(indices)
    state = _standardised(indices, names, month, training)
    usable &= np.isfinite(state).all(1)
    linear = RechargeOscillator.fit(state, month, usable, names=names, nonlinear=False)
    states.append(("recharge", linear, state))
    if "wwv" in names:
        # The oscillator's nonlinear equations need the warm water volume that recharges.
        full = RechargeOscillator.fit(state, month, usable, names=names, order=2)
        states.append(("recharge_nonlinear", full, state))
    components = tuple(
        _component(name, model, state, targets, field, month, usable)
        for name, model, state in states
    )
    return ForecastSystem(
        components,
        month,
        targets,
        field,
        memory,
        baseline=DampedPersistence.fit(targets, month, usable),
        climatology=Climatology.fit(targets, month, usable),
        with_ocean=observed.ocean is not None,
    )


def _tropical_components(
    field: npt.NDArray,
    observed: Observed,
    usable: npt.NDArray[np.bool_],
    modes: int,
    latitude: float,
) -> npt.NDArray[np.float64]:
    points = observed.points
    assert points is not None
    inside = np.abs(points.point_latitude) <= latitude
    basis = EOFBasis.fit(field[:, inside], points.area[inside], usable, modes)
    return basis.encode(field[:, inside])


def simulated_indices(
    observed: Observed, training: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[np.float64]]:
    """What the simulated ocean adds to the indices, its wind map fitted on training months.

    Its warm water volume stands in for an observed one; beside one it has a name of its own.
    """
    if observed.ocean is None or observed.field is None:
        return {}
    volume = observed.ocean.indices(observed.field, training)[:, 0]
    return {"simulated_wwv" if "wwv" in observed.indices else "wwv": volume}


def _standardised(
    indices: Mapping[str, npt.NDArray],
    names: tuple[str, ...],
    month: npt.NDArray[np.int64],
    training: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Anomalies of indices over their training standard deviation: (time, names)."""
    columns = []
    for name in names:
        anomaly = anomalies(indices[name], month, training)
        columns.append(anomaly / np.nanstd(anomaly[training]))
    return np.stack(columns, axis=1) if columns else np.zeros((len(month), 0))


def _component(
    name: str,
    model: MonthlyModel,
    state: npt.NDArray,
    targets: npt.NDArray,
    field: npt.NDArray | None,
    month: npt.NDArray[np.int64],
    usable: npt.NDArray[np.bool_],
) -> Component:
    to_targets = ridge(state[usable], targets[usable], 1e-4)
    residual = targets - state @ to_targets
    to_field = None
    if field is not None:
        variance = state[usable].var(0)
        to_field = ridge(state[usable], field[usable], FIELD_RIDGE * variance).astype(np.float32)
    return Component(
        name,
        model,
        state.astype(np.float32),
        to_targets.astype(np.float32),
        residual.astype(np.float32),
        DampedPersistence.fit(residual, month, usable),
        to_field,
    )


def forecast_members(
    system: ForecastSystem, starts: npt.NDArray[np.int64], members: int, key: jax.Array
) -> npt.NDArray[np.float32]:
    """Draw the ensemble of the target indices from each start.

    Parameters
    ----------
    system
        Fitted components; each supplies an equal share of the members.
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
    shares = np.full(len(system.components), members // len(system.components))
    shares[: members % len(shares)] += 1
    for i, c in enumerate(system.components):
        path, rest = _draw(
            c.model,
            c.residual_model,
            c.state[batch],
            c.residual[batch],
            month,
            jax.random.fold_in(key, i),
            int(shares[i]),
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

    Returns (S, LEADS, points) in K: the average over the components, each run without noise, of
    its state mapped to the field plus the damped rest of the last observed field.
    """
    field, memory = system.field, system.field_memory
    assert field is not None
    assert memory is not None

    def run(batch: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        month = system.month[batch]
        total = np.zeros((len(batch), LEADS, field.shape[1]), np.float32)
        for c in system.components:
            assert c.to_field is not None
            path = np.asarray(_quiet_path(c.model, c.state[batch], month))
            rest = field[batch] - c.state[batch] @ c.to_field
            total += path @ c.to_field + np.asarray(_quiet_path(memory, rest, month))
        return total / np.float32(len(system.components))

    return _batched(run, starts)


@eqx.filter_jit(compiler_options=QUICK)
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


@eqx.filter_jit(compiler_options=QUICK)
def _quiet_path(
    model: MonthlyModel, state: Float[ArrayLike, "S n"], month: Int[ArrayLike, " S"]
) -> Float[Array, "S leads n"]:
    """Run a batch of states without noise."""
    still, key = model.with_noise(0.0), jax.random.key(0)
    run = jax.vmap(lambda x, t: trajectory(still, x, t, LEADS, key))
    return run(jnp.asarray(state), jnp.asarray(month, jnp.int32))
