"""Fitting the coupled model on training months: physics first, then what physics lacks."""

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array, Float

from shiome.core.compiling import QUICK, single
from shiome.simulation.coupled.climate import Climate
from shiome.simulation.coupled.closure import fit_closure
from shiome.simulation.coupled.heat import HeatStep, SurfaceMaps, heat_step
from shiome.simulation.coupled.model import (
    Closure,
    CoupledModel,
    no_closure,
)
from shiome.simulation.coupled.parameters import HeatParameters
from shiome.simulation.coupled.reduced_ocean import ReducedOcean, blocked_mean
from shiome.simulation.coupled.surface import Surface, surface_maps, target_indices
from shiome.simulation.coupled.through_time import fit_parameters
from shiome.simulation.empirical.regression import seasonal_factors, successive
from shiome.simulation.ocean import WARM_WATER, Basin, SimulatedOcean
from shiome.simulation.ocean.simulated import MappedWind

# Patterns of wind that do not follow the surface, as the ocean feels them.
GUST_PATTERNS = 4
# Their amplitude, so that free runs vary as much as was observed: ship winds have errors, and part
# of what gusts do to the surface is in its own unexplained changes already.
GUST_SHARE = 0.4


@dataclass(frozen=True)
class CoupledSystem:
    """What is the same for every fold.

    Parameters
    ----------
    simulated
        Gives the wind map and the observed stress.
    ocean
        The reduced ocean.
    basin
        The grid of both.
    climate
        Mean climate of the cells.
    """

    simulated: SimulatedOcean
    ocean: ReducedOcean
    basin: Basin
    climate: Climate


@dataclass(frozen=True)
class Coupled:
    """A fitted coupled model and what it was fitted to.

    Parameters
    ----------
    model
        The model, ready to step.
    parameters
        Of its heat budget.
    maps
        What its cells see.
    surface
        Observed surface temperature as amplitudes.
    to_indices
        (k + n, 2) from the state to Niño 3.4 and the dipole in K.
    state
        (time, k + n) the state of every month: observed surface, and the ocean spun by its winds;
        where the surface was not observed, the model's own forecast without noise.
    learned_from
        (time, k + n) the same without winds of withheld months.
    usable
        (time,) training months that were observed.
    """

    model: CoupledModel
    parameters: HeatParameters
    maps: SurfaceMaps
    surface: Surface
    to_indices: npt.NDArray[np.float64]
    state: npt.NDArray[np.float32]
    learned_from: npt.NDArray[np.float32]
    usable: npt.NDArray[np.bool_]

    def with_closure(self, closure: Closure) -> "Coupled":
        """The same with another closure, and the noise that is left of a month with it."""
        model = with_closure(self.model, closure)
        unexplained = _unexplained(model, self.learned_from, self.surface.month, self.usable)
        k = model.modes
        noise = model.noise.at[:, :k, :k].set(single(unexplained))
        return replace(self, model=eqx.tree_at(lambda m: m.noise, model, noise))


def fit_coupled(
    system: CoupledSystem,
    anomaly: xr.DataArray,
    training: npt.NDArray[np.bool_],
    *,
    modes: int = 10,
    latitude: float = 20.0,
    indices: npt.NDArray | None = None,
    wind: MappedWind | None = None,
    fit_heat: bool = False,
    closed: bool = True,
) -> Coupled:
    """Fit every number of the coupled model that is not given by theory.

    Parameters
    ----------
    system
        What does not depend on the training months.
    anomaly
        (time, latitude, longitude) departures of surface temperature from the climatology of the
        training months, K; NaN on land and where missing.
    training
        (time,) months that may be used.
    modes, latitude
        Patterns of surface temperature, and the belt that they cover.
    indices, wind
        What ``target_indices(anomaly)`` and ``system.simulated.wind(anomaly, training)`` give,
        where they are known already.
    fit_heat
        Whether the heat budget's parameters are fitted through time, or those of theory.
    closed
        Whether to fit a closure.

    Raises
    ------
    DataError, ModelError
        As :meth:`SimulatedOcean.indices`.
    """
    indices = target_indices(anomaly) if indices is None else indices
    surface = Surface.fit(anomaly, indices, training, modes, latitude)
    wind = system.simulated.wind(anomaly, training) if wind is None else wind
    usable = training & surface.known & np.isfinite(surface.indices).all(1)
    by_pattern = np.asarray(system.ocean.drive(wind.patterns), np.float64)
    drive = wind.amplitude @ by_pattern.T
    maps = surface_maps(
        surface,
        anomaly,
        surface.regression(wind.amplitude, usable),
        wind,
        system.basin,
        system.ocean,
    )
    to_indices = surface.regression(surface.indices, usable)
    ocean = _spun(system.ocean, drive)
    # Years that are withheld blow no wind on the ocean that is learned from.
    learned_from = _spun(system.ocean, np.where(training[:, None], drive, 0.0))
    model, gust_noise = _windy(system, surface, wind, by_pattern, learned_from, usable)
    state, trained = (
        np.concatenate([surface.amplitude, z], axis=1).astype(np.float32)
        for z in (ocean, learned_from)
    )
    parameters = HeatParameters()
    if fit_heat:
        parameters = fit_parameters(model, system.climate, maps, trained, surface.month, usable)
    # As arrays, so that other numbers need no other compilation.
    step = _heat_step(jax.tree.map(jnp.asarray, parameters), system.climate, maps)
    model = eqx.tree_at(lambda m: m.heat, model, step)
    scale = (surface.amplitude @ to_indices)[usable].std(0)
    if closed:
        closure = fit_closure(model, trained, surface.month, usable, (to_indices / scale).T)
        model = with_closure(model, closure)
    unexplained = _unexplained(model, trained, surface.month, usable)
    model = eqx.tree_at(lambda m: m.noise, model, _joint(unexplained, gust_noise))
    if not surface.known.all():
        state = _bridged(model, surface, drive)
    padded = np.concatenate([to_indices, np.zeros((system.ocean.size, 2))])
    return Coupled(model, parameters, maps, surface, padded, state, trained, usable)


