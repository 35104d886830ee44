"""Scores of fields as pictures: likeness, slopes, and power at each wavelength.

All work on fields of shape (..., rows, columns), give one number per field, and leave it to the
caller how these are pooled: squared errors and powers are averaged before roots and ratios.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shiome.core.errors import DataError
from shiome.grids.distance import KM_PER_DEGREE

Floats = npt.NDArray[np.floating]


class Spectrum(NamedTuple):
    """Power by wavenumber.

    Attributes
    ----------
    wavenumber
        Middle of each bin in cycles per km, (bins,).
    power
        Mean power per Fourier component of each field, (..., bins); NaN in a bin without any.
    """

    wavenumber: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]


def mean_square(
    fcst: Floats, obs: Floats, weights: Floats | None = None
) -> npt.NDArray[np.float64]:
    """Mean squared error of each field.

    Parameters
    ----------
    fcst, obs
        (..., rows, columns).
    weights
        Of the points, broadcast to the fields, for example the area of each row.
    """
    _check_pair(fcst, obs)
    square = (np.asarray(fcst, np.float64) - obs) ** 2
    if weights is None:
        return square.mean((-2, -1))
    weight = np.broadcast_to(weights, square.shape)
    return (square * weight).sum((-2, -1)) / weight.sum((-2, -1))


def psnr(mean_square: float | npt.NDArray[np.float64], peak: float) -> npt.NDArray[np.float64]:
    """Peak signal-to-noise ratio in decibels; infinite without an error.

    Parameters
    ----------
    mean_square
        As :func:`mean_square` gives it.
    peak
        Range of the true values.
    """
    with np.errstate(divide="ignore"):
        return 10 * np.log10(peak**2 / np.asarray(mean_square, np.float64))


def ssim(fcst: Floats, obs: Floats, peak: float) -> npt.NDArray[np.float64]:
    """Structural similarity of each field, with the published Gaussian window.

    Parameters
    ----------
    fcst, obs
        (..., rows, columns), larger than the window of 11 points.
    peak
        Range of the true values.

    References
    ----------
    Wang et al. (2004), IEEE Trans. Image Process. 13, 600-612, equation 13; window of σ = 1.5.
    """
    _check_pair(fcst, obs)
    half = 5
    if min(obs.shape[-2:]) <= 2 * half:
        raise DataError(
            f"fields of {obs.shape[-2]} × {obs.shape[-1]} points; expected more than {2 * half}."
        )
    x, y = np.asarray(fcst, np.float64), np.asarray(obs, np.float64)
    sigma = (*[0.0] * (x.ndim - 2), 1.5, 1.5)
    window = lambda z: ndimage.gaussian_filter(z, sigma, truncate=half / 1.5)
    mean_x, mean_y = window(x), window(y)
    variance_x, variance_y = window(x * x) - mean_x**2, window(y * y) - mean_y**2
    covariance = window(x * y) - mean_x * mean_y
    first, second = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    likeness = (2 * mean_x * mean_y + first) * (2 * covariance + second)
    likeness /= (mean_x**2 + mean_y**2 + first) * (variance_x + variance_y + second)
    return likeness[..., half:-half, half:-half].mean((-2, -1))


def slope(field: Floats, latitude: Floats, step: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Steepness of a surface in m per km, by centred differences.

    Parameters
    ----------
    field
        Heights in m, (..., rows, columns).
    latitude
        Of the rows in degrees, (..., rows).
    step
        Degrees of latitude between rows, and of longitude between columns.

    Returns
    -------
    (..., rows − 2, columns − 2): the outermost points have no neighbours on one side.
    """
    values = np.asarray(field, np.float64)
    north = (values[..., 2:, 1:-1] - values[..., :-2, 1:-1]) / (2 * step[0] * KM_PER_DEGREE)
    width = 2 * step[1] * KM_PER_DEGREE * np.cos(np.deg2rad(latitude[..., 1:-1, None]))
    east = (values[..., 1:-1, 2:] - values[..., 1:-1, :-2]) / width
    return np.hypot(north, east)


def spectrum(field: Floats, spacing: tuple[float, float], bins: int = 24) -> Spectrum:
    """Power of each field by wavenumber, whatever the direction.

    The mean is taken out and a Hann window laid over each field, so that its edges do not pass
    for steps. Bins run evenly up to the Nyquist wavenumber of the wider spacing.

    Parameters
    ----------
    field
        (..., rows, columns).
    spacing
        km between rows and between columns.
    bins
        Of wavenumber.
    """
    values = np.asarray(field, np.float64)
    rows, columns = values.shape[-2:]
    values = values - values.mean((-2, -1), keepdims=True)
    taper = np.hanning(rows + 2)[1:-1, None] * np.hanning(columns + 2)[1:-1]
    power = np.abs(np.fft.rfft2(values * taper)) ** 2 / (taper**2).sum()
    # Each component of the half plane stands for two, but for those on its edges.
    twice = np.full(columns // 2 + 1, 2.0)
    twice[0] = 1.0
    if columns % 2 == 0:
        twice[-1] = 1.0
    along = np.fft.fftfreq(rows, spacing[0])[:, None], np.fft.rfftfreq(columns, spacing[1])
    wavenumber = np.hypot(*along)
    edges = np.linspace(0, 0.5 / max(spacing), bins + 1)
    index = np.digitize(wavenumber.ravel(), edges) - 1
    inside = (index >= 0) & (index < bins) & (wavenumber.ravel() > 0)
    weight = np.broadcast_to(twice, wavenumber.shape).ravel()[inside]
    place = np.zeros((inside.sum(), bins))
    place[np.arange(inside.sum()), index[inside]] = weight
    count = place.sum(0)
    total = power.reshape(*power.shape[:-2], -1)[..., inside] @ place
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return Spectrum(0.5 * (edges[1:] + edges[:-1]), mean)


def _check_pair(fcst: Floats, obs: Floats) -> None:
    if fcst.shape != obs.shape:
        raise DataError(f"fields of shape {fcst.shape} and {obs.shape}; expected the same.")
