"""What filters that only see the surface know of the ocean: global and local, of few and many."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from jaxtyping import Array

from shiome.showcases.coupled.localised import local_surface, reanalyse_locally
from shiome.showcases.seasonal.reanalysis import Reanalysis, reanalyse
from shiome.simulation.coupled import Coupled, CoupledSystem
from shiome.simulation.ocean import WARM_WATER

# Members of the smaller ensembles.
FEW = (10, 20)
# The first years, in which ocean and filter forget how they began.
SETTLED = slice(36, None)


class WarmWater(NamedTuple):
    """Thickness of the warm layer of the equatorial Pacific, each of shape (time,), in m.

    Attributes
    ----------
    spun
        By the winds that go with the surface.
    mean, spread
        Of a filter's members.
    """

    spun: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]


def warm_water(analysis: Reanalysis, fitted: Coupled, system: CoupledSystem) -> WarmWater:
    """Warm water volume as a filter has it, beside that of the spun ocean."""
    row = np.asarray(system.ocean.rows([WARM_WATER.name]), np.float64)[0]
    members = analysis.index(row)
    spun = fitted.state[:, fitted.model.modes :] @ row
    return WarmWater(spun, members.mean(1), members.std(1, ddof=1))


def by_filter(
    fitted: Coupled, field: xr.DataArray, system: CoupledSystem, members: int, key: Array
) -> dict[tuple[str, int], Reanalysis]:
    """Reanalyses by kind and size, of few members and of ``members``.

    Kinds are "filter", the square-root filter, and "local" (LETKF).
    """
    seen = local_surface(fitted, field, system.ocean)
    sizes = [*(size for size in FEW if size < members), members]
    return {("filter", size): reanalyse(fitted, size, key) for size in sizes} | {
        ("local", size): reanalyse_locally(fitted, seen, size, key) for size in sizes
    }


def filter_table(
    analyses: dict[tuple[str, int], Reanalysis], fitted: Coupled, system: CoupledSystem
) -> pd.DataFrame:
    """One row for each filter.

    ``error`` is that of its forecasts of Niño 3.4 of one month (K, root mean square), ``surprise``
    the mean of :attr:`Reanalysis.surprise`, ``correlation`` that of its warm water with the spun
    ocean's, ``spread`` the members' (m).
    """
    k = fitted.model.modes
    seen = fitted.surface.amplitude @ fitted.to_indices[:k, 0]
    rows = []
    for (name, size), analysis in analyses.items():
        missed = (analysis.forecast @ fitted.to_indices[:, 0] - seen)[fitted.surface.known]
        volume = warm_water(analysis, fitted, system)
        rows.append(
            {
                "filter": name,
                "members": size,
                "error": float(np.sqrt((missed[SETTLED] ** 2).mean())),
                "surprise": float(np.nanmean(analysis.surprise)),
                "correlation": _correlation(volume.mean[SETTLED], volume.spun[SETTLED]),
                "spread": float(volume.spread[SETTLED].mean()),
            }
        )
    return pd.DataFrame(rows)


def leads_by(volume: npt.NDArray[np.float64], nino: npt.NDArray, months: int) -> float:
    """Correlation of warm water with Niño 3.4 some months later, where that was observed."""
    before, after = volume[:-months], nino[months:]
    known = np.isfinite(after)
    return _correlation(before[known], after[known])


def _correlation(a: npt.NDArray, b: npt.NDArray) -> float:
    return float(np.corrcoef(a, b)[0, 1])