def _windy(
    system: CoupledSystem,
    surface: Surface,
    wind: MappedWind,
    by_pattern: npt.NDArray[np.float64],
    learned_from: npt.NDArray[np.float64],
    usable: npt.NDArray[np.bool_],
) -> tuple[CoupledModel, npt.NDArray[np.float64]]:
    """The model without heat budget, closure and noise; and (12, p, p) the factors of its gusts.

    ``by_pattern`` (n, pattern) is what a month of each pattern of wind does to the ocean,
    ``learned_from`` (time, n) the ocean of training.
    """
    charge = np.asarray(system.ocean.rows([WARM_WATER.name]), np.float64)[0]
    charge = charge / (learned_from[usable] @ charge).std()
    gusts, gust_noise = _gusts(system, wind, surface.month, usable)
    k, n = surface.amplitude.shape[1], system.ocean.size
    model = CoupledModel(
        heat=HeatStep(single(np.zeros((12, k, k))), single(np.zeros((12, k, n)))),
        closure=no_closure,
        charge=single(charge),
        transition=system.ocean.transition,
        wind=single(by_pattern @ surface.regression(wind.amplitude, usable).T),
        gusts=single(gusts),
        noise=single(np.zeros((12, *[k + gusts.shape[1]] * 2))),
    )
    return model, gust_noise


_heat_step = eqx.filter_jit(heat_step, compiler_options=QUICK)  # type: ignore[call-overload]


def _spun(ocean: ReducedOcean, drive: npt.NDArray) -> npt.NDArray[np.float64]:
    """(time, n) the ocean at the end of every month, from rest."""
    transition = np.asarray(ocean.transition, np.float64)
    out = np.zeros((len(drive), ocean.size))
    state = np.zeros(ocean.size)
    for i, push in enumerate(drive):
        state = transition @ state + push
        out[i] = state
    return out


def _bridged(model: CoupledModel, surface: Surface, drive: npt.NDArray) -> npt.NDArray[np.float32]:
    """(time, k + n) states, with the model's own forecast where the surface was not observed."""
    still = single(np.zeros(model.noise.shape[1]))
    transition, k = np.asarray(model.transition), model.modes
    state = np.zeros((len(drive), k + len(transition)), np.float32)
    for i, push in enumerate(drive):
        before = state[i - 1] if i else state[0]
        if surface.known[i]:
            state[i, :k], state[i, k:] = surface.amplitude[i], transition @ before[k:] + push
        elif i:
            calendar = jnp.asarray(surface.month[i - 1] % 12)
            state[i] = model.advance(jnp.asarray(before), calendar, still)
    return state


def _gusts(
    system: CoupledSystem,
    wind: MappedWind,
    month: npt.NDArray[np.int64],
    usable: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Leading effects on the ocean of observed winds that the map misses, and their seasons.

    Returns (n, p) what each does, scaled to unit variance, and (12, p, p) its factors.
    """
    stress, when = system.simulated.stress, system.simulated.stress_month
    both = np.isin(when, month[usable])
    season = when[both] % 12
    departure = blocked_mean(stress[both]).reshape(both.sum(), -1)
    for m in range(12):
        departure[season == m] -= departure[season == m].mean(0)
    mapped = blocked_mean(wind.patterns).reshape(len(wind.patterns), -1)
    missed = departure - wind.amplitude[np.searchsorted(month, when[both])] @ mapped
    effect = missed @ np.asarray(system.ocean.response, np.float64).reshape(system.ocean.size, -1).T
    left, size, right = np.linalg.svd(effect / np.sqrt(len(effect)), full_matrices=False)
    amplitude = left[:, :GUST_PATTERNS] * np.sqrt(len(effect))
    factors = seasonal_factors(amplitude, season, half_width=1, shrinkage=0.25)
    return GUST_SHARE * (right[:GUST_PATTERNS] * size[:GUST_PATTERNS, None]).T, factors


def _joint(surface: npt.NDArray, gusts: npt.NDArray) -> Float[Array, "12 q q"]:
    """Block-diagonal noise factors."""
    k, p = surface.shape[1], gusts.shape[1]
    out = np.zeros((12, k + p, k + p))
    out[:, :k, :k], out[:, k:, k:] = surface, gusts
    return single(out)


def with_closure(model: CoupledModel, closure: Closure) -> CoupledModel:
    """The model with another closure."""
    return eqx.tree_at(lambda m: m.closure, model, closure, is_leaf=lambda x: x is model.closure)


def _unexplained(
    model: CoupledModel,
    state: npt.NDArray,
    month: npt.NDArray[np.int64],
    usable: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """(12, k, k) factors of the covariance of what the model misses in a month."""
    now = successive(usable, month)
    k = model.modes
    still = single(np.zeros(model.noise.shape[1]))
    # From every month, also those that do not count, so that all folds share one compilation.
    ahead = _advance_all(model, jnp.asarray(state), jnp.asarray(month % 12), still)
    missing = state[now + 1, :k] - np.asarray(ahead, np.float64)[now, :k]
    return seasonal_factors(missing, month[now] % 12, half_width=1, shrinkage=0.25)


@eqx.filter_jit(compiler_options=QUICK)  # type: ignore[call-overload]
def _advance_all(model: CoupledModel, state: Array, season: Array, forcing: Array) -> Array:
    return jax.vmap(lambda x, m: model.advance(x, m, forcing))(state, season)
