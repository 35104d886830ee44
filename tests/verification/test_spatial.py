"""Scores of fields as pictures: against loops, and fields whose answer is known."""

import numpy as np
import pytest

from shiome.core.errors import DataError
from shiome.grids.distance import KM_PER_DEGREE
from shiome.verification.spatial import (
    mean_square,
    psnr,
    slope,
    spectrum,
    ssim,
)

RNG = np.random.default_rng(0)


def test_ssim_is_that_of_a_loop_over_windows():
    x, y = RNG.normal(size=(2, 20, 17))
    y = 0.5 * x + 0.5 * y
    offset = np.arange(-5, 6)
    window = np.exp(-0.5 * (offset[:, None] ** 2 + offset**2) / 1.5**2)
    window /= window.sum()
    values = []
    for i in range(5, 15):
        for j in range(5, 12):
            a, b = x[i - 5 : i + 6, j - 5 : j + 6], y[i - 5 : i + 6, j - 5 : j + 6]
            ma, mb = (window * a).sum(), (window * b).sum()
            va, vb = (window * (a - ma) ** 2).sum(), (window * (b - mb) ** 2).sum()
            cov = (window * (a - ma) * (b - mb)).sum()
            c1, c2 = (0.01 * 6) ** 2, (0.03 * 6) ** 2
            values.append(
                (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
            )
    np.testing.assert_allclose(ssim(x, y, 6.0), np.mean(values), rtol=1e-8)
    np.testing.assert_allclose(ssim(np.stack([x, y]), np.stack([y, y]), 6.0)[1], 1.0)


def test_fields_too_small_or_unlike_are_refused():
    with pytest.raises(DataError, match="10 × 30 points; expected more than 10"):
        ssim(np.zeros((10, 30)), np.zeros((10, 30)), 1.0)
    with pytest.raises(DataError, match=r"\(4, 4\) and \(4, 5\); expected the same"):
        mean_square(np.zeros((4, 4)), np.zeros((4, 5)))


def test_mean_square_weighs_rows_and_psnr_counts_decibels():
    fcst, obs = np.array([[1.0, 1.0], [3.0, 3.0]]), np.zeros((2, 2))
    assert mean_square(fcst, obs) == 5.0
    assert mean_square(fcst, obs, np.array([[3.0], [1.0]])) == 3.0
    assert psnr(4.0, 20.0) == pytest.approx(20.0)


@pytest.mark.parametrize("latitude", [0.0, 60.0])
def test_slope_of_a_plane_is_that_of_the_plane(latitude):
    rows = latitude + 0.01 * np.arange(8)
    columns = 0.01 * np.arange(9)
    along = KM_PER_DEGREE * np.cos(np.deg2rad(rows))[:, None]
    eastward = 30.0 * along * columns
    np.testing.assert_allclose(slope(eastward, rows, (0.01, 0.01)), 30.0, rtol=2e-2)
    northward = 40.0 * KM_PER_DEGREE * np.broadcast_to(rows[:, None], (8, 9))
    np.testing.assert_allclose(slope(northward, rows, (0.01, 0.01)), 40.0, rtol=1e-6)


def test_power_lies_at_the_wavelength_of_a_wave():
    x = 5.0 * np.arange(64)
    wave = np.sin(2 * np.pi * x / 40.0) * np.ones((64, 1))
    found = spectrum(wave + 1000, (5.0, 5.0))
    assert found.wavenumber[np.argmax(found.power)] == pytest.approx(1 / 40, abs=0.003)
    turned = spectrum(wave.T, (5.0, 5.0))
    np.testing.assert_allclose(found.power, turned.power, rtol=1e-6, atol=1e-6)


def test_power_of_white_noise_is_its_variance_at_every_wavelength():
    noise = 3.0 * RNG.normal(size=(200, 32, 48))
    found = spectrum(noise, (5.0, 4.0))
    np.testing.assert_allclose(found.power[:, 1:].mean(0), 9.0, rtol=0.15)
    doubled = spectrum(2 * noise, (5.0, 4.0))
    np.testing.assert_allclose(doubled.power, 4 * found.power)
