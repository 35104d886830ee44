"""Scores of sharpened basins, patch by patch, and their intervals."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from shiome.grids.distance import KM_PER_DEGREE
from shiome.showcases.seafloor.basins import EDGE, Basin
from shiome.verification.spatial import (
    mean_square,
    psnr,
    slope,
    spectrum,
    ssim,
)

PATCH = 48
"""Fine cells along one side of the patches that are scored."""
DEPTHS: Mapping[str, tuple[float, float]] = {
    "land": (0.0, np.inf),
    "0-200 m": (-200.0, 0.0),
    "200-2000 m": (-2000.0, -200.0),
    "2000-4000 m": (-4000.0, -2000.0),
    "4000-6000 m": (-6000.0, -4000.0),
    "below 6000 m": (-np.inf, -6000.0),
}

Floats = npt.NDArray[np.floating]


class PatchScores(NamedTuple):
    """What one method makes of each patch; all arrays begin with (patches,).

    Attributes
    ----------
    area
        Relative area.
    square
        Mean squared error in m².
    ssim
        Structural similarity.
    slope_square
        Mean squared error of the slope in (m/km)².
    power, true_power
        Power spectra (patches, bins) of the method and of the truth.
    ruggedness
        Standard deviation of the true heights in m.
    by_depth
        (patches, classes, 2): sum of squared errors and number of cells by true depth.
    """

    area: Floats
    square: Floats
    ssim: Floats
    slope_square: Floats
    power: Floats
    true_power: Floats
    ruggedness: Floats
    by_depth: Floats


class Numbers(NamedTuple):
    """Scores pooled over patches.

    Attributes
    ----------
    rmse, psnr, ssim, slope
        m, dB, 1, m/km.
    spectrum
        Power over true power at wavelengths that the input cannot hold: 1 is right.
    """

    rmse: float
    psnr: float
    ssim: float
    slope: float
    spectrum: float


def score(height: Floats, on: Basin) -> PatchScores:
    """Scores of each patch of a basin, the edge left out."""
    made, true = (_patches(field) for field in (height, on.fine))
    rows = _patches(np.broadcast_to(on.rows[:, None], on.fine.shape))[:, :, :1]
    latitude = _patches(np.broadcast_to(on.latitude[:, None], on.fine.shape))[:, :, 0]
    peak = peak_of(on)
    steep, true_steep = (slope(field, latitude, on.step) for field in (made, true))
    square = (made.astype(np.float64) - true) ** 2
    inside = [(true >= low) & (true < high) for low, high in DEPTHS.values()]
    by_depth = [[(square * i).sum((1, 2)), i.sum((1, 2))] for i in inside]
    return PatchScores(
        rows.mean((1, 2)),
        mean_square(made, true, rows),
        ssim(made, true, peak),
        mean_square(steep, true_steep),
        _power(made, latitude, on.step),
        _power(true, latitude, on.step),
        true.std((1, 2)),
        np.moveaxis(np.array(by_depth), -1, 0),
    )


def peak_of(on: Basin) -> float:
    """Range of the true heights of a basin in m, which PSNR and SSIM are relative to."""
    return float(np.ptp(on.fine))


def together(scores: Sequence[PatchScores]) -> PatchScores:
    """Patches of several basins as one."""
    return PatchScores(*(np.concatenate(parts) for parts in zip(*scores, strict=True)))


def pooled(scores: PatchScores, peak: float, above: float, weight: Floats | None = None) -> Numbers:
    """Scores over all patches.

    Parameters
    ----------
    scores
        Of each patch.
    peak
        Range of the true heights in m.
    above
        Share of the fine Nyquist wavenumber from which on the input holds nothing.
    weight
        How often each patch counts; once by default.
    """
    area = scores.area if weight is None else scores.area * weight
    mean = lambda values: float(np.average(values, weights=area))
    bins = scores.power.shape[1]
    fine = slice(round(above * bins), None)
    power, true = (
        np.average(p[:, fine], axis=0, weights=area) for p in (scores.power, scores.true_power)
    )
    square = mean(scores.square)
    return Numbers(
        square**0.5,
        float(psnr(square, peak)),
        mean(scores.ssim),
        mean(scores.slope_square) ** 0.5,
        float(power.sum() / true.sum()),
    )


def redrawn(
    members: Sequence[PatchScores],
    peak: float,
    above: float,
    rng: np.random.Generator,
    resamples: int = 200,
) -> npt.NDArray[np.float64]:
    """(resamples, scores) of patches drawn again, and of one of the trainings each time.

    Parameters
    ----------
    members
        Scores of one network trained from different seeds; one for what is not trained.
    peak, above
        As of :func:`pooled`.
    rng
        Random numbers: the same give the same patches to whatever is scored.
    resamples
        Draws.
    """
    patches = len(members[0].area)
    drawn = []
    for _ in range(resamples):
        counts = np.bincount(rng.integers(0, patches, patches), minlength=patches)
        # Drawn in any case, so that the next patches are the same for all methods.
        which = int(rng.integers(0, 1 << 30)) % len(members)
        drawn.append(pooled(members[which], peak, above, counts.astype(float)))
    return np.array(drawn)


def interval90(values: Floats) -> tuple[float, float]:
    """The middle 90 % of resampled values."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)


