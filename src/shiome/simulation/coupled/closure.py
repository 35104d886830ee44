"""Fitting what the heat budget lacks: a ridge regression of what it misses in a month."""

import jax
import numpy as np
import numpy.typing as npt

from shiome.core.compiling import single
from shiome.simulation.coupled.model import LARGEST_INDEX, CoupledModel, SeasonalClosure
from shiome.simulation.empirical.recharge import harmonics
from shiome.simulation.empirical.regression import ridge, successive

# Ridge penalties of the closure in units of each predictor's variance: annual mean, seasonal
# departure, products of indices.
MEAN_PENALTY, SEASON_PENALTY, PRODUCT_PENALTY = 0.02, 0.1, 0.3


def fit_closure(
    model: CoupledModel,
    state: npt.NDArray,
    month: npt.NDArray[np.int64],
    usable: npt.NDArray[np.bool_],
    indices: npt.NDArray[np.float64],
) -> SeasonalClosure:
    """Fit the closure to what the heat budget misses in a month.

    Parameters
    ----------
    model
        With its heat budget; a closure of its own does not count.
    state, month, usable
        (time, k + n) states, (time,) month numbers, and the months that may be used.
    indices
        (2, k) standardised Niño 3.4 and dipole from the amplitudes.
    """
    k = model.modes
    now = successive(usable, month)
    season = month[now] % 12
    heat = jax.tree.map(lambda x: np.asarray(x, np.float64)[season], model.heat)
    surface, ocean = state[now, :k].astype(np.float64), state[now, k:].astype(np.float64)
    budget = np.einsum("tij,tj->ti", heat.propagator, surface)
    budget += np.einsum("tij,tj->ti", heat.heating, ocean)
    missing = state[now + 1, :k] - budget
    waves = harmonics(1)
    charge = ocean @ np.asarray(model.charge, np.float64)
    predictors = np.concatenate([surface, charge[:, None]], axis=1)
    nino, dipole = np.clip(surface @ indices.T, -LARGEST_INDEX, LARGEST_INDEX).T
    held = np.clip(charge, -LARGEST_INDEX, LARGEST_INDEX)
    products = np.stack([nino**2 - 1.0, nino * held, dipole**2 - 1.0], axis=1)
    seasonal = [
        (x[:, None, :] * waves[season][:, :, None]).reshape(len(x), -1)
        for x in (predictors, products)
    ]
    by_wave = np.r_[MEAN_PENALTY, SEASON_PENALTY, SEASON_PENALTY]
    penalty = np.concatenate(
        [
            np.outer(by_wave, predictors.var(0)).ravel(),
            np.tile(PRODUCT_PENALTY * products.var(0), 3),
        ]
    )
    solution = ridge(np.concatenate(seasonal, axis=1), missing, penalty)
    parts = np.split(solution, [3 * (k + 1)])
    linear, quadratic = (np.einsum("mh,hij->mji", waves, part.reshape(3, -1, k)) for part in parts)
    return SeasonalClosure(single(linear), single(quadratic), single(indices))
