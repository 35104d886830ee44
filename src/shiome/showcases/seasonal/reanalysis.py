"""Surface temperature into the coupled state: an ensemble filter that corrects the ocean too.

The square-root filter of the assimilation room works in the model's own space of patterns, where
many members outnumber the variables and nothing needs to be localised.
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float

from shiome.assimilation.enkf import SquareRoot
from shiome.assimilation.ensemble_filter import EnsembleFilter
from shiome.assimilation.observations import (
    IndependentError,
    ObservationError,
    ObservationOperator,
    Selection,
)
from shiome.assimilation.problem import Gaussian, Problem
from shiome.core.compiling import QUICK, single
from shiome.core.errors import ModelError
from shiome.grids.months import month_label
from shiome.simulation.coupled import Coupled

# Error variance of what is observed of the surface, in units of what the model cannot foretell of
# it in a month: monthly means of large patterns are known well.
ERROR_SHARE = 0.1
SPIN_UP_YEARS = 10


@dataclass(frozen=True)
class Reanalysis:
    """What the filter believes after each month.

    Parameters
    ----------
    states
        (time, members, k + n).
    forecast
        (time, k + n) mean of the members before the month's observations.
    surprise
        (time,) squared innovations over their expected size; near 1 for a healthy filter, NaN
        where nothing was observed.
    """

    states: npt.NDArray[np.float32]
    forecast: npt.NDArray[np.float32]
    surprise: npt.NDArray[np.float64]

    def index(self, row: npt.NDArray) -> npt.NDArray[np.float64]:
        """(time, members) of a linear index of the ocean's state, with ``row`` (n,)."""
        return np.asarray(self.states[..., -len(row) :] @ row, np.float64)


def spread_over(
    ensemble: npt.NDArray[np.float32], count: int, axis: int = 1
) -> npt.NDArray[np.float32]:
    """Take some of the members along an axis, or some twice, evenly from all of them.

    Those taken are moved so that their mean is that of all: to have few costs no skill.
    """
    chosen = np.linspace(0, ensemble.shape[axis] - 1, count).round().astype(int)
    taken = ensemble.take(chosen, axis)
    return taken + ensemble.mean(axis, keepdims=True) - taken.mean(axis, keepdims=True)


def reanalyse(fitted: Coupled, members: int, key: Array) -> Reanalysis:
    """Assimilate the observed amplitudes month by month; each month sees no later one.

    A month without observations is a forecast.

    Raises
    ------
    ModelError
        If a member is no longer a number.
    """
    error = IndependentError(single(ERROR_SHARE * unforeseen(fitted)))
    seen = Selection(np.arange(fitted.model.modes))
    return filtered(fitted, SquareRoot(members), seen, error, observed_amplitudes(fitted), key)


def observed_amplitudes(fitted: Coupled) -> npt.NDArray[np.float32]:
    """(time, k) NaN in months that were not observed."""
    surface = fitted.surface
    return np.where(surface.known[:, None], surface.amplitude, np.nan).astype(np.float32)


def unforeseen(fitted: Coupled, by_pattern: npt.NDArray | None = None) -> npt.NDArray[np.float64]:
    """Variance of what the model cannot foretell of the surface in a month, mean of all months.

    Of the k amplitudes, or of (p, k) linear functions of them.
    """
    k = fitted.model.modes
    factor = np.asarray(fitted.model.noise[:, :k, :k], np.float64)
    factor = factor if by_pattern is None else by_pattern @ factor
    return (factor**2).sum(2).mean(0)


def filtered(
    fitted: Coupled,
    scheme: EnsembleFilter,
    operator: ObservationOperator,
    error: ObservationError,
    observed: npt.NDArray[np.float32],
    key: Array,
) -> Reanalysis:
    """Assimilate observations (time, p) of any kind by any ensemble filter.

    Raises
    ------
    ModelError
        If a member is no longer a number.
    """
    month, k, size = fitted.surface.month, fitted.model.modes, fitted.state.shape[1]
    # Rest, with what a month does to the surface; the years before the first observation make a
    # climate of it.
    variance = np.zeros(size)
    variance[:k] = unforeseen(fitted)
    initial = Gaussian(single(np.zeros(size)), single(variance))
    problem = Problem(fitted.model, operator, error, initial)
    first = int(month[0]) % 12 - 1 + 12
    states, forecast, surprise = _filter(scheme, problem, jnp.asarray(observed), single(first), key)
    lost = np.argwhere(~np.isfinite(states).all(2))
    if len(lost):
        step, member = lost[0]
        raise ModelError(
            f"member {member} of the filter is not a number after "
            f"{month_label(int(month[step]))}; expected finite states (is an "
            "observation before it far out of range?)."
        )
    return Reanalysis(np.asarray(states), np.asarray(forecast), np.asarray(surprise, np.float64))


@eqx.filter_jit(compiler_options=QUICK)  # type: ignore[call-overload]
def _filter(
    scheme: EnsembleFilter,
    problem: Problem,
    observations: Float[Array, "time p"],
    first: Float[Array, ""],
    key: Array,
) -> tuple[Float[Array, "time members n"], Float[Array, "time n"], Float[Array, " time"]]:
    """The ensemble after every month, its mean before it, and the surprise.

    Years without observations come first: the members then know the model's climate, not each
    other. ``first`` is the time before them.
    """
    start, run = jax.random.split(key)
    spin_up = 12 * SPIN_UP_YEARS
    # In one loop with the others, which compiles in half the time of two.
    unknown = jnp.full((spin_up, observations.shape[1]), jnp.nan, observations.dtype)

    def one(ensemble: Array, at: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array, Array]]:
        index, y = at
        moving, within = jax.random.split(jax.random.fold_in(run, index))
        ensemble = scheme.forecast(ensemble, problem, first + index, moving)
        mean = ensemble.mean(0)
        seen = problem.observe_all(ensemble)
        expected = seen.var(0, ddof=1) + problem.error.variance(y.size)
        surprise = jnp.mean((y - seen.mean(0)) ** 2 / expected)
        analysed = scheme.analyse(ensemble, y, problem, first + index + 1, within)
        ensemble = jnp.where(jnp.isfinite(y).any(), analysed, ensemble)
        return ensemble, (ensemble, mean, surprise)

    every = jnp.concatenate([unknown, observations])
    months = (jnp.arange(len(every)), every)
    kept = jax.lax.scan(one, scheme.init(problem, start), months)[1]
    return jax.tree.map(lambda x: x[spin_up:], kept)
