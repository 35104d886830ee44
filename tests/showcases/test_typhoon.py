"""The typhoon showcase on a drawn world: storms are large discs of cloud, the others small ones."""

import json
from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.data import DataRecord
from shiome.data.patches import tracks_at
from shiome.data.windows import ImageGrid
from shiome.nets.cnn import CNN
from shiome.showcases.typhoon import config as settings
from shiome.showcases.typhoon import experiments
from shiome.showcases.typhoon import run as system
from shiome.showcases.typhoon.archive import Archive, cloudiness, read_season, write_season
from shiome.showcases.typhoon.config import Config, Extent, Scale
from shiome.showcases.typhoon.detect import detect
from shiome.showcases.typhoon.detector import Machine
from shiome.showcases.typhoon.experiments import scene
from shiome.showcases.typhoon.labels import before, examples
from shiome.showcases.typhoon.score import part_of
from shiome.showcases.typhoon.shipped import load_ensemble
from shiome.showcases.typhoon.train import LADDER, fit_rung
from shiome.showcases.typhoon.whole import Mapper, fit_whole, mapper, targets, train_steps
from shiome.showcases.typhoon.windows import Centred
from shiome.showcases.typhoon.world import joined

TINY = Scale(0, 1, 4, 40, 32, 20, 2, 1, 4, 1, 2, 1, Extent(80, 4, 40, 4, 2))
STEP = 0.9
ROWS, COLUMNS = 48, 64
KEY = jax.random.key(0)
RECORD = DataRecord("drawn", "Discs of cloud", "synthetic", "Apache-2.0", "none")


def disc(grid, y, x, radius):
    """A disc on a plane that repeats in x."""
    lat, lon = grid
    east = (lon[None, :] - x + 28.8) % 57.6 - 28.8
    return np.clip(1.5 - np.hypot(lat[:, None] - y, east) / radius, 0.0, 1.0)


def drawn(year, storms=6, seed=0):
    """A season of 60 images: storms wander as large discs, failed clusters as small ones."""
    rng = np.random.default_rng(seed)
    times = pd.date_range(f"{year}-08-01", periods=60, freq="12h")
    lat, lon = 3.0 + STEP * np.arange(ROWS), 100.0 + STEP * np.arange(COLUMNS)
    values = np.zeros((60, ROWS, COLUMNS), np.float32)
    rows = []
    for number in range(2 * storms):
        good = number < storms
        first = 9 * (number % storms)
        y, x, speed = rng.uniform(8, 38), rng.uniform(100, 157), rng.uniform(-0.4, 0.4)
        for age in range(12):
            if first + age >= 60:
                break
            at = 100.0 + (x + speed * age - 100.0) % 57.6
            values[first + age] += disc((lat, lon), y, at, 3.0 if good else 1.2)
            stage = ("precursor" if age < 6 else "cyclone") if good else "failed"
            name = f"{year}{'S' if good else 'F'}{number}"
            rows.append((name, times[first + age], y, at, 20.0, np.nan, stage))
    columns = ["storm", "time", "latitude", "longitude", "wind", "pressure", "stage"]
    images = xr.DataArray(
        np.clip(values, 0, 1),
        {"time": times.astype("datetime64[ns]"), "latitude": lat, "longitude": lon},
        ("time", "latitude", "longitude"),
        "cloudiness",
        {"units": "1", "longitude_period": 57.6, "geometry": "beta-plane"},
    )
    return images, pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def archive():
    held = joined([drawn(2000 + n, seed=n) for n in (1, 2, 3)])
    return held._replace(record=RECORD)


@pytest.fixture(scope="module")
def known(archive):
    return examples(archive, TINY.size, KEY)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setitem(settings.SCALES, "small", TINY)


def member(channels=1, reach=2.0):
    return Centred(CNN(channels, 3, widths=(4, 8), key=KEY), reach)


def test_maps_move_with_the_image_around_the_world():
    machine = Machine([member()], [1.0], True)
    image = np.random.default_rng(0).uniform(size=(1, 32, 64, 1))
    here, there = machine.maps(image), machine.maps(np.roll(image, 20, axis=2))
    assert here.shape == (1, 16, 32)
    np.testing.assert_allclose(np.roll(here, 10, axis=2), there, atol=1e-5)


def test_a_patch_says_what_the_map_says_at_its_middle():
    """Away from the edges of the patch, whose outside the patch does not know."""
    one = member(reach=1.0)
    image = jax.random.uniform(KEY, (1, 48, 48, 1))
    patch = one(image[:, 16:32, 16:32])
    # The middle of the patch lies between four points of the map.
    around = one.evidence(image)[0, 11:13, 11:13].mean((0, 1))
    np.testing.assert_allclose(patch[0], around, atol=0.05)


