"""Patches show what their labels say, and nothing is left out silently."""

import jax
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from shiome.core.errors import ConfigError, DataError, OutputError
from shiome.data.patches import PatchOptions, labelled_patches
from shiome.data.windows import ImageGrid
from shiome.grids.distance import GLOBE, World

from .storms import images, track, tracks

KEY = jax.random.key(1)
OPTIONS = PatchOptions(size=16, jitter=3, background=2, distance=900.0)
PATCHES = labelled_patches(images(), tracks(), key=KEY, options=OPTIONS)


def pixels(patches):
    """Time index, row and column of the first pixel, read from the picture itself."""
    corner = patches["image"].values[:, 0, 0].astype(np.int64)
    return corner // 10**4, corner // 100 % 100, corner % 100


def test_every_patch_is_the_window_it_claims_to_be():
    step, row, column = pixels(PATCHES)
    np.testing.assert_array_equal(images()["time"].values[step], PATCHES["time"])
    np.testing.assert_array_equal(row, PATCHES["row"])
    np.testing.assert_array_equal(column, PATCHES["column"])
    assert PATCHES["image"].dtype == np.float32
    assert PATCHES["image"].attrs["units"] == "W m-2"


def test_labels_follow_the_tracks():
    storm = PATCHES.swap_dims(sample="storm")
    # Rows 12 h apart, images 6 h apart: the positions between are interpolated.
    assert storm.sel(storm="A").sizes["storm"] == 15
    days = storm["days_to_genesis"].sel(storm="A").values
    np.testing.assert_allclose(days, np.arange(2, -1.51, -0.25), atol=1e-6)
    np.testing.assert_array_equal(storm["label"].sel(storm="A"), np.where(days > 0, 1, 2))
    np.testing.assert_allclose(storm["latitude"].sel(storm="A"), 0.35 * np.arange(15), atol=1e-5)
    failed = storm.sel(storm="C")
    assert failed["hard_negative"].all()
    assert (failed["label"] == 0).all()
    background = storm.sel(storm="")
    assert (background["label"] == 0).all()
    assert not background["hard_negative"].any()
    assert background["days_to_genesis"].isnull().all()
    assert (np.diff(PATCHES["time"].values) >= np.timedelta64(0)).all()


def test_storms_are_in_their_patches_and_not_always_in_the_middle():
    grid = ImageGrid.of(images())
    storms = PATCHES.isel(sample=PATCHES["storm"].values != "")
    row, column = grid.locate(storms["latitude"], storms["longitude"])
    for place, first in ((row, storms["row"]), (column, storms["column"])):
        inside = place - first.values
        assert (np.abs(inside - 7.5) <= 3.5 + 1e-4).all()
        assert np.ptp(np.rint(inside)) >= 3
    centred = labelled_patches(
        images(), tracks(), key=KEY, options=PatchOptions(size=16, jitter=0, background=0)
    )
    row, _ = grid.locate(centred["latitude"], centred["longitude"])
    assert (np.abs(row - centred["row"].values - 7.5) <= 0.5 + 1e-4).all()


@settings(max_examples=8)
@given(
    st.integers(0, 1000),
    st.sampled_from([300.0, 900.0, 1500.0]),
    st.sampled_from([GLOBE, World(45.0), World(45.0, plane=True)]),
)
def test_background_keeps_its_distance(seed, distance, world):
    options = PatchOptions(size=16, jitter=0, background=3, distance=distance)
    field = images()
    patches = labelled_patches(
        field, tracks(), key=jax.random.key(seed), options=options, world=world
    )
    storms = patches.isel(sample=patches["storm"].values != "")
    background = patches.isel(sample=patches["storm"].values == "")
    _, count = np.unique(background["time"], return_counts=True)
    assert count.max() <= 3
    same = storms["time"].values[:, None] == background["time"].values
    apart = world.distance(
        storms["latitude"].values[:, None],
        storms["longitude"].values[:, None],
        background["latitude"].values,
        background["longitude"].values,
    )
    assert apart[same].min() >= distance - 0.1
    found = background.sizes["sample"]
    assert found == 3 * 40 or any("found no place" in note for note in patches.attrs["notes"])


