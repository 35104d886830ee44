"""The parts of the seafloor showcase: windows, tracks, scores, and a training that learns."""

import json
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.ndimage import uniform_filter

from shiome.core.errors import ConfigError, DataError
from shiome.grids.coarsen import block_mean, refine
from shiome.showcases.seafloor import shipped
from shiome.showcases.seafloor.basins import TEST, TRAINING, VALIDATION, Basin, Crops, pair
from shiome.showcases.seafloor.config import Config
from shiome.showcases.seafloor.denoise import (
    CLASSES,
    SETTINGS,
    Surveys,
    filtered,
    noise_errors,
    surveyed,
    tuned,
)
from shiome.showcases.seafloor.inpaint import Charts, gap_errors
from shiome.showcases.seafloor.learning import find_recipe
from shiome.showcases.seafloor.noise import FILTERS, draw_noise
from shiome.showcases.seafloor.run import run
from shiome.showcases.seafloor.scoring import (
    PATCH,
    by_class,
    interval90,
    peak_of,
    pooled,
    redrawn,
    score,
    spectra,
    together,
)
from shiome.showcases.seafloor.squares import SIDE
from shiome.showcases.seafloor.texture import relief_features
from shiome.showcases.seafloor.tracks import INTERPOLATORS, draw_tracks
from shiome.showcases.seafloor.training import Task, tasks


def synthetic(rows=192, columns=240, seed=0):
    """A rough surface whose power falls with wavenumber, as that of the sea floor does."""
    rng = np.random.default_rng(seed)
    wave = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(columns))
    wave[0, 0] = np.inf
    noise = np.fft.fft2(rng.normal(size=(rows, columns)))
    values = np.fft.ifft2(noise * wave**-1.5).real
    return xr.DataArray(
        (-4000 + 800 * values / values.std()).astype(np.float32),
        {"latitude": 10 + np.arange(rows) / 12, "longitude": 200 + np.arange(columns) / 12},
        ("latitude", "longitude"),
    )


@pytest.fixture(scope="module")
def basin() -> Basin:
    return pair(synthetic(), "synthetic", 4)


def test_the_basins_that_judge_teach_nothing():
    assert not set(TEST) & {*TRAINING, VALIDATION}
    assert VALIDATION not in TRAINING


def test_windows_of_coarse_and_fine_belong_together(basin):
    both = Crops(basin.fine[None], 4, 12, 16)
    coarse, fine = both(jax.random.key(0))
    assert coarse.shape == (16, 12, 12, 1)
    assert fine.shape == (16, 48, 48, 1)
    np.testing.assert_allclose(block_mean(fine[..., 0], 4), coarse[..., 0], atol=1e-2)
    again, _ = both(jax.random.key(0))
    np.testing.assert_array_equal(again, coarse)
    corners = {float(window[0, 0, 0]) for window in fine}
    assert len(corners) == 16
    assert corners <= set(basin.fine.ravel().tolist())


def test_fields_too_small_or_with_holes_are_refused():
    with pytest.raises(DataError, match="x: 64 × 240 cells; expected at least 96 along both"):
        pair(synthetic(64), "x", 4)
    holed = synthetic()
    holed[5, 5] = np.nan
    with pytest.raises(DataError, match="x: 1 heights are missing"):
        pair(holed, "x", 4)
    with pytest.raises(ConfigError, match="network 'vdsr'; expected one of srcnn"):
        find_recipe("vdsr")


