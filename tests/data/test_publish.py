"""A published set comes back as it was, explains itself, and shows any damage."""

import hashlib
import json
from dataclasses import replace

import jax
import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import DataError, OutputError
from shiome.data.catalog import DataRecord
from shiome.data.patches import PatchOptions, labelled_patches
from shiome.data.publish import DataCard, open_published, publish
from shiome.data.splits import time_parts

from .storms import images, tracks

CARD = DataCard(
    name="test-patches",
    title="Synthetic patches for a test",
    motivation="To test.",
    composition="Numbers that say where they are.",
    collection="Made up.",
    preprocessing="None.",
    uses="Tests only.",
    license="https://spdx.org/licenses/CC0-1.0",
    citation="Nobody (2001).",
    creator="The testers",
    rebuild="pytest tests/data/test_publish.py",
    date="2001-08-31",
    sources=(DataRecord("made-up", "Made-up storms", "synthetic", "CC0", "None."),),
)
OPTIONS = PatchOptions(size=16, jitter=3, background=2, distance=900.0)


@pytest.fixture(scope="module")
def patches():
    """The whole way: images and tracks, patches, parts."""
    data = labelled_patches(images(), tracks(), key=jax.random.key(0), options=OPTIONS)
    part = time_parts(
        data["time"].values,
        data["storm"].values,
        ["2001-08-05T18"],
        gap=np.timedelta64(6, "h"),
        label=data["label"].values,
    )
    return data.assign_coords(part=("sample", part))


@pytest.fixture(scope="module")
def folder(patches, tmp_path_factory):
    return publish(patches, tmp_path_factory.mktemp("sets") / "storms", CARD)


def test_comes_back_as_it_was(folder, patches):
    opened = open_published(folder).load()
    for name in patches.variables:
        np.testing.assert_array_equal(opened[name].values, patches[name].values, err_msg=name)
    assert opened["image"].attrs["units"] == "W m-2"
    assert opened.attrs["license"] == CARD.license
    assert not list(folder.parent.glob(".*"))


def test_the_datasheet_tells_all_of_it(folder, patches):
    sheet = (folder / "datasheet.md").read_text()
    for text in (CARD.motivation, CARD.uses, CARD.rebuild, CARD.citation, "synthetic data"):
        assert text in sheet
    count = int((patches["label"] == 2).sum())
    table = [line for line in sheet.splitlines() if line.startswith("| all")]
    assert table[0].endswith(f"| {count} |")
    assert f"{patches.sizes['sample']} samples. 3 storms and clusters." in sheet
    assert sheet.count("```") % 2 == 0


def test_statistics_are_those_of_the_pixels(folder, patches):
    told = json.loads((folder / "statistics.json").read_text())
    for number, name in enumerate(("other", "precursor", "cyclone")):
        inside = patches["label"].values == number
        pixels = patches["image"].values[inside].astype(np.float64)
        assert told["classes"][name] == inside.sum()
        assert sum(part[name] for part in told["parts"].values()) == inside.sum()
        row = told["image"][name]
        assert row["mean"] == pytest.approx(pixels.mean(), rel=1e-5)
        assert row["standard_deviation"] == pytest.approx(pixels.std(), rel=1e-5)
        assert (row["smallest"], row["largest"]) == pytest.approx((pixels.min(), pixels.max()))
    assert told["hard_negatives"] == 3


def test_the_metadata_describe_every_variable_and_file(folder, patches):
    metadata = json.loads((folder / "croissant.json").read_text())
    assert metadata["@type"] == "sc:Dataset"
    assert metadata["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    fields = {field["name"]: field for field in metadata["recordSet"][0]["field"]}
    assert fields.keys() == set(patches.variables)
    assert fields["image"]["arrayShape"] == "16,16"
    assert fields["image"]["dataType"] == "sc:Float"
    assert fields["label"]["description"].endswith("other precursor cyclone")
    for file in metadata["distribution"]:
        if "sha256" in file:
            content = (folder / file["contentUrl"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_a_set_larger_than_memory_is_copied_in_pieces(patches, tmp_path, monkeypatch):
    store = tmp_path / "patches.zarr"
    lazy = labelled_patches(images(), tracks(), key=jax.random.key(0), options=OPTIONS, store=store)
    sizes = []
    load = xr.Dataset.load
    monkeypatch.setattr(
        xr.Dataset, "load", lambda d, **k: sizes.append(d.sizes["sample"]) or load(d, **k)
    )
    monkeypatch.setattr("shiome.data.store.SAMPLES", 20)
    folder = publish(lazy, tmp_path / "set", CARD)
    assert max(sizes) == 20
    np.testing.assert_array_equal(open_published(folder)["image"], patches["image"])


def copy_of(folder, tmp_path):
    import shutil

    return shutil.copytree(folder, tmp_path / "copy")


def chunk(folder):
    return sorted((folder / "data.zarr" / "image").glob("[0-9]*"))[0]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: chunk(f).write_bytes(chunk(f).read_bytes()[:-1] + b"x"), "differs from its"),
        (lambda f: chunk(f).unlink(), r"1 file\(s\) missing, the first data.zarr/image"),
        (lambda f: (f / "data.zarr" / "x").write_text("x"), r"1 file\(s\) new"),
        (lambda f: (f / "croissant.json").write_text("{}"), "croissant.json differs"),
        (lambda f: (f / "manifest-sha256.txt").unlink(), "cannot be read"),
        (lambda f: (f / "manifest-sha256.txt").write_text("rubbish"), "not a list of checksums"),
    ],
)
def test_damage_is_told_in_one_line(folder, tmp_path, damage, message):
    copy = copy_of(folder, tmp_path)
    damage(copy)
    with pytest.raises(DataError, match=message) as error:
        open_published(copy)
    assert "\n" not in str(error.value)


def test_nothing_there_is_overwritten_and_nothing_unfinished_stays(patches, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    with pytest.raises(OutputError, match="exists already"):
        publish(patches, tmp_path / "there", CARD)
    with pytest.raises(DataError, match="no such folder"):
        open_published(tmp_path / "nowhere")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("shiome.data.publish.datasheet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(patches, tmp_path / "new", CARD)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_what_cannot_be_published(patches, tmp_path):
    with pytest.raises(DataError, match="expected 'label' along 'sample'"):
        publish(patches.drop_vars("label"), tmp_path / "x", CARD)
    with pytest.raises(DataError, match="no samples"):
        publish(patches.isel(sample=slice(0, 0)), tmp_path / "x", CARD)
    with pytest.raises(DataError, match="lacks license"):
        replace(CARD, license=" ")
