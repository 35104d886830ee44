"""The models of the blend, each with what it starts from and how it is read.

A component is a model with the state it starts from in each month and linear maps from that state
to the target indices and, where there is a field, to the sea-surface temperature anomaly. What the
maps leave unexplained at the start decays as damped persistence.
"""

from dataclasses import dataclass, replace
from functools import partial

import jax
import numpy as np
import numpy.typing as npt

from shiome.core.threads import side_by_side
from shiome.showcases.seasonal.coupled import departures
from shiome.showcases.seasonal.inputs import Observed
from shiome.showcases.seasonal.reanalysis import reanalyse, spread_over
from shiome.simulation.coupled import CoupledForecast
from shiome.simulation.empirical import DampedPersistence, MonthlyModel
from shiome.simulation.empirical.regression import ridge
from shiome.simulation.ocean import MappedWind

# Kinds of forecast, which share the members equally, however many models each kind has: by
# statistics, by coupled models from the ocean that observed winds spun, and by the same from an
# ensemble filter.
STATISTICAL, COUPLED, FILTERED = "statistical", "coupled", "filtered"
# Members of the filter, of which those that forecast are taken: with fewer, what it knows of the
# ocean depends on the draw.
FILTER_MEMBERS = 108
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
    kind
        :data:`STATISTICAL`, :data:`COUPLED` or :data:`FILTERED`.
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
    ensemble
        (time, N, n) what members start from instead, with ``state`` as their mean; None where all
        start from ``state``.
    """

    name: str
    kind: str
    model: MonthlyModel
    state: npt.NDArray[np.float32]
    to_targets: npt.NDArray[np.float32]
    residual: npt.NDArray[np.float32]
    residual_model: DampedPersistence
    to_field: npt.NDArray[np.float32] | None
    ensemble: npt.NDArray[np.float32] | None = None

    def starts(self, batch: npt.NDArray[np.int64], members: int) -> npt.NDArray[np.float32]:
        """(S, members, n) initial states of the members at some months."""
        if self.ensemble is None:
            return np.repeat(self.state[batch][:, None], members, axis=1)
        return spread_over(self.ensemble[batch], members)


def statistical_component(
    name: str,
    model: MonthlyModel,
    state: npt.NDArray,
    targets: npt.NDArray,
    field: npt.NDArray | None,
    month: npt.NDArray[np.int64],
    usable: npt.NDArray[np.bool_],
) -> Component:
    """A model with its maps; ``state`` is (2, time, n), to start from and to learn from."""
    start, learned = state
    to_targets = ridge(learned[usable], targets[usable], 1e-4)
    rest, learned_rest = (targets - x @ to_targets for x in (start, learned))
    return Component(
        name,
        STATISTICAL,
        model,
        start.astype(np.float32),
        to_targets.astype(np.float32),
        rest.astype(np.float32),
        DampedPersistence.fit(learned_rest, month, usable),
        None if field is None else _field_map(learned, field, usable),
    )


def _field_map(
    state: npt.NDArray, field: npt.NDArray, usable: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """(n, points) from state to field."""
    penalty = FIELD_RIDGE * state[usable].var(0)
    return ridge(state[usable], field[usable], penalty).astype(np.float32)


def coupled_components(
    observed: Observed,
    training: npt.NDArray[np.bool_],
    targets: npt.NDArray,
    field: npt.NDArray | None,
    wind: MappedWind | None,
    seed: int,
) -> tuple[Component, ...]:
    """The coupled models, spun and filtered, where there is a field to start them from."""
    if observed.coupled is None or observed.field is None or field is None:
        return ()
    anomaly = departures(observed.field, observed.month, training)
    forecast = CoupledForecast.fit(observed.coupled, anomaly, training, indices=targets, wind=wind)
    filtering = partial(reanalyse, members=FILTER_MEMBERS, key=jax.random.key(seed))
    spun, filtered = [], []
    for fitted, residual, memory, analysis in zip(
        forecast.models,
        forecast.residuals,
        forecast.memories,
        side_by_side(filtering, forecast.models),
        strict=True,
    ):
        surface = fitted.surface
        to_field = np.zeros((fitted.state.shape[1], field.shape[1]), np.float32)
        to_field[: fitted.model.modes] = _field_map(
            surface.amplitude, field, training & surface.known
        )
        component = Component(
            f"coupled{fitted.model.modes}",
            COUPLED,
            fitted.model,
            fitted.state,
            fitted.to_indices.astype(np.float32),
            residual,
            memory,
            to_field,
        )
        spun.append(component)
        filtered.append(
            replace(
                component,
                name=f"filtered{fitted.model.modes}",
                kind=FILTERED,
                state=analysis.states.mean(1),
                ensemble=analysis.states,
            )
        )
    return (*spun, *filtered)