def test_scores_know_the_truth_and_what_is_worse(basin):
    right, wrong = score(basin.fine, basin), score(refine(basin.coarse, 4), basin)
    worse = score(refine(basin.coarse, 4, "nearest"), basin)
    peak = peak_of(basin)
    numbers = [pooled(s, peak, 1 / 4) for s in (right, wrong, worse)]
    assert numbers[0].rmse == 0
    assert numbers[0].ssim == pytest.approx(1.0)
    assert numbers[0].spectrum == pytest.approx(1.0)
    assert numbers[1].rmse < numbers[2].rmse
    assert numbers[1].psnr > numbers[2].psnr
    assert numbers[1].spectrum < 0.2
    assert numbers[1].slope < numbers[2].slope
    error = (refine(basin.coarse, 4) - basin.fine)[24:-24, 24:-24]
    rows, columns = (side // PATCH * PATCH for side in error.shape)
    expected = np.sqrt(np.mean(error[:rows, :columns].astype(float) ** 2))
    assert numbers[1].rmse == pytest.approx(expected, rel=0.02)


def test_intervals_hold_the_score_and_widen_with_trainings_that_differ(basin):
    one = score(refine(basin.coarse, 4), basin)
    two = score(refine(basin.coarse, 4, "nearest"), basin)
    drawn = lambda members: redrawn(members, peak_of(basin), 0.25, np.random.default_rng(0))
    alone, both = interval90(drawn([one])[:, 0]), interval90(drawn([one, two])[:, 0])
    assert alone[0] < pooled(one, peak_of(basin), 0.25).rmse < alone[1]
    assert both[1] - both[0] > alone[1] - alone[0]


def test_tables_by_class_and_wavelength(basin):
    scores = {m: score(refine(basin.coarse, 4, m), basin) for m in ("bicubic", "nearest")}
    classes = by_class({m: together([s, s]) for m, s in scores.items()})
    assert classes["class"].tolist()[-3:] == ["smooth third", "middle third", "rugged third"]
    depth = classes[:-3]
    total = (depth.bicubic**2 * depth.cells).sum() / depth.cells.sum()
    assert total**0.5 == pytest.approx(np.sqrt(scores["bicubic"].square.mean()), rel=0.02)
    assert classes.bicubic.iloc[-1] > classes.bicubic.iloc[-3]
    table = spectra(scores, 1 / 12)
    assert table.wavelength_km.iloc[-1] == pytest.approx(2 * 9.27, rel=0.05)
    assert table.bicubic.iloc[-1] < 0.2 < table.bicubic.iloc[1]


def test_tracks_are_lines_and_interpolators_keep_to_soundings():
    rng = np.random.default_rng(0)
    seen = draw_tracks(32, 5, rng)
    assert 32 < seen.sum() < 32 * 15
    plane = 10.0 * np.arange(32)[:, None] - 3.0 * np.arange(32) - 4000
    for name, function in INTERPOLATORS.items():
        made = function(plane, seen)
        np.testing.assert_allclose(made[seen], plane[seen], atol=1e-6, err_msg=name)
    np.testing.assert_allclose(INTERPOLATORS["spline"](plane, seen), plane, atol=1e-3)
    natural = INTERPOLATORS["natural_neighbour"](plane, seen)
    assert plane[seen].min() <= natural.min() <= natural.max() <= plane[seen].max()


def test_gaps_alone_are_scored():
    true = np.zeros((1, SIDE, SIDE), np.float32)
    seen = np.zeros((1, SIDE, SIDE), bool)
    seen[0, :, 0] = True
    made = np.where(seen, 1000.0, 2.0).astype(np.float32)
    assert gap_errors(made, Charts(true, seen, {})) == pytest.approx([4.0])


def test_noise_has_its_level_and_lies_along_swaths():
    noise = draw_noise(64, 50.0, np.random.default_rng(3))
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(50.0)
    # What swaths share outlasts an average over neighbours; independent noise would fall to 10 m.
    assert uniform_filter(noise, 5).std() > 15
    assert np.abs(noise).max() > 4 * 50
    np.testing.assert_array_equal(noise, draw_noise(64, 50.0, np.random.default_rng(3)))


@pytest.fixture(scope="module")
def surveys() -> Surveys:
    rng = np.random.default_rng(0)
    heights = synthetic(128, 128).values.reshape(2, 64, 2, 64).swapaxes(1, 2).reshape(4, 64, 64)
    level = np.array([25.0, 45.0, 80.0, 190.0], np.float32)
    noise = np.stack([draw_noise(64, float(size), rng) for size in level])
    return surveyed(heights, noise, level)


def test_surveys_show_what_is_known_and_ask_for_the_noise(surveys):
    assert surveys.classes().tolist() == [0, 1, 2, 3]
    assert surveys.shown().shape == (4, 64, 64, SETTINGS["inner"])
    back = surveys.start + surveys.target()[..., 0] * surveys.unit
    np.testing.assert_allclose(back, surveys.true, atol=1e-2)
    assert np.sqrt(noise_errors(surveys.noisy, surveys)) == pytest.approx(surveys.level, rel=1e-3)


def test_filters_are_tuned_by_noise_level_and_then_gain(surveys):
    strengths = tuned(surveys)
    assert set(strengths) == set(FILTERS)
    assert all(len(one) == CLASSES for one in strengths.values())
    assert strengths["gaussian"][-1] > strengths["gaussian"][0]
    raw = noise_errors(surveys.noisy, surveys)
    for name in ("gaussian", "wiener"):
        made = noise_errors(filtered(name, strengths[name], surveys), surveys)
        assert (made < 1.001 * raw).all(), name
        assert made[-1] < 0.95 * raw[-1], name


def test_relief_features_are_slopes_and_curvature():
    x = np.arange(16.0, dtype=np.float32)
    plane = (3 * x[:, None] + 5 * x)[None]
    for scale, features in enumerate(relief_features(plane)):
        np.testing.assert_allclose(features[..., 0], 3 * 2**scale, rtol=1e-4)
        np.testing.assert_allclose(features[..., 1], 5 * 2**scale, rtol=1e-4)
        np.testing.assert_allclose(features[..., 2], 0, atol=1e-3)


def test_every_training_ships_and_all_together_stay_small():
    all = tasks()
    assert len({(task.stem, task.seed) for task in all}) == len(all)
    assert all.index(Task("texture", 4)) > all.index(Task("edsr", 4))
    assert shipped.names() == sorted({task.stem for task in all})
    size = {task.stem: weights_file(task.stem).stat().st_size for task in all}
    assert sum(size.values()) <= 2_000_000
    for task in (Task("edsr", 8), Task("denoiser")):
        found, (family, settings) = shipped.weights(task.stem), task.built
        assert (found.family, found.settings) == (family, json.loads(json.dumps(dict(settings))))


def weights_file(stem):
    return Path(shipped.__file__).parent / "weights" / f"{stem}.eqx"


@pytest.mark.slow
def test_the_whole_report(tmp_path):
    folder = run(Config(), tmp_path / "report")
    report = json.loads((folder / "report.json").read_text())
    metrics = report["metrics"]
    for factor in (2, 4, 8):
        assert metrics[f"rmse.x{factor}.edsr"] < metrics[f"rmse.x{factor}.bicubic"]
        assert 0.85 < metrics[f"coverage90.x{factor}"] < 0.95
        for name in ("srcnn", "fsrcnn", "espcn", "rrdb", "symmetric"):
            assert metrics[f"gain.x{factor}.{name}"] > 0
    assert metrics["gain.x4.symmetric"] > 12
    assert metrics["gain.x2.symmetric"] > 12
    for task in ("inpaint", "denoise"):
        others = [v for k, v in metrics.items() if k.startswith(f"rmse.{task}.")]
        assert metrics[f"rmse.{task}.unet"] == min(others)
    assert metrics["rmse.x4.symmetric"] < metrics["rmse.x4.edsr"]
    table = pd.read_csv(folder / "data" / "spectrum.csv")
    fine = table[table.wavelength_km < 45]
    assert ((fine.edsr < fine.texture) & (fine.texture < 1)).all()
    assert (folder / "index.html").stat().st_size > 10_000
