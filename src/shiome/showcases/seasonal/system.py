"""The forecast system of one fold: components fitted on training months."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from shiome.data.anomalies import anomalies
from shiome.grids import INDICES
from shiome.showcases.seasonal.components import (
    Component,
    coupled_components,
    statistical_component,
)
from shiome.showcases.seasonal.inputs import Observed
from shiome.simulation.empirical import (
    Climatology,
    DampedPersistence,
    EOFBasis,
    LinearInverseModel,
    MonthlyModel,
    RechargeOscillator,
)
from shiome.simulation.ocean import MappedWind

LEADS = 12
# EOFs and latitude of the linear inverse models: two textbook choices, neither tuned.
LIM_DOMAINS = ((20, 20.0), (20, 30.0))


@dataclass(frozen=True)
class ForecastSystem:
    """All components of one fold, and the anomalies they were fitted to.

    Parameters
    ----------
    components
        Models of the blend, by kind.
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

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """(components,) share of each in the blend: kinds equally, then components of a kind."""
        kinds = [component.kind for component in self.components]
        return np.array([1 / len(self.kinds) / kinds.count(kind) for kind in kinds])

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of model in the blend, in the order of their members."""
        return tuple(dict.fromkeys(component.kind for component in self.components))

    def shares(self, members: int) -> npt.NDArray[np.int64]:
        """(components,) how many members each supplies: equally, larger shares first."""
        kinds = [component.kind for component in self.components]
        totals = _even(members, len(self.kinds))
        shares = [
            _even(total, kinds.count(kind)) for kind, total in zip(self.kinds, totals, strict=True)
        ]
        return np.concatenate(shares)

    def by_kind(self, members: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        """Split members (..., M, 2) into those of each of :attr:`kinds`."""
        bounds = np.cumsum(_even(members.shape[-2], len(self.kinds)))
        return np.split(members, bounds[:-1], axis=-2)


def _even(total: int, parts: int) -> npt.NDArray[np.int64]:
    """Whole numbers that add up to the total and differ by one at most, larger ones first."""
    return total // parts + (np.arange(parts) < total % parts)


def fit(observed: Observed, training: npt.NDArray[np.bool_], seed: int = 0) -> ForecastSystem:
    """Fit every component, climatology and scale on the training months alone.

    The seed is that of the filter from which coupled models start.
    """
    month = observed.month
    targets = anomalies(observed.targets, month, training)
    complete = np.isfinite(targets).all(1)
    field = memory = None
    states: list[tuple[str, MonthlyModel, npt.NDArray]] = []
    if observed.sst is not None and observed.points is not None:
        raw = anomalies(observed.sst, month, training)
        complete &= np.isfinite(raw).any(1)
        field = np.nan_to_num(raw, nan=0.0).astype(np.float32)
    wind = mapped_wind(observed, training)
    indices = observed.indices | simulated_indices(observed, wind)
    # Years that are withheld blow no wind on the ocean that is learned from.
    learned = observed.indices | simulated_indices(observed, calm_outside(wind, training))
    standardised = partial(_standardised, indices, learned, month=month, training=training)
    extra = standardised(tuple(name for name in indices if name not in INDICES))
    usable = training & complete & np.isfinite(extra).all((0, 2))
    if field is not None and observed.points is not None:
        memory = DampedPersistence.fit(field, month, usable)
        for modes, latitude in LIM_DOMAINS:
            tropics = _tropical_components(field, observed, usable, modes, latitude)
            state = np.concatenate([np.stack([tropics, tropics]), extra], axis=2)
            model = LinearInverseModel.fit(state[1], month, usable)
            states.append((f"lim{latitude:.0f}", model, state))
    names = tuple(indices)
    state = standardised(names)
    usable &= np.isfinite(state).all((0, 2))
    linear = RechargeOscillator.fit(state[1], month, usable, names=names, nonlinear=False)
    states.append(("recharge", linear, state))
    if "wwv" in names:
        # The oscillator's nonlinear equations need the warm water volume that recharges.
        full = RechargeOscillator.fit(state[1], month, usable, names=names, order=2)
        states.append(("recharge_nonlinear", full, state))
    statistical = tuple(
        statistical_component(name, model, state, targets, field, month, usable)
        for name, model, state in states
    )
    return ForecastSystem(
        statistical + coupled_components(observed, training, targets, field, wind, seed),
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


def mapped_wind(observed: Observed, training: npt.NDArray[np.bool_]) -> MappedWind | None:
    """Wind that goes with the surface, its map fitted on training months; None without an ocean."""
    if observed.ocean is None or observed.field is None:
        return None
    return observed.ocean.wind(observed.field, training)


def calm_outside(wind: MappedWind | None, training: npt.NDArray[np.bool_]) -> MappedWind | None:
    """The same wind, calm in months that are not for training."""
    if wind is None:
        return None
    return replace(wind, amplitude=np.where(training[:, None], wind.amplitude, 0.0))


def simulated_indices(
    observed: Observed, wind: MappedWind | None
) -> dict[str, npt.NDArray[np.float64]]:
    """What the simulated ocean adds to the indices.

    Its warm water volume stands in for an observed one; beside one it has a name of its own.
    """
    if observed.ocean is None or wind is None:
        return {}
    volume = observed.ocean.respond(wind)[:, 0]
    return {"simulated_wwv" if "wwv" in observed.indices else "wwv": volume}


def _standardised(
    indices: Mapping[str, npt.NDArray],
    learned: Mapping[str, npt.NDArray],
    names: tuple[str, ...],
    *,
    month: npt.NDArray[np.int64],
    training: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Anomalies of indices over their standard deviation: (2, time, names).

    First the indices that forecasts start from, then those that models learn from, whose training
    months give the climatology and the standard deviation of both.
    """
    out = np.zeros((2, len(month), len(names)))
    for i, name in enumerate(names):
        both = np.concatenate([indices[name], learned[name]])
        known = np.concatenate([np.zeros_like(training), training])
        anomaly = anomalies(both, np.tile(month, 2), known)
        out[..., i] = (anomaly / np.nanstd(anomaly[known])).reshape(2, -1)
    return out
