"""The regular grid that a field is worked on, and the way to it from the file's grid."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from shiome.core.errors import DataError
from shiome.data.sources.layout import Layout
from shiome.grids.regrid import CellAverage, binned_average, conservative_average

FINEST = 1.9  # degrees; finer grids are averaged to the working step
STEPS = (2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 10.0, 15.0)  # working steps, degrees; divisors of 180


@dataclass(frozen=True)
class WorkGrid:
    """Target grid and the function that brings values (time, y, x) of the file onto it."""

    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    source: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
    source_size: int
    regrid: Callable[[npt.NDArray], npt.NDArray]
    notes: tuple[str, ...]

    def same_source(self, layout: Layout) -> bool:
        """Whether another file lies on the same grid."""
        pairs = zip(self.source, (layout.latitude, layout.longitude), strict=True)
        return all(
            a.shape == b.shape and np.allclose(a, b, atol=1e-4, equal_nan=True) for a, b in pairs
        )


def make_grid(layout: Layout, where: str) -> WorkGrid:
    """Choose the working grid of a file.

    A regular grid of 2° or coarser is kept (sorted); a finer one is averaged conservatively to 2°;
    a curvilinear one is averaged in the regular cells of a step not finer than its own.

    Raises
    ------
    DataError
        If a curvilinear grid has no usable coordinates or is coarser than 15°.
    """
    return _from_curvilinear(layout, where) if layout.curvilinear else _from_regular(layout)


def _from_regular(layout: Layout) -> WorkGrid:
    """Sort a regular grid and average it if it is fine."""
    y, x = np.round(layout.latitude, 6), np.round(layout.longitude % 360.0, 6) % 360.0
    rows, (x, columns) = np.argsort(y), np.unique(x, return_index=True)
    y, notes = y[rows], []
    source, size = (layout.latitude, layout.longitude), layout.latitude.size * layout.longitude.size
    repeated = layout.longitude.size - x.size
    if repeated:
        notes.append(f"{repeated} repeated longitude (a cyclic point) was dropped.")

    def ordered(values: npt.NDArray) -> npt.NDArray:
        return values[:, rows][:, :, columns]

    fine = min(float(np.median(np.diff(y))), float(np.median(np.diff(x))))
    if fine >= FINEST:
        return WorkGrid(y, x, source, size, ordered, tuple(notes))
    target, average = _cropped((y, x), *_regular_cells(STEPS[0]))
    # Take the values as they lie in the file: sorting is cheaper in the weights.
    lying = (rows[:, None] * layout.longitude.size + columns).ravel()
    selection = sparse.csr_array(
        (np.ones(lying.size), (np.arange(lying.size), lying)), shape=(lying.size, size)
    )
    average = replace(average, weights=sparse.csr_array(average.weights @ selection))
    notes.append(f"The {fine:.3g}° grid was averaged to {STEPS[0]:g}° (conservatively).")
    return WorkGrid(*target, source, size, average, tuple(notes))


def _cropped(
    source: tuple[npt.NDArray, npt.NDArray], latitude: npt.NDArray, longitude: npt.NDArray
) -> tuple[tuple[npt.NDArray, npt.NDArray], CellAverage]:
    """Conservative averages onto the rows and columns of a global grid that the source reaches."""
    average = conservative_average(source, (latitude, longitude))
    covered = np.asarray(average.weights.sum(axis=1)).ravel() >= 0.5 * average.area
    reached = covered.reshape(average.shape)
    target = latitude[reached.any(axis=1)], longitude[reached.any(axis=0)]
    return target, conservative_average(source, target)


def _from_curvilinear(layout: Layout, where: str) -> WorkGrid:
    """Average the points of a curvilinear grid in regular cells."""
    y, x = layout.latitude, layout.longitude
    known = np.isfinite(y + x)
    if known.sum() < 4 or np.ptp(y[known]) == 0 or np.ptp(x[known]) == 0:
        raise DataError(
            f"{where}: the two-dimensional latitudes and longitudes of {layout.variable!r} are "
            "constant or missing; expected the position of every point."
        )
    spacing = max(_spacing(y, x, 0), _spacing(y, x, 1))
    step = next((step for step in STEPS if step >= 0.99 * spacing), None)
    if step is None:
        raise DataError(
            f"{where}: the curvilinear grid of {layout.variable!r} has a spacing of "
            f"{spacing:.3g}°; expected {STEPS[-1]:g}° or finer."
        )
    latitude, longitude = _regular_cells(step)
    low, high = float(np.min(y[known])) - step, float(np.max(y[known])) + step
    latitude = latitude[(latitude > low) & (latitude < high)]
    average = binned_average(y, x, (latitude, longitude))
    note = f"The curvilinear grid {y.shape} was averaged in regular cells of {step:g}°."
    return WorkGrid(latitude, longitude, (y, x), y.size, average, (note,))


def _spacing(y: npt.NDArray, x: npt.NDArray, axis: int) -> float:
    """Median distance between neighbours along one axis of a curvilinear grid, degrees."""
    across = (np.diff(x, axis=axis) + 180.0) % 360.0 - 180.0
    middle = np.delete(y, -1, axis=axis)
    distance = np.hypot(np.diff(y, axis=axis), across * np.cos(np.deg2rad(middle)))
    return float(np.nanmedian(distance))


def _regular_cells(step: float) -> tuple[npt.NDArray, npt.NDArray]:
    """Cell centres of a global grid whose cells begin at the south pole and at 0°."""
    return np.arange(-90 + step / 2, 90, step), np.arange(step / 2, 360, step)
