"""Distances on the sphere."""

import numpy as np
import numpy.typing as npt

from shiome.core.constants import EARTH_RADIUS


def great_circle(
    latitude: npt.ArrayLike,
    longitude: npt.ArrayLike,
    other_latitude: npt.ArrayLike,
    other_longitude: npt.ArrayLike,
    period: float = 360.0,
) -> npt.NDArray[np.float64]:
    """Great-circle distance in km between points in degrees, by the haversine formula.

    Parameters
    ----------
    latitude, longitude, other_latitude, other_longitude
        Degrees, in any convention; shapes that broadcast.
    period
        Longitudes after which the world repeats: 360, or less for a simulated periodic channel.
    """
    y, other_y = np.deg2rad(latitude), np.deg2rad(other_latitude)
    across = np.asarray(other_longitude, np.float64) - np.asarray(longitude, np.float64)
    across = np.deg2rad((across + 0.5 * period) % period - 0.5 * period)
    square = (
        np.sin(0.5 * (other_y - y)) ** 2 + np.cos(y) * np.cos(other_y) * np.sin(0.5 * across) ** 2
    )
    return 2e-3 * float(EARTH_RADIUS) * np.arcsin(np.sqrt(np.clip(square, 0.0, 1.0)))
