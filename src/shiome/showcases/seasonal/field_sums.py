"""How well the field is forecast: sums over hindcasts that add up over splits."""

from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from shiome.showcases.seasonal.members import forecast_field
from shiome.showcases.seasonal.system import LEADS, ForecastSystem


@dataclass(frozen=True)
class FieldSums:
    """Sums over the verified forecasts of a field, which add up over splits.

    Parameters
    ----------
    moments
        (5, LEADS, points) sums of f, o, f², o² and f o of forecast f and observation o.
    square_error
        (4, LEADS, points) sum of squared errors by season of the target: DJF, MAM, JJA, SON.
    count
        (4, LEADS) forecasts in each season.
    """

    moments: npt.NDArray[np.float64]
    square_error: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]

    def __add__(self, other: "FieldSums") -> "FieldSums":
        return FieldSums(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def acc(self) -> npt.NDArray[np.float64]:
        """(LEADS, points) correlation of forecast and observation over all verified starts."""
        f, o, ff, oo, fo = self.moments / np.maximum(self.count.sum(0), 1)[:, None]
        scale = np.sqrt(np.maximum(ff - f * f, 0) * np.maximum(oo - o * o, 0))
        return np.where(scale > 0, (fo - f * o) / np.where(scale > 0, scale, 1), np.nan)


def field_sums(
    system: ForecastSystem,
    starts: npt.NDArray[np.int64],
    at: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.bool_],
) -> FieldSums:
    """Sums over the (start, lead) cells that are wanted; ``at`` gives their target months."""
    field = system.field
    assert field is not None
    forecast = forecast_field(system, starts)
    season = (system.month[at] % 12 + 1) % 12 // 3
    points = field.shape[1]
    moments = np.zeros((5, LEADS, points))
    square_error = np.zeros((4, LEADS, points))
    count = np.zeros((4, LEADS), np.int64)
    for lead in range(LEADS):
        rows = wanted[:, lead]
        f = forecast[rows, lead].astype(np.float64)
        o = field[at[rows, lead]].astype(np.float64)
        moments[:, lead] = f.sum(0), o.sum(0), (f * f).sum(0), (o * o).sum(0), (f * o).sum(0)
        for s in range(4):
            these = season[rows, lead] == s
            square_error[s, lead] = ((f - o)[these] ** 2).sum(0)
            count[s, lead] = these.sum()
    return FieldSums(moments, square_error, count)
