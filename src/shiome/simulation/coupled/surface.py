"""Patterns of surface temperature of some training years, and what the cells see of them."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.compiling import single
from shiome.core.constants import EARTH_RADIUS
from shiome.core.errors import DataError
from shiome.grids.latlon import area_weights
from shiome.grids.months import month_number
from shiome.grids.regions import Region, climate_index, region_weights
from shiome.simulation.coupled.climate import (
    BETA,
    CELLS,
    coastal_upwelling,
    surface_current,
    surface_upwelling,
)
from shiome.simulation.coupled.heat import SurfaceMaps
from shiome.simulation.coupled.reduced_ocean import (
    COASTS,
    INDIAN,
    NORTH,
    PACIFIC,
    SOUTH,
    ReducedOcean,
)
from shiome.simulation.empirical.eof import EOFBasis
from shiome.simulation.empirical.regression import ridge
from shiome.simulation.ocean import Basin, OceanParameters
from shiome.simulation.ocean.simulated import MappedWind

# e-folding half width of what equatorial upwelling does to the surface, degrees of latitude.
TRAPPING = 3.0
# A month of which less than this share of the points was seen counts as not observed.
LEAST_SEEN = 0.5
_METRES_PER_DEGREE = float(np.deg2rad(1.0) * float(EARTH_RADIUS))


@dataclass(frozen=True)
class Surface:
    """Surface temperature of one fold as amplitudes of patterns.

    Parameters
    ----------
    month
        (time,) month numbers.
    known
        (time,) whether the month was observed: half of its points at least.
    used
        (latitude, longitude) points that the patterns cover.
    basis
        Patterns of the training months.
    amplitude
        (time, k); zero where not observed.
    indices
        (time, 2) Niño 3.4 and the dipole in K; NaN where not observed.
    """

    month: npt.NDArray[np.int64]
    known: npt.NDArray[np.bool_]
    used: npt.NDArray[np.bool_]
    basis: EOFBasis
    amplitude: npt.NDArray[np.float64]
    indices: npt.NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        anomaly: xr.DataArray,
        indices: npt.NDArray,
        training: npt.NDArray[np.bool_],
        modes: int,
        latitude: float,
    ) -> "Surface":
        """Patterns of a belt around the equator.

        Parameters
        ----------
        anomaly
            (time, latitude, longitude) departures from the climatology of the training months, K.
        indices
            (time, 2) its Niño 3.4 and dipole, as :func:`target_indices` gives them.
        training
            (time,) months that may be used.
        modes, latitude
            How many patterns, up to which latitude.

        Raises
        ------
        DataError
            If the field has no values in that belt.
        """
        anomaly = anomaly.transpose("time", "latitude", "longitude")
        values = anomaly.values
        present = np.isfinite(values)
        known = np.asarray(present.any((1, 2)))
        often = present.sum(0) >= 0.9 * known.sum()
        used = np.asarray(often & (np.abs(anomaly["latitude"].values) <= latitude)[:, None])
        if not used.any() or not known.any():
            raise DataError(
                f"{anomaly.name}: no values within {latitude}° of the equator; expected a field "
                "that covers it."
            )
        seen = present[:, used]
        known = known & (seen.mean(1) >= LEAST_SEEN)
        points = np.where(seen, values[:, used], 0.0)
        area = np.broadcast_to(area_weights(anomaly["latitude"]).values[:, None], used.shape)[used]
        basis = EOFBasis.fit(points, area, training & known, modes)
        amplitude = np.where(known[:, None], basis.encode(points), 0.0)
        for t in np.flatnonzero(known & ~seen.all(1)):
            amplitude[t] = _encode_seen(basis, points[t], seen[t])
        return cls(
            np.asarray(month_number(anomaly["time"].values)), known, used, basis, amplitude, indices
        )

    def decode(self, amplitude: npt.NDArray) -> npt.NDArray[np.float64]:
        """(..., k) to anomalies in K (..., latitude, longitude), zero where not covered."""
        field = np.zeros((*np.shape(amplitude)[:-1], *self.used.shape))
        field[..., self.used] = amplitude @ self.basis.patterns * self.basis.scale
        field[..., self.used] /= self.basis.weights
        return field

    def regression(
        self, values: npt.NDArray, rows: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64]:
        """Coefficients (k, m) that give values (time, m) from the amplitudes, over some months."""
        x = self.amplitude[rows]
        return ridge(x, values[rows], 1e-4 * x.var(0))


def _encode_seen(
    basis: EOFBasis, points: npt.NDArray, seen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Amplitudes of a month with gaps: the likeliest by the points that were seen.

    Each pattern varies as in training, and what none of them explains is noise from point to point
    (optimal interpolation in the space of patterns).
    """
    noise = max(1.0 - basis.explained.sum(), 0.0) / seen.size
    patterns = basis.patterns[:, seen]
    precision = patterns @ patterns.T + np.diag(noise / basis.explained)
    weighted = patterns @ (points * basis.weights)[seen]
    return np.asarray(np.linalg.solve(precision, weighted), np.float64) / basis.scale


def target_indices(anomaly: xr.DataArray) -> npt.NDArray[np.float64]:
    """(time, 2) Niño 3.4 and dipole mode index of a field, K."""
    return np.stack([climate_index(anomaly, name).values for name in ("nino34", "dmi")], axis=1)


