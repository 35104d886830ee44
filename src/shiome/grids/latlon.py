"""Latitude–longitude grids: one layout inside, exact areas."""

import numpy as np
import numpy.typing as npt
import xarray as xr


def to_standard_layout(field: xr.DataArray | xr.Dataset) -> xr.DataArray | xr.Dataset:
    """Sort to ascending latitude and ascending longitude in [0, 360).

    Parameters
    ----------
    field
        Anything with one-dimensional ``latitude`` and ``longitude`` coordinates in degrees.
    """
    longitude = np.mod(field["longitude"].values.astype(np.float64), 360.0)
    field = field.assign_coords(longitude=("longitude", longitude, field["longitude"].attrs))
    return field.sortby(["latitude", "longitude"])


def cell_edges(centres: npt.NDArray[np.floating], low: float, high: float) -> npt.NDArray:
    """Edges halfway between ascending cell centres, the outer ones clipped to [low, high].

    Shapes: ``centres`` (n,), result (n + 1,).
    """
    middle = 0.5 * (centres[1:] + centres[:-1])
    first = centres[0] - (middle[0] - centres[0])
    last = centres[-1] + (centres[-1] - middle[-1])
    return np.clip(np.concatenate([[first], middle, [last]]), low, high)


def longitude_bounds(longitude: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """West and east edges of ascending cells in [0, 360), shape (n, 2), within (−360, 720).

    Cells meet halfway between their centres, also across 0°; where the grid leaves a part of the
    circle out, the cells beside the gap are as wide as their other half says.
    """
    n = len(longitude)
    gaps = np.diff(longitude, append=longitude[0] + 360.0)
    start = (int(np.argmax(gaps)) + 1) % n
    centres = np.roll(longitude.astype(np.float64), -start)
    centres = np.where(centres < centres[0], centres + 360.0, centres)
    edges = cell_edges(centres, -np.inf, np.inf)
    if edges[-1] - edges[0] > 360.0:
        edges[0] = 0.5 * (centres[0] + centres[-1] - 360.0)
        edges[-1] = edges[0] + 360.0
    return np.roll(np.column_stack([edges[:-1], edges[1:]]), start, axis=0)


def _overlap(lower: npt.NDArray, upper: npt.NDArray, low: float, high: float) -> npt.NDArray:
    """Length of each cell's part inside [low, high], with cells given by their two edges."""
    return np.clip(np.minimum(upper, high) - np.maximum(lower, low), 0.0, None)


def latitude_overlap(latitude: npt.NDArray, south: float, north: float) -> npt.NDArray:
    """Area of each latitude row's part between two parallels, on the unit sphere per radian."""
    edges = np.sin(np.deg2rad(cell_edges(latitude, -90.0, 90.0)))
    return _overlap(edges[:-1], edges[1:], np.sin(np.deg2rad(south)), np.sin(np.deg2rad(north)))


def longitude_overlap(longitude: npt.NDArray, west: float, east: float) -> npt.NDArray:
    """Width in radians of each column's part between two meridians, across 0° where needed.

    ``west`` and ``east`` may be in either convention; ``east < west`` wraps around.
    """
    if east - west >= 360.0:
        west, east = 0.0, 360.0
    else:
        west, east = west % 360.0, east % 360.0
        if east <= west:
            east += 360.0
    lower, upper = longitude_bounds(longitude).T
    turns = (-360.0, 0.0, 360.0, 720.0)
    width = sum(_overlap(lower + turn, upper + turn, west, east) for turn in turns)
    return np.deg2rad(width)


def area_weights(latitude: xr.DataArray) -> xr.DataArray:
    """Exact relative area of each latitude row, normalised to mean 1. Shape (latitude,)."""
    area = latitude_overlap(latitude.values.astype(np.float64), -90.0, 90.0)
    return xr.DataArray(area / area.mean(), coords={"latitude": latitude}, dims="latitude")
