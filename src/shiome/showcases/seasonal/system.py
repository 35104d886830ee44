"""The forecast system of one fold: components fitted on training months.

A component is a model with the state it starts from in each month and linear maps from that state
to the target indices and, where there is a field, to the sea-surface temperature anomaly. What the
maps leave unexplained at the start decays as damped persistence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shiome.data.anomalies import anomalies
from shiome.grids import INDICES
from shiome.showcases.seasonal.inputs import Observed
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
# EOFs and latitude of the linear inverse models: two textbook choices, neither tuned.
LIM_DOMAINS = ((20, 20.0), (20, 30.0))
# Ridge on the maps from state to field, in units of a component's variance: 30 years cannot tell
# the teleconnections of twenty components apart.
FIELD_RIDGE = 0.1


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