def test_the_key_decides():
    again = labelled_patches(images(), tracks(), key=KEY, options=OPTIONS)
    xr.testing.assert_identical(again, PATCHES)
    other = labelled_patches(images(), tracks(), key=jax.random.key(2), options=OPTIONS)
    assert (other["row"].values[:20] != PATCHES["row"].values[:20]).any()


def test_a_store_written_in_pieces_holds_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("shiome.data.patches.BLOCK_VALUES", 7 * 60 * 90)
    store = tmp_path / "patches.zarr"
    lazy = labelled_patches(images(), tracks(), key=KEY, options=OPTIONS, store=store)
    loaded = lazy.load()
    xr.testing.assert_equal(loaded.drop_vars("storm"), PATCHES.drop_vars("storm"))
    assert list(loaded["storm"].values) == list(PATCHES["storm"].values)
    with pytest.raises(OutputError, match="exists already"):
        labelled_patches(images(), tracks(), key=KEY, options=OPTIONS, store=store)


def test_a_storm_that_crosses_the_seam_of_a_periodic_image():
    field = images(8, 40, 80, west=0.0, south=-10.0, step=0.5)
    crossing = track("S", "2001-08-01", [(0, 38.5), (0, 39.5), (0, 0.5)], ["cyclone"] * 3)
    options = PatchOptions(size=16, jitter=0, background=1, distance=700.0)
    patches = labelled_patches(field, crossing, key=KEY, options=options, world=World(40.0))
    storm = patches.isel(sample=patches["storm"].values == "S")
    np.testing.assert_allclose(storm["longitude"], [38.5, 39.0, 39.5, 0.0, 0.5], atol=1e-4)
    columns = storm["image"].values[:, 0] % 100
    assert {0, 79} <= set(columns[2].astype(int))
    assert (np.diff(columns, axis=1) % 80 == 1).all()


def test_storms_outside_and_early_precursors_are_left_out_and_told():
    away = track("Z", "2001-08-01", [(0.0, 50.0)] * 3, ["cyclone"] * 3)
    early = track("E", "2001-08-01", [(15.0, 140.0)] * 20, ["precursor"] * 18 + ["cyclone"] * 2)
    table = pd.concat([tracks(), away, early], ignore_index=True)
    patches = labelled_patches(images(), table, key=KEY, options=OPTIONS)
    assert "Z" not in patches["storm"].values
    assert float(patches["days_to_genesis"].max()) == 7.0
    notes = patches.attrs["notes"]
    assert any("outside the images" in note for note in notes)
    assert any("more than 7 days early" in note for note in notes)


def test_missing_pixels():
    field = images()
    field[3] = np.nan
    field[10, ::4, ::8] = np.nan  # 1 in 32
    patches = labelled_patches(field, tracks(), key=KEY, options=OPTIONS)
    assert field["time"].values[3] not in patches["time"].values
    assert np.isfinite(patches["image"]).all()
    assert "more than 5% of their pixels missing" in patches.attrs["notes"][-1]
    holed = patches.isel(sample=patches["time"].values == field["time"].values[10])
    assert holed.sizes["sample"] >= 1
    with pytest.raises(DataError, match="expected images with values"):
        labelled_patches(field * np.nan, tracks(), key=KEY, options=OPTIONS)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (tracks().iloc[::-1], OPTIONS, "expected later than the row before"),
        (tracks().assign(longitude=400.0), OPTIONS, "expected 0 to 360"),
        (tracks(), PatchOptions(), "64×64 pixels from images of 60×90"),
        (
            tracks().assign(time=tracks()["time"] + pd.Timedelta("900D")),
            OPTIONS,
            "no storm of 3 exists at the time of an image",
        ),
        (
            tracks().assign(longitude=30.0),
            PatchOptions(size=16, jitter=0, background=0),
            "no storm lies in the images",
        ),
    ],
)
def test_says_what_is_wrong_in_one_line(table, options, message):
    with pytest.raises(DataError, match=message) as error:
        labelled_patches(images(), table, key=KEY, options=options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("wrong", [{"jitter": 32}, {"background": -1}, {"max_missing": 1.0}])
def test_refuses_options_out_of_bounds(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        PatchOptions(**wrong)
