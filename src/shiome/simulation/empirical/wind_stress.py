"""Wind stress from winds, and from sea-surface temperature by regression.

Over the tropical oceans the monthly wind follows the temperature of the surface below (Gill 1980;
Lindzen and Nigam 1987), so a few patterns of temperature carry the part of the wind that drives
slow anomalies of the ocean (the statistical atmosphere of Syu et al. 1995).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shiome.core.constants import Constant
from shiome.core.errors import ModelError
from shiome.simulation.empirical.eof import EOFBasis
from shiome.simulation.empirical.regression import ridge

AIR_DENSITY = Constant(1.2, "kg m-3", "density of air at the sea surface", "Gill 1982, app. 1")
DRAG = Constant(1.3e-3, "1", "drag coefficient of the sea", "Large and Pond 1981: 1.1–1.5e-3")
GUSTINESS = Constant(
    4.0,
    "m s-1",
    "speed of the wind's variation within a month, which a monthly mean does not show",
    "Esbensen and Reynolds 1981: mean speed exceeds the speed of the mean by 1–3 m/s",
)

# Fewer training months with observed winds than this cannot bear a wind map.
MIN_WIND_MONTHS = 24


def bulk_stress(
    eastward: npt.NDArray[np.floating], northward: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Stress of monthly mean winds on the sea by the bulk formula.

    Parameters
    ----------
    eastward, northward
        Wind in m/s, shapes (time, ...).

    Returns
    -------
    (time, 2, ...) eastward and northward stress in N/m².
    """
    speed = np.sqrt(eastward**2 + northward**2 + float(GUSTINESS) ** 2)
    factor = float(AIR_DENSITY) * float(DRAG) * speed
    return np.stack([factor * eastward, factor * northward], axis=1)


@dataclass(frozen=True)
class WindMap:
    """Stress anomaly as a linear function of a few components of sea-surface temperature.

    Parameters
    ----------
    bases
        For each ocean, which points are its own and its patterns.
    patterns
        (components, 2, latitude, longitude) stress of one unit of each component, N/m².
    """

    bases: tuple[tuple[npt.NDArray[np.bool_], EOFBasis], ...]
    patterns: npt.NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        anomaly: npt.NDArray,
        area: npt.NDArray,
        oceans: Sequence[tuple[npt.NDArray[np.bool_], int]],
        month: npt.NDArray[np.int64],
        training: npt.NDArray[np.bool_],
        stress: npt.NDArray,
        stress_month: npt.NDArray[np.int64],
        *,
        penalty: float = 1.0,
    ) -> "WindMap":
        """Regress observed stress on temperature over the training months that have both.

        Parameters
        ----------
        anomaly
            (time, points) anomalies of temperature without missing values, K.
        area
            (points,) relative area.
        oceans
            For each ocean a mask (points,) and the number of its patterns. Separate patterns let
            the Indian Ocean's wind differ from what El Niño makes of it.
        month
            (time,) month numbers of ``anomaly``.
        training
            (time,) months that may be used.
        stress
            (wind time, 2, latitude, longitude) observed stress, N/m²; its own climatology over
            the training months is removed.
        stress_month
            (wind time,) month numbers of ``stress``.
        penalty
            Ridge penalty in units of the variance of each ocean's first component. A decade of
            winds bears few degrees of freedom, so it is strong.

        Raises
        ------
        ModelError
            If fewer than two years of training months have observed stress.
        """
        bases = tuple(
            (mask, EOFBasis.fit(anomaly[:, mask], area[mask], training, modes))
            for mask, modes in oceans
        )
        used = np.isin(stress_month, month[training])
        if used.sum() < MIN_WIND_MONTHS:
            raise ModelError(
                f"{used.sum()} training months have observed winds; expected at least "
                f"{MIN_WIND_MONTHS} to fit the wind map."
            )
        x = _components(bases, anomaly)[np.searchsorted(month, stress_month[used])]
        y = _without_seasons(stress[used].reshape(used.sum(), -1), stress_month[used] % 12)
        patterns = ridge(x - x.mean(0), y, penalty)
        return cls(bases, patterns.reshape(-1, *stress.shape[1:]))

    def components(self, anomaly: npt.NDArray) -> npt.NDArray[np.float64]:
        """(time, points) anomalies of temperature to (time, components)."""
        return _components(self.bases, anomaly)


def _components(
    bases: tuple[tuple[npt.NDArray[np.bool_], EOFBasis], ...], anomaly: npt.NDArray
) -> npt.NDArray[np.float64]:
    return np.concatenate([basis.encode(anomaly[:, mask]) for mask, basis in bases], axis=1)


def _without_seasons(
    values: npt.NDArray, calendar: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Departures (time, ...) from the mean of each calendar month."""
    out = np.array(values, np.float64)
    for m in np.unique(calendar):
        out[calendar == m] -= out[calendar == m].mean(0)
    return out
