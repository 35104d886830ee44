"""Averages of a field over the cells of another grid."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import sparse
from scipy.spatial import cKDTree

from shiome.grids.latlon import cell_edges, longitude_bounds

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class CellAverage:
    """Weighted averages over target cells, with missing values left out.

    Parameters
    ----------
    weights
        Area of each source cell inside each target cell, shape (targets, sources), sparse.
    area
        Area of each target cell in the same unit, shape (targets,).
    shape
        Target (latitude, longitude).
    min_fraction
        Part of a target cell that must carry values; NaN below.
    """

    weights: sparse.csr_array
    area: Array
    shape: tuple[int, int]
    min_fraction: float

    def __call__(self, values: Array) -> npt.NDArray[np.float64]:
        """Average ``values`` (..., source latitude, source longitude) over the target cells."""
        fields = values.reshape(-1, self.weights.shape[1])
        means = np.empty((len(fields), self.weights.shape[0]))
        valid, covered = np.zeros(0, bool), np.zeros(0)
        for field, mean in zip(fields, means, strict=True):
            present = np.isfinite(field)
            if not np.array_equal(present, valid):  # mostly the same coast, step after step
                valid, covered = present, self.weights @ present.astype(np.float64)
            enough = covered >= np.maximum(self.min_fraction * self.area - 1e-12, 1e-300)
            total = self.weights @ np.where(present, field, 0.0)
            mean[:] = np.divide(total, covered, out=np.full(total.shape, np.nan), where=enough)
        return means.reshape(*values.shape[:-2], *self.shape)


def conservative_average(
    source: tuple[Array, Array], target: tuple[Array, Array], min_fraction: float = 0.5
) -> CellAverage:
    """First-order conservative averages between two regular grids.

    The weight of a source cell is the exact area of its overlap with the target cell on the
    sphere (Jones 1999, Mon. Wea. Rev. 127, 2204-2210, eq. 4, first term).

    Parameters
    ----------
    source, target
        Cell centres (latitude, longitude) in degrees: ascending, longitudes in [0, 360).
    min_fraction
        Part of a target cell's area that must carry values.
    """
    rows = _overlap(_sine_bounds(target[0]), _sine_bounds(source[0]))
    target_columns, source_columns = longitude_bounds(target[1]), longitude_bounds(source[1])
    turns = (-720.0, -360.0, 0.0, 360.0, 720.0)
    columns = sum(_overlap(target_columns, source_columns + turn) for turn in turns)
    heights = np.diff(_sine_bounds(target[0]))[:, 0]
    widths = np.diff(target_columns)[:, 0]
    return CellAverage(
        weights=sparse.csr_array(sparse.kron(sparse.csr_array(rows), sparse.csr_array(columns))),
        area=np.outer(heights, widths).ravel(),
        shape=(len(target[0]), len(target[1])),
        min_fraction=min_fraction,
    )


def binned_average(
    latitude: Array, longitude: Array, target: tuple[Array, Array], min_fraction: float = 0.5
) -> CellAverage:
    """Averages of the points of a curvilinear grid over the regular cells that they fall in.

    Cells in which no point falls take the nearest point, if it is nearer than three cells.

    Parameters
    ----------
    latitude, longitude
        Of the points in degrees, shape (y, x); points with NaN are left out.
    target
        Evenly spaced cell centres (latitude, longitude), ascending, longitudes in [0, 360).
    min_fraction
        Part of a cell's points that must carry values.
    """
    rows, columns = len(target[0]), len(target[1])
    step = float(target[0][1] - target[0][0])
    known = np.flatnonzero(np.isfinite(latitude + longitude))
    y, x = latitude.ravel()[known], np.mod(longitude.ravel()[known], 360.0)
    row = np.floor((y - target[0][0]) / step + 0.5).astype(int)
    column = np.floor((x - target[1][0]) / step + 0.5).astype(int)
    column = np.where((column == columns) & (columns * step >= 359.9), 0, column)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    cell, point = (row * columns + column)[inside], known[inside]
    empty = np.setdiff1d(np.arange(rows * columns), cell)
    centre_y, centre_x = (v.ravel() for v in np.meshgrid(*target, indexing="ij"))
    tree = cKDTree(_on_sphere(y, x))
    distance, nearest = tree.query(_on_sphere(centre_y[empty], centre_x[empty]))
    near = distance < 3.0 * np.deg2rad(step)
    cell = np.concatenate([cell, empty[near]])
    point = np.concatenate([point, known[nearest[near]]])
    weights = sparse.csr_array(
        (np.ones(len(cell)), (cell, point)), shape=(rows * columns, latitude.size)
    )
    area = np.maximum(np.asarray(weights.sum(axis=1)).ravel(), 1.0)
    return CellAverage(weights, area, (rows, columns), min_fraction)


def conservative(
    field: xr.DataArray, latitude: Array, longitude: Array, *, min_fraction: float = 0.5
) -> xr.DataArray:
    """Average a field over the cells of a regular grid, conserving its integral.

    Parameters
    ----------
    field
        Dimensions (..., latitude, longitude) in the standard layout; NaN is left out.
    latitude, longitude
        Target cell centres in degrees: ascending, longitudes in [0, 360).
    min_fraction
        Part of a target cell's area that must carry values; NaN below.
    """
    field = field.transpose(..., "latitude", "longitude")
    source = (field["latitude"].values, field["longitude"].values)
    average = conservative_average(source, (latitude, longitude), min_fraction)
    coords = {k: v for k, v in field.coords.items() if k not in ("latitude", "longitude")}
    return xr.DataArray(
        average(field.values).astype(field.dtype),
        coords={**coords, "latitude": latitude, "longitude": longitude},
        dims=field.dims,
        name=field.name,
        attrs=field.attrs,
    )


def _sine_bounds(latitude: Array) -> npt.NDArray[np.float64]:
    """Sines of the south and north edges of ascending latitude rows, shape (n, 2)."""
    edges = np.sin(np.deg2rad(cell_edges(latitude.astype(np.float64), -90.0, 90.0)))
    return np.column_stack([edges[:-1], edges[1:]])


def _overlap(first: Array, second: Array) -> npt.NDArray[np.float64]:
    """Length that interval i of ``first`` shares with interval j of ``second``; (n, 2), (m, 2)."""
    low = np.maximum(first[:, None, 0], second[None, :, 0])
    high = np.minimum(first[:, None, 1], second[None, :, 1])
    return np.clip(high - low, 0.0, None)


def _on_sphere(latitude: Array, longitude: Array) -> npt.NDArray[np.float64]:
    """Unit vectors of points in degrees, shape (n, 3)."""
    y, x = np.deg2rad(latitude), np.deg2rad(longitude)
    return np.column_stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)])