def test_a_map_of_whole_images_moves_with_them_around_the_world():
    class Exact(Mapper):
        margin = 56  # all that it sees

    network = mapper(TINY.whole, 0.1, KEY).network
    machine = Machine([Exact(network)], [1.0], True)
    image = np.random.default_rng(0).uniform(size=(1, 32, 64, 4))
    here, there = machine.maps(image), machine.maps(np.roll(image, 16, axis=2))
    assert here.shape == (1, 32, 64)
    np.testing.assert_allclose(np.roll(here, 16, axis=2), there, atol=1e-4)


def test_turns_of_the_image_turn_the_map_with_test_time_augmentation():
    machine = Machine([member()], [1.0], False, symmetric=True)
    image = np.random.default_rng(0).uniform(size=(1, 32, 32, 1))
    turned = machine.maps(np.rot90(image, 1, (1, 2)))
    np.testing.assert_allclose(np.rot90(machine.maps(image), 1, (1, 2)), turned, atol=1e-5)


def test_earlier_images_are_found_by_time():
    times = np.array(["2001-08-01T00", "2001-08-01T12", "2001-08-02T00", "2002-08-01"], "M8[ns]")
    assert before(times).tolist() == [[0, 0, 1, 3], [0, 1, 0, 3]]


def test_no_storm_is_in_two_parts_and_the_test_comes_last(known, archive):
    parts = [known.of(p).patches["storm"].values for p in ("train", "validation", "test")]
    train, validation, test = (set(part) - {""} for part in parts)
    assert not train & validation
    assert not (train | validation) & test
    assert known.of("train").patches["time"].max() < known.of("validation").patches["time"].min()
    times = archive.images["time"].values
    assert times[part_of(times, archive, "validation")].max() < archive.boundaries[1]


def test_nearness_is_one_at_a_storm_and_failed_clusters_weigh_more(archive):
    steps = train_steps(archive)
    assert archive.images["time"].values[steps].max() < archive.boundaries[0]
    made = targets(archive, steps, (ROWS + 2, COLUMNS), 2.0)
    grid = ImageGrid.of(archive.images)
    places = tracks_at(archive.images["time"].values[steps], archive.tracks, grid)
    row, column = grid.locate(places["latitude"], places["longitude"])
    at = np.rint(row).astype(int), np.rint(column).astype(int) % COLUMNS
    near, weight = (made[places["step"], *at, channel] for channel in (0, 1))
    failed = places["hard_negative"].to_numpy()
    # A pixel is 100 km wide, and nearness e^-1/2 in 150 km.
    assert near[~failed].min() > 0.85
    assert weight[failed].min() > 2.7
    early = (places["label"] == 1).to_numpy()
    assert weight[early].min() > 2.7
    assert 0 < (made[..., 0] > 0.5).mean() < 0.05
    assert not made[:, ROWS:].any()


def test_a_storm_on_both_sides_ends_the_training_before_it(archive):
    tracks = archive.tracks.copy()
    late = np.datetime64(archive.boundaries[0], "ns")
    name = tracks["storm"].iloc[0]
    tracks.loc[tracks[tracks["storm"] == name].index[-1], "time"] = late
    steps = train_steps(archive._replace(tracks=tracks))
    began = tracks.loc[tracks["storm"] == name, "time"].min()
    assert archive.images["time"].values[steps].max(initial=np.datetime64(0, "s")) < began


def test_a_network_of_whole_images_learns_and_goes_on_after_a_kill(archive, known, tmp_path):
    extent, calls = TINY.whole, []
    setting = scene(Config(), archive, known)

    def killed():
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt

    fit = partial(fit_whole, extent, archive, setting.images, KEY)
    whole, file = fit(), tmp_path / "whole.ckpt"
    assert whole.score < 0.8
    with pytest.raises(KeyboardInterrupt):
        fit(checkpoint=file, advance=killed)
    resumed = fit(checkpoint=file)
    pairs = zip(jax.tree.leaves(whole), jax.tree.leaves(resumed), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    found = setting.alone(whole.network).scores.sel(estimate="value")
    assert float(found["average_precision"]) > 0.5
    # Four looks at a region agree, though not in every digit.
    region = Machine([whole.network], [1.0], False)
    one, four = (region._replace(symmetric=s).maps(setting.images[:2]) for s in (False, True))
    assert one.shape == four.shape == (2, ROWS, COLUMNS)
    assert 0 < np.abs(four - one).mean() < 0.05


def test_a_network_learns_to_find_the_large_discs(known, archive):
    rung = next(r for r in LADDER if r.name == "sampling")
    scale = TINY._replace(steps=150, width=8)
    trained = fit_rung(rung, scale, known.of("train"), known.of("validation"), KEY)
    setting = scene(Config(), archive, known)
    machine = Machine([trained.network], [1.0], True)
    scores = setting.search(setting.maps(machine, rung)).scores.sel(estimate="value")
    assert float(scores["average_precision"]) > 0.6


def test_an_interrupted_training_ends_with_the_same_weights(known, tmp_path):
    parts = known.of("train"), known.of("validation")
    rung, calls = LADDER[1], []

    def killed():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    whole = fit_rung(rung, TINY, *parts, KEY)
    file = tmp_path / "plain.ckpt"
    with pytest.raises(KeyboardInterrupt):
        fit_rung(rung, TINY, *parts, KEY, checkpoint=file, advance=killed)
    resumed = fit_rung(rung, TINY, *parts, KEY, checkpoint=file)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(resumed), strict=True)
    )
    with pytest.raises(DataError, match="another training"):
        fit_rung(rung, TINY, *parts, jax.random.key(5), checkpoint=file)


