"""The mean climate in which anomalies live: what the heat budget of the equator needs of it.

One value for each calendar month and cell: the strip 2°S–2°N of the Pacific and Indian Oceans in
steps of 10°, and the coasts of Sumatra and Java.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array, Float

from shiome.core.constants import EARTH_RADIUS, EARTH_ROTATION, SEAWATER_DENSITY, Constant
from shiome.grids.regions import Region, region_weights
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
    eastward: npt.NDArray, northward: npt.NDArray, latitude: npt.ArrayLike
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
    east, north = (_means(u.copy(data=tau[:, i]), CELLS) for i in (0, 1))
    above, below, top = (
        _means(temperature.interp(depth=z), CELLS) for z in (depth - 10, depth + 10, 0.0)
    )
    coast = np.array([cell in COASTS for cell in CELLS])
    middle = np.array([0.5 * (cell.south + cell.north) for cell in CELLS])
    upwelling = surface_upwelling(east)
    upwelling[:, coast] = coastal_upwelling(east[:, coast], north[:, coast], middle[coast])
    return Climate(
        upwelling=np.maximum(upwelling, 0.0),
        current=surface_current(east) * ~coast,
        stratification=(above - below) / 20.0,
        jump=(top - 0.5 * (above + below)) / depth,
        gradient=_gradient(sst) * ~coast,
    )


def _means(field: xr.DataArray, cells: Sequence[Region]) -> npt.NDArray[np.float64]:
    """(month, cell) mean over the part of each cell that has values; NaN where it has none."""
    weights = np.stack([region_weights(field, cell).values.ravel() for cell in cells], axis=1)
    values = field.transpose(..., "latitude", "longitude").values.reshape(-1, len(weights))
    total = np.isfinite(values) @ weights
    return np.nan_to_num(values) @ weights / np.where(total > 0, total, np.nan)


def _gradient(sst: xr.DataArray) -> npt.NDArray[np.float64]:
    """(month, cell) eastward gradient from the means of its neighbours, where they are sea."""
    shift = 7.5
    own, west, east = (
        _means(sst, [Region(c.name, c.west + by, c.east + by, -3, 3, c.source) for c in CELLS])
        for by in (0.0, -shift, shift)
    )
    west, east = (np.where(np.isfinite(side), side, own) for side in (west, east))
    return (east - west) / (2 * shift * np.deg2rad(1.0) * float(EARTH_RADIUS))
