"""The model's own weather: long runs without observations, beside what was observed."""

from typing import NamedTuple

import equinox as eqx
import numpy as np
import numpy.typing as npt
import pandas as pd
from jaxtyping import Array, Float
from scipy.signal import periodogram
from scipy.stats import skew

from shiome.core.compiling import single
from shiome.core.errors import ModelError
from shiome.grids.months import MONTH_INITIALS
from shiome.simulation import ensemble
from shiome.simulation.coupled import Coupled

SPIN_UP_YEARS = 20


class Variability(NamedTuple):
    """How Niño 3.4 and the dipole vary.

    Attributes
    ----------
    std, dmi_std
        Standard deviation of each, K.
    by_month, dmi_by_month
        (12,) the same by calendar month.
    skewness
        Of Niño 3.4.
    period
        Years; the middle of the power of Niño 3.4 between one and ten years.
    """

    std: float
    dmi_std: float
    by_month: npt.NDArray[np.float64]
    dmi_by_month: npt.NDArray[np.float64]
    skewness: float
    period: float


def variability(indices: Float[np.ndarray, "run time 2"]) -> Variability:
    """Statistics over runs that begin in January."""
    nino, dipole = np.asarray(indices[..., 0], np.float64), np.asarray(indices[..., 1], np.float64)
    frequency, power = periodogram(nino, fs=12.0, axis=-1)
    band = (frequency >= 0.1) & (frequency <= 1.0)
    share = np.cumsum(power.mean(0)[band])
    middle = frequency[band][np.searchsorted(share, 0.5 * share[-1])]
    by_month = lambda x: np.array([x[:, m::12].std() for m in range(12)])
    return Variability(
        std=float(nino.std()),
        dmi_std=float(dipole.std()),
        by_month=by_month(nino),
        dmi_by_month=by_month(dipole),
        skewness=float(skew(nino.ravel())),
        period=float(1.0 / middle),
    )


def free_run(fitted: Coupled, years: int, runs: int, key: Array) -> Float[np.ndarray, "run time 2"]:
    """Niño 3.4 and dipole of runs from rest, after a spin-up of twenty years, K.

    Raises
    ------
    ModelError
        If a run is no longer a number.
    """
    states = single(np.zeros((runs, fitted.state.shape[1])))
    months = 12 * (SPIN_UP_YEARS + years)
    to_indices = single(fitted.to_indices)
    # A run from December: the first state kept is a January.
    path = ensemble(fitted.model, states, -1.0, months, key, observe=_Seen(to_indices))
    lost = np.argwhere(~np.isfinite(path).all(2))
    if len(lost):
        run, step = lost[0]
        raise ModelError(
            f"free run {run} is not a number after {step // 12} years; expected one that stays in "
            "bounds (fewer gaps in the record make a better fit)."
        )
    return np.asarray(path[:, 12 * SPIN_UP_YEARS :])


class _Seen(eqx.Module):
    """The indices of a state."""

    to_indices: Float[Array, "n 2"]

    def __call__(self, state: Float[Array, " n"]) -> Float[Array, " 2"]:
        return state @ self.to_indices


def table(observed: Variability, model: Variability) -> pd.DataFrame:
    """Standard deviations by calendar month, observed and of the model."""
    return pd.DataFrame(
        {
            "month": list(MONTH_INITIALS),
            "nino34_observed": observed.by_month,
            "nino34_model": model.by_month,
            "dmi_observed": observed.dmi_by_month,
            "dmi_model": model.dmi_by_month,
        }
    )
