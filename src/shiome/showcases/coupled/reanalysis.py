"""Surface temperature into the coupled state: an ensemble filter that corrects the ocean too.

The filter is the ensemble square-root filter of the assimilation room in the model's own space of
patterns, where 108 members outnumber the variables and nothing needs to be localised.
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float

from shiome.assimilation.enkf import SquareRoot
from shiome.assimilation.observations import IndependentError, Selection
from shiome.assimilation.problem import Gaussian, Problem
from shiome.core.errors import ModelError
from shiome.grids.months import month_label
from shiome.simulation.coupled import Coupled

# Error variance of an observed amplitude, in units of what the model cannot foretell of it in a
# month: monthly means of large patterns are known well.
ERROR_SHARE = 0.1
SPIN_UP_YEARS = 10


@dataclass(frozen=True)
class Reanalysis:
    """What the filter believes after each month.

    Parameters
    ----------
    states
        (time, members, k + n).
    surprise
        (time,) squared innovations over their expected size; near 1 for a healthy filter, NaN
        where nothing was observed.
    """

    states: npt.NDArray[np.float32]
    surprise: npt.NDArray[np.float64]

    def index(self, row: npt.NDArray) -> npt.NDArray[np.float64]:
        """(time, members) of a linear index of the ocean's state, with ``row`` (n,)."""
        return np.asarray(self.states[..., -len(row) :] @ row, np.float64)


def reanalyse(fitted: Coupled, members: int, key: Array) -> Reanalysis:
    """Assimilate the observed amplitudes month by month; each month sees no later one.

    A month without observations is a forecast.

    Raises
    ------
    ModelError
        If a member is no longer a number.
    """
    month, surface = fitted.surface.month, fitted.surface
    k = fitted.model.modes
    size = fitted.state.shape[1]
    unforeseen = (fitted.model.noise[:, :k] ** 2).sum(2).mean(0)
    problem = Problem(
        fitted.model,
        Selection(np.arange(k)),
        IndependentError(ERROR_SHARE * unforeseen),
        # Rest, with what a month does to the surface; the years before the first observation make
        # a climate of it.
        Gaussian(jnp.zeros(size), jnp.zeros(size).at[:k].set(unforeseen)),
    )
    observed = np.where(surface.known[:, None], surface.amplitude, np.nan).astype(np.float32)
    # A run without observations first: the members know the model's climate, not each other.
    before = 12 * SPIN_UP_YEARS
    filled = np.concatenate([np.full((before, k), np.nan, np.float32), observed])
    first = int(month[0]) % 12 - 1 + 12
    filtered, surprise = _filter(
        SquareRoot(members), problem, jnp.asarray(filled), jnp.asarray(first, jnp.float32), key
    )
    states = np.asarray(filtered[before:])
    lost = np.argwhere(~np.isfinite(states).all(2))
    if len(lost):
        step, member = lost[0]
        raise ModelError(
            f"member {member} of the filter is not a number after "
            f"{month_label(int(month[step]))}; expected finite states (is an "
            "observation before it far out of range?)."
        )
    return Reanalysis(states, np.asarray(surprise[before:], np.float64))


@eqx.filter_jit
def _filter(
    scheme: SquareRoot,
    problem: Problem,
    observations: Float[Array, "time k"],
    first: Float[Array, ""],
    key: Array,
) -> tuple[Float[Array, "time members n"], Float[Array, " time"]]:
    """The ensemble after every month; ``first`` is the time before the first one."""
    start, run = jax.random.split(key)

    def one(ensemble: Array, at: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        index, y = at
        ahead, within = jax.random.split(jax.random.fold_in(run, index))
        ensemble = scheme.forecast(ensemble, problem, first + index, ahead)
        seen = problem.observe_all(ensemble)
        expected = seen.var(0, ddof=1) + problem.error.variance(y.size)
        surprise = jnp.mean((y - seen.mean(0)) ** 2 / expected)
        analysed = scheme.analyse(ensemble, y, problem, first + index + 1, within)
        ensemble = jnp.where(jnp.isfinite(y).any(), analysed, ensemble)
        return ensemble, (ensemble, surprise)

    ensemble = scheme.init(problem, start)
    return jax.lax.scan(one, ensemble, (jnp.arange(len(observations)), observations))[1]