def test_the_whole_report(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(system, "shipped", lambda: archive)
    monkeypatch.setattr(system, "PATH", tmp_path / "none")
    # Two rungs: each has programs of its own to compile.
    rungs = (LADDER[0], LADDER[-1])
    monkeypatch.setattr(experiments, "LADDER", rungs)
    folder = system.run(Config(), tmp_path / "report")
    told = json.loads((folder / "report.json").read_text())
    assert {"pod", "far", "precision_at_recall79", "average_precision"} <= told["metrics"].keys()
    assert {"recall.day2", "recall.day5", "recall.day7"} <= told["metrics"].keys()
    for method in ("threshold", "logistic", "single"):
        assert f"average_precision.{method}" in told["baselines"]
    ladder = pd.read_csv(folder / "data" / "ladder.csv")
    assert list(ladder["name"]) == [*(r.name for r in rungs), "ensemble", "tta"]
    page = (folder / "index.html").read_text()
    assert "Synthetic data." in page
    ensemble = load_ensemble(folder / "data" / "ensemble.eqx")
    assert len(ensemble.members) == TINY.members
    assert 0 < ensemble.threshold < 1

    # The same ensemble searches a file of images.
    longwave = (290.0 - 190.0 * archive.images[-2:]).rename("olr").assign_attrs(units="W m-2")
    path = tmp_path / "image.nc"
    longwave.to_dataset().assign_attrs(archive.images.attrs).to_netcdf(path)
    found = detect(
        str(path),
        threshold=0.05,
        out=str(tmp_path / "found.csv"),
        figure=str(tmp_path / "found.png"),
        ensemble=ensemble,
    )
    assert len(pd.read_csv(tmp_path / "found.csv")) == len(found.table)
    assert found.table["probability"].between(0, 1).all()
    assert (tmp_path / "found.png").stat().st_size > 1000


def test_a_season_comes_back_from_its_file_and_belongs_to_its_configuration(tmp_path):
    images, tracks = drawn(2001)
    path = tmp_path / "season.nc"
    write_season(path, images, tracks, "seed 0")
    again, table = read_season(path, "seed 0")
    np.testing.assert_allclose(again, images, atol=0.5 / 15 + 1e-6)
    assert again.attrs["longitude_period"] == 57.6
    pd.testing.assert_series_equal(table["storm"], tracks["storm"])
    with pytest.raises(DataError, match="another configuration"):
        read_season(path, "seed 1")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match="not a whole season"):
        read_season(path)


def test_cloudiness_of_both_kinds_of_images():
    warm = xr.DataArray([290.0, 100.0, np.nan], dims="x", name="olr", attrs={"units": "W m-2"})
    np.testing.assert_allclose(cloudiness(warm), [0, 1, np.nan])
    cold = xr.DataArray([300.0, 190.0], dims="x", name="tb", attrs={"units": "K"})
    np.testing.assert_allclose(cloudiness(cold), [0, 1])
    with pytest.raises(DataError, match="units 'm'; expected W m-2"):
        cloudiness(cold.assign_attrs(units="m"))


def test_bad_input_is_told_in_one_line(archive, tmp_path):
    with pytest.raises(ConfigError, match="belong together"):
        system.run(Config(images="a.nc"), tmp_path / "a")
    with pytest.raises(ConfigError, match="--radius"):
        system.run(replace(Config(), radius=1.0), tmp_path / "b")
    with pytest.raises(DataError, match="no such file"):
        detect(str(tmp_path / "none.nc"), threshold=0.5)
    late = Archive(archive.images, archive.tracks, (np.datetime64("2009-01-01"),) * 2, RECORD)
    with pytest.raises(DataError, match="ascending"):
        examples(late, TINY.size, KEY)
    late = late._replace(boundaries=(np.datetime64("2008-01-01"), np.datetime64("2009-01-01")))
    with pytest.raises(DataError, match="no sample is left for validation"):
        examples(late, TINY.size, KEY)
    empty = archive._replace(images=archive.images * np.nan)
    with pytest.raises(DataError, match="missing"):
        examples(empty, TINY.size, KEY)
    with pytest.raises(DataError, match="64×64 pixels"):
        examples(archive, 64, KEY)
