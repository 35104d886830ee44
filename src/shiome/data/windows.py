"""Square windows of images: where they lie, and how to cut them out all at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.grids.distance import World

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ImageGrid:
    """The pixels of an image.

    Parameters
    ----------
    latitude, longitude
        Pixel centres in degrees, ascending, (row,) and (column,); longitudes evenly spaced.
    world
        Where the image lies: its longitudes repeat.
    """

    latitude: Floats
    longitude: Floats
    world: World

    @classmethod
    def of(cls, images: xr.DataArray, world: World | None = None) -> "ImageGrid":
        """Grid of images with dimensions (time, latitude, longitude).

        Parameters
        ----------
        world
            By default, as the attributes of the images say, or else the globe.

        Raises
        ------
        DataError
            If a dimension is missing or its coordinate is not ascending (or not even).
        """
        _check_images(images)
        latitude, longitude = (
            images[name].values.astype(np.float64) for name in ("latitude", "longitude")
        )
        step = np.diff(longitude)
        if (np.diff(latitude) <= 0).any() or (step <= 0).any():
            raise DataError(
                f"{images.name}: latitude or longitude is not ascending; expected both ascending "
                "(see shiome.grids.to_standard_layout)."
            )
        # GridSat's columns meet 0.06° apart at ±180°, 0.07° elsewhere.
        if np.ptp(step) > 0.2 * step.mean():
            raise DataError(
                f"{images.name}: longitudes are {step.min():g} to {step.max():g} degrees apart; "
                "expected even steps without gaps."
            )
        return cls(latitude, longitude, world or World.of(images))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.latitude.size, self.longitude.size

    @property
    def step(self) -> float:
        """Degrees of longitude between columns."""
        return float((self.longitude[-1] - self.longitude[0]) / (self.longitude.size - 1))

    @property
    def periodic(self) -> bool:
        """Whether the last column touches the first."""
        around = self.world.period
        return (
            around is not None and abs(self.longitude.size * self.step - around) < 0.5 * self.step
        )

    def wrap(self, longitude: npt.ArrayLike) -> Floats:
        """Longitudes brought into the image: from half a column west of the first."""
        return self.world.wrapped(longitude, self.longitude[0] - 0.5 * self.step)

    def locate(self, latitude: npt.ArrayLike, longitude: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Fractional row and column of points; NaN outside the image."""
        y, edge = np.asarray(latitude, np.float64), 0.5 + 1e-9
        number = np.arange(self.latitude.size)
        spacing = np.diff(self.latitude)
        row = np.interp(y, self.latitude, number)
        row = np.where(y < self.latitude[0], (y - self.latitude[0]) / spacing[0], row)
        last = number[-1] + (y - self.latitude[-1]) / spacing[-1]
        row = np.where(y > self.latitude[-1], last, row)
        column = (self.wrap(longitude) - self.longitude[0]) / self.step
        outside = (row < -edge) | (row > number[-1] + edge)
        outside |= column > self.longitude.size - 1 + edge
        return np.where(outside, np.nan, row), np.where(outside, np.nan, column)

    def corner(self, row: Floats, column: Floats, size: int) -> tuple[Ints, Ints]:
        """First row and column of windows around points, moved inside where they would not fit."""
        self.check_size(size)
        first_row = np.clip(np.rint(row - 0.5 * (size - 1)), 0, self.shape[0] - size)
        first_column = np.rint(column - 0.5 * (size - 1))
        if self.periodic:
            first_column %= self.shape[1]
        else:
            first_column = np.clip(first_column, 0, self.shape[1] - size)
        return first_row.astype(np.int64), first_column.astype(np.int64)

    def centre(self, first_row: Ints, first_column: Ints, size: int) -> tuple[Floats, Floats]:
        """Latitude and longitude of the middle of windows, degrees; longitude in [0, 360)."""
        half = 0.5 * (size - 1)
        latitude = np.interp(first_row + half, np.arange(self.shape[0]), self.latitude)
        longitude = self.wrap(self.longitude[0] + (first_column + half) * self.step)
        return latitude, longitude % 360.0

    def check_size(self, size: int) -> None:
        """Refuse windows that are larger than the image."""
        if not 2 <= size <= min(self.shape):
            raise DataError(
                f"patches of {size}×{size} pixels from images of {self.shape[0]}×{self.shape[1]}; "
                f"expected 2 to {min(self.shape)} pixels."
            )


@dataclass(frozen=True)
class Windows:
    """Windows that cover an image, in rows from the south-west.

    Parameters
    ----------
    first_row, first_column
        Corner of each window, (window,).
    latitude, longitude
        Middle of each window in degrees, (window,).
    size
        Pixels along one side.
    """

    first_row: Ints
    first_column: Ints
    latitude: Floats
    longitude: Floats
    size: int

    def cut(self, image: Any) -> Any:
        """All windows of one image (row, column): (window, size, size); NumPy or JAX."""
        step = np.zeros_like(self.first_row)
        return gather(image[None], step, self.first_row, self.first_column, self.size)


def sliding_windows(grid: ImageGrid, size: int = 64, stride: int = 16) -> Windows:
    """Windows a stride apart that reach every pixel; the last ones are flush with the edge.

    Raises
    ------
    DataError
        If a window is larger than the image, or the stride leaves gaps.
    """
    grid.check_size(size)
    if not 1 <= stride <= size:
        raise DataError(f"a stride of {stride} pixels; expected 1 to {size}, the window's side.")
    rows = _starts(grid.shape[0], size, stride)
    columns = (
        np.arange(0, grid.shape[1], stride)
        if grid.periodic
        else _starts(grid.shape[1], size, stride)
    )
    row, column = (index.ravel() for index in np.meshgrid(rows, columns, indexing="ij"))
    return Windows(row, column, *grid.centre(row, column, size), size)


def gather(images: Any, step: Ints, first_row: Ints, first_column: Ints, size: int) -> Any:
    """Cut windows out of images, across the last column where they reach beyond it.

    Parameters
    ----------
    images
        (time, row, column), NumPy or JAX.
    step, first_row, first_column
        Image and corner of each window, (sample,).
    size
        Pixels along one side.

    Returns
    -------
    (sample, size, size) of the same kind and unit.
    """
    side = np.arange(size)
    rows = first_row[:, None] + side
    columns = (first_column[:, None] + side) % images.shape[-1]
    return images[step[:, None, None], rows[:, :, None], columns[:, None, :]]


def _starts(length: int, size: int, stride: int) -> Ints:
    """First pixels of windows along an axis with two ends."""
    return np.unique(np.append(np.arange(0, length - size + 1, stride), length - size))


def _check_images(images: xr.DataArray) -> None:
    """Refuse what is no series of images."""
    if images.dims != ("time", "latitude", "longitude"):
        raise DataError(
            f"{images.name}: dimensions are {images.dims}; expected (time, latitude, longitude)."
        )
    if 0 in images.shape or min(images.shape[1:]) < 2:
        raise DataError(
            f"{images.name}: {images.shape[0]} images of {images.shape[1]}×{images.shape[2]} "
            "pixels; expected at least one of 2×2."
        )
    time = images["time"].values
    if not np.issubdtype(time.dtype, np.datetime64) or np.isnat(time).any():
        raise DataError(f"{images.name}: time is not all dates (type {time.dtype}).")
    if (np.diff(time) <= np.timedelta64(0)).any():
        index = int(np.argmax(np.diff(time) <= np.timedelta64(0))) + 1
        raise DataError(
            f"{images.name}: time {time[index]} at index {index} is not later than the one before; "
            "expected ascending times."
        )
