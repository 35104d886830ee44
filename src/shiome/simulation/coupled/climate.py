"""The mean climate in which anomalies live: what the heat budget of the equator needs of it.

One value for each calendar month and cell: the strip 2°S–2°N of the Pacific and Indian Oceans in
steps of 10°, and the coasts of Sumatra and Java.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array, Float

from shiome.core.constants import EARTH_RADIUS, EARTH_ROTATION, SEAWATER_DENSITY, Constant
from shiome.grids.regions import Region, region_mean
from shiome.simulation.coupled.reduced_ocean import COASTS, INDIAN, PACIFIC
from shiome.simulation.empirical.wind_stress import bulk_stress

CELLS: tuple[Region, ...] = (*PACIFIC, *INDIAN, *COASTS)
SURFACE_LAYER = Constant(50.0, "m", "depth of the frictional surface layer", "Zebiak and Cane 1987")
FRICTION = Constant(
    1.0 / (2 * 86400.0), "s-1", "friction of the surface layer: 2 days", "Zebiak and Cane 1987"
)
UPWELLING_WIDTH = Constant(
    3.0e5, "m", "width over which coastal upwelling is felt by a cell", "this model: half a cell"
)
BETA = 2 * float(EARTH_ROTATION) / float(EARTH_RADIUS)
_HALF_WIDTH = float(EARTH_RADIUS) * np.deg2rad(2.0)

Cells = Float[Array | np.ndarray, "12 cell"]


class Climate(NamedTuple):
    """Monthly means; each of shape (12, cells).

    Attributes
    ----------
    upwelling
        Upward velocity at the bottom of the surface layer, never negative, m/s.
    current
        Eastward wind-driven current, m/s; zero at the coasts.
    stratification
        Vertical gradient of temperature around the bottom of the surface layer, K/m: what a
        thickening of the warm layer by a metre does to the water that wells up.
    jump
        Gradient between the surface and that depth, K/m.
    gradient
        Eastward gradient of surface temperature, K/m; zero at the coasts.
    """

    upwelling: Cells
    current: Cells
    stratification: Cells
    jump: Cells
    gradient: Cells


def surface_current(eastward_stress: npt.NDArray) -> npt.NDArray:
    """Mean current over 2°S–2°N in the surface layer, m/s, per N/m² of stress.

    r u - beta y v = tau / (rho H), r v + beta y u = 0 (Zebiak and Cane 1987, eq. A5), averaged.
    """
    r, edge = float(FRICTION), BETA * _HALF_WIDTH
    mean = np.arctan(edge / r) / edge
    return eastward_stress * mean / (float(SEAWATER_DENSITY) * float(SURFACE_LAYER))


def surface_upwelling(eastward_stress: npt.NDArray) -> npt.NDArray:
    """Mean upward velocity over 2°S–2°N at the bottom of the surface layer, m/s, from the same."""
    r, edge = float(FRICTION), BETA * _HALF_WIDTH
    return -BETA * eastward_stress / (float(SEAWATER_DENSITY) * (r * r + edge * edge))


def coastal_upwelling(
    eastward: npt.NDArray, northward: npt.NDArray, latitude: float
) -> npt.NDArray:
    """Upward velocity by the alongshore wind off Sumatra and Java, which blows to the north-west.

    Offshore Ekman transport over the width that the cell feels.
    """
    alongshore = (northward - eastward) / np.sqrt(2.0)
    coriolis = abs(2 * float(EARTH_ROTATION) * np.sin(np.deg2rad(latitude)))
    return alongshore / (float(SEAWATER_DENSITY) * coriolis * float(UPWELLING_WIDTH))


def mean_climate(sst: xr.DataArray, winds: xr.Dataset, temperature: xr.DataArray) -> Climate:
    """Read the mean climate off observed climatologies.

    Parameters
    ----------
    sst
        Surface temperature in °C (month, latitude, longitude).
    winds
        ``eastward_wind`` and ``northward_wind`` in m/s (month, latitude, longitude).
    temperature
        Temperature of the ocean in °C (month, depth, latitude, longitude).
    """
    depth = float(SURFACE_LAYER)
    u, v = (winds[name] for name in ("eastward_wind", "northward_wind"))
    tau = bulk_stress(u.values, v.values)
    tau_x, tau_y = (u.copy(data=tau[:, i]) for i in (0, 1))
    above, below, top = (temperature.interp(depth=z) for z in (depth - 10, depth + 10, 0.0))
    columns: dict[str, list[npt.NDArray]] = {name: [] for name in Climate._fields}
    for cell in CELLS:
        east, north = region_mean(tau_x, cell).values, region_mean(tau_y, cell).values
        on_equator = cell not in COASTS
        middle = 0.5 * (cell.south + cell.north)
        w = surface_upwelling(east) if on_equator else coastal_upwelling(east, north, middle)
        columns["upwelling"].append(np.maximum(w, 0.0))
        columns["current"].append(surface_current(east) * on_equator)
        t_above, t_below = (region_mean(t, cell).values for t in (above, below))
        columns["stratification"].append((t_above - t_below) / 20.0)
        t_top = region_mean(top, cell).values
        columns["jump"].append((t_top - 0.5 * (t_above + t_below)) / depth)
        columns["gradient"].append(_gradient(sst, cell) * on_equator)
    return Climate(*(np.stack(column, axis=1) for column in columns.values()))


def _gradient(sst: xr.DataArray, cell: Region) -> npt.NDArray[np.float64]:
    """Eastward gradient across a cell from the means of its neighbours, where they are sea."""
    shift = 7.5
    pair = []
    for sign in (-1, 1):
        beside = Region(
            cell.name, cell.west + sign * shift, cell.east + sign * shift, -3, 3, cell.source
        )
        pair.append(region_mean(sst, beside).values)
    own = region_mean(sst, Region(cell.name, cell.west, cell.east, -3, 3, cell.source)).values
    pair = [np.where(np.isfinite(side), side, own) for side in pair]
    return (pair[1] - pair[0]) / (2 * shift * np.deg2rad(1.0) * float(EARTH_RADIUS))