def by_class(scores: Mapping[str, PatchScores]) -> pd.DataFrame:
    """RMSE in m of each method by depth and by thirds of ruggedness; one row per class."""
    first = next(iter(scores.values()))
    edges = np.quantile(first.ruggedness, [1 / 3, 2 / 3])
    third = np.digitize(first.ruggedness, edges)
    rows = []
    for i, name in enumerate(DEPTHS):
        cells = int(first.by_depth[:, i, 1].sum())
        if cells:
            made = {m: (s.by_depth[:, i, 0].sum() / cells) ** 0.5 for m, s in scores.items()}
            rows.append({"class": name, "cells": cells} | made)
    for i, name in enumerate(("smooth third", "middle third", "rugged third")):
        chosen = third == i
        made = {
            m: np.average(s.square[chosen], weights=s.area[chosen]) ** 0.5
            for m, s in scores.items()
        }
        rows.append({"class": name, "cells": int(chosen.sum()) * PATCH**2} | made)
    return pd.DataFrame(rows)


def spectra(scores: Mapping[str, PatchScores], step: float) -> pd.DataFrame:
    """Power over true power by wavelength; columns wavelength_km and one per method."""
    first = next(iter(scores.values()))
    bins = first.power.shape[1]
    wavenumber = (np.arange(bins) + 0.5) / bins * 0.5 / (step * KM_PER_DEGREE)
    ratio = {m: (s.power.mean(0) / s.true_power.mean(0)) for m, s in scores.items()}
    return pd.DataFrame({"wavelength_km": 1 / wavenumber} | ratio)


def _patches(field: Floats) -> Floats:
    """(patches, PATCH, PATCH) of the inner part of a field (rows, columns)."""
    rows, columns = ((size - 2 * EDGE) // PATCH for size in field.shape)
    inner = field[EDGE : EDGE + rows * PATCH, EDGE : EDGE + columns * PATCH]
    tiles = inner.reshape(rows, PATCH, columns, PATCH).swapaxes(1, 2)
    return tiles.reshape(-1, PATCH, PATCH)


def _power(patches: Floats, latitude: Floats, step: tuple[float, float]) -> Floats:
    """Power spectra (patches, bins); patches of one row of latitudes share their spacing."""
    middle = latitude.mean(1)
    out = np.empty((len(patches), PATCH // 2))
    for value in np.unique(middle):
        chosen = middle == value
        spacing = step[0] * KM_PER_DEGREE, step[1] * KM_PER_DEGREE * np.cos(np.deg2rad(value))
        out[chosen] = spectrum(patches[chosen], spacing, PATCH // 2).power
    return out