def surface_maps(
    surface: Surface,
    template: xr.DataArray,
    wind_from_surface: npt.NDArray[np.float64],
    wind: MappedWind,
    basin: Basin,
    ocean: ReducedOcean,
) -> SurfaceMaps:
    """Every linear map that the heat budget takes.

    Parameters
    ----------
    surface, template
        The patterns, and a field on their grid.
    wind_from_surface
        (k, pattern) amplitudes of the stress patterns from those of the surface.
    wind, basin
        Patterns of stress, and the grid they are on.
    ocean
        The reduced ocean.
    """
    patterns = surface.decode(np.eye(surface.amplitude.shape[1]))
    temperature, spread = [], []
    grid = [tuple(template[name].values.tolist()) for name in ("latitude", "longitude")]
    for seen, felt in _cell_weights(*grid):
        inside = seen * surface.used
        total = inside.sum()
        temperature.append((patterns * inside).sum((1, 2)) / max(total, 1e-12))
        spread.append(surface.basis.encode((felt * surface.used)[surface.used]))
    at_cells = np.stack(temperature)
    stress = np.stack([_box_stress(wind.patterns, basin, cell) for cell in CELLS])
    tau = np.einsum("cpd,kp->cdk", stress, wind_from_surface)
    return SurfaceMaps(
        *(
            single(x)
            for x in (
                at_cells,
                _strip_gradient(at_cells),
                surface_current(tau[:, 0]) * _on_equator(),
                _upwelling(tau),
                _geostrophic(ocean),
                ocean.rows([cell.name for cell in CELLS]),
                np.stack(spread, axis=1),
            )
        )
    )


def _on_equator() -> npt.NDArray[np.bool_]:
    return np.array([cell not in COASTS for cell in CELLS])[:, None]


@cache
def _cell_weights(
    latitude: tuple[float, ...], longitude: tuple[float, ...]
) -> list[tuple[npt.NDArray, npt.NDArray]]:
    """The same for every fold: :func:`_weights` of all cells on a grid."""
    axes = {"latitude": list(latitude), "longitude": list(longitude)}
    field = xr.DataArray(np.zeros((len(latitude), len(longitude))), axes, ("latitude", "longitude"))
    return [_weights(field, cell) for cell in CELLS]


def _weights(field: xr.DataArray, cell: Region) -> tuple[npt.NDArray, npt.NDArray]:
    """Weights of a cell's mean, and how much of an anomaly in it each point feels."""
    if cell in COASTS:
        weights = region_weights(field, cell).values
        return weights, weights / weights.max()
    strip = Region(cell.name, cell.west, cell.east, -3, 3, cell.source)
    column, whole = (
        region_weights(field, Region(cell.name, west, east, -90, 90, cell.source)).values
        for west, east in ((cell.west, cell.east), (0, 360))
    )
    fading = np.exp(-0.5 * (field["latitude"].values / TRAPPING) ** 2)
    return region_weights(field, strip).values, column / whole * fading[:, None]


def _box_stress(patterns: npt.NDArray, basin: Basin, cell: Region) -> npt.NDArray[np.float64]:
    """(pattern, 2) mean stress of each pattern in a cell."""
    return np.asarray((patterns * basin.box_mean(cell)).sum((-2, -1)), np.float64)


def _upwelling(tau: npt.NDArray) -> npt.NDArray[np.float64]:
    """(cell, k) anomalous upwelling of stress (cell, 2, k)."""
    rows = []
    for cell, (east, north) in zip(CELLS, tau, strict=True):
        middle = 0.5 * (cell.south + cell.north)
        coast = cell in COASTS
        rows.append(coastal_upwelling(east, north, middle) if coast else surface_upwelling(east))
    return np.stack(rows)


def _strip_gradient(at_cells: npt.NDArray) -> npt.NDArray[np.float64]:
    """(cell, k) eastward gradient in K/m from neighbouring cells of the same strip."""
    out = np.zeros_like(at_cells)
    first = 0
    for strip in (PACIFIC, INDIAN):
        rows = slice(first, first + len(strip))
        middle = np.array([0.5 * (cell.west + cell.east) for cell in strip])
        out[rows] = np.gradient(at_cells[rows], middle * _METRES_PER_DEGREE, axis=0)
        first += len(strip)
    return out


def _geostrophic(ocean: ReducedOcean) -> npt.NDArray[np.float64]:
    """(cell, n) current on the equator from the curvature of the thickness across it, m/s.

    u = - g' / beta d2h/dy2 (Gill 1982, section 11.6), with a parabola through the means over
    2°S–2°N and over 3°–6° on both sides; only in the Pacific.
    """
    p = OceanParameters()
    middle = np.array([0.5 * (r.west + r.east) for r in NORTH])
    names = [[r.name for r in side] for side in (NORTH, SOUTH)]
    aside = np.mean([np.asarray(ocean.rows(n), np.float64) for n in names], axis=0)
    on = np.asarray(ocean.rows([r.name for r in PACIFIC]), np.float64)
    centres = [0.5 * (r.west + r.east) for r in PACIFIC]
    beside = np.stack([np.interp(centres, middle, column) for column in aside.T], axis=1)
    # Means of y² over the two bands, in square degrees.
    apart = (6**3 - 3**3) / (3 * (6 - 3)) - 2**3 / (3 * 2)
    curvature = 2.0 * (beside - on) / (apart * _METRES_PER_DEGREE**2)
    gravity = float(p.wave_speed) ** 2 / float(p.thickness)
    out = np.zeros((len(CELLS), on.shape[1]))
    out[: len(PACIFIC)] = -gravity / BETA * curvature
    return out
