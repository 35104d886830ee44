"""A report folder is complete or absent, and its JSON keeps the schema."""

import json
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from shiome.core import OutputError
from shiome.data import DataRecord
from shiome.products import Report, prepare_output, write_report_page
from shiome.products.style import new_axes

RECORD = DataRecord("made/up sst", "Made up", "synthetic", "CC0-1.0", "Nobody, 2000.")


@dataclass(frozen=True)
class Config:
    members: int = 108
    start: str | None = None


def start(path, **options):
    defaults = {"showcase": "trial", "title": "A trial", "config": Config(), "seed": 7}
    return Report.create(path, **(defaults | options))


def fill(report):
    figure, axes = new_axes("A line")
    axes.plot([0, 1], [0, 1])
    table = pd.DataFrame({"x": [0, 1], "y": [0.0, 1.0]})
    report.add_figure("line", figure, caption="A line from 0 to 1.", data=table)
    report.data.append(RECORD)
    report.metrics["acc.nino34.lead01"] = np.float32(0.5)
    report.metrics["acc.nino34.lead02"] = float("nan")
    report.baselines["acc.nino34.lead01.persistence"] = np.float64(0.25)
    report.intervals["acc.nino34.lead01"] = np.array([0.4, np.inf])
    report.warn("Careful.")
    report.warn("Careful.")
    write_report_page(report, "One line.")


@pytest.fixture
def folder(tmp_path):
    with start(tmp_path / "report") as report:
        fill(report)
    return tmp_path / "report"


def refuse_constant(name):
    raise AssertionError(f"{name} is not valid JSON")


def test_report_json_follows_the_schema(folder):
    text = (folder / "report.json").read_text(encoding="utf-8")
    report = json.loads(text, parse_constant=refuse_constant)
    assert list(report) == sorted(report)
    assert set(report) == {
        "showcase", "title", "config", "seed", "data", "metrics", "baselines", "intervals",
        "figures", "warnings", "elapsed_s", "versions",
    }  # fmt: skip
    assert report["config"] == {"members": 108, "start": None}
    assert report["seed"] == 7
    assert report["metrics"] == {"acc.nino34.lead01": 0.5, "acc.nino34.lead02": None}
    assert report["baselines"] == {"acc.nino34.lead01.persistence": 0.25}
    assert report["intervals"] == {"acc.nino34.lead01": [0.4, None]}
    assert report["data"] == [
        {
            "id": "made/up sst",
            "kind": "synthetic",
            "license": "CC0-1.0",
            "citation": "Nobody, 2000.",
        }
    ]
    assert report["figures"] == [
        {"file": "figures/line.png", "caption": "A line from 0 to 1.", "data": "data/line.csv"}
    ]
    assert report["warnings"] == ["Careful."]
    assert report["versions"]["shiome"]
    assert report["elapsed_s"] >= 0


def test_folder_holds_what_it_promises_and_nothing_beside_it(folder):
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "report.json", "index.html", "figures/line.png", "data/line.csv", "ro-crate-metadata.json",
    }  # fmt: skip
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_crate_tells_what_ran_on_what(folder):
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    run = entities["#run"]
    assert run["@type"] == "CreateAction"
    assert {"@id": "figures/line.png"} in run["result"]
    inputs = {item["@id"] for item in run["object"]}
    assert {"#data-made%2Fup%20sst", "#config-members", "#config-seed"} <= inputs
    assert entities["#data-made%2Fup%20sst"]["license"] == "CC0-1.0"
    assert entities["#config-seed"]["value"] == "7"
    assert entities["#shiome"]["softwareVersion"]
    assert entities["figures/line.png"]["description"] == "A line from 0 to 1."
    for part in entities["./"]["hasPart"]:
        assert (folder / part["@id"]).is_file()


def test_generic_page_shows_figures_metrics_and_settings(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    for words in (
        "figures/line.png",
        "acc.nino34.lead01",
        "0.500",
        "Careful.",
        "CC0-1.0",
        "One line.",
    ):
        assert words in page
    assert "Synthetic data." in page
    assert "http" not in page


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_run_leaves_nothing(tmp_path, error):
    def interrupted():
        with start(tmp_path / "report") as report:
            fill(report)
            raise error

    with pytest.raises(error):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_nothing_has_the_final_name_before_the_end(tmp_path):
    with start(tmp_path / "report") as report:
        fill(report)
        assert not (tmp_path / "report").exists()
        assert not (report.work / "report.json").exists()
    assert (tmp_path / "report" / "report.json").is_file()


def test_report_without_page_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no page"), start(tmp_path / "report"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_full_folder_is_refused_without_overwrite(folder):
    with pytest.raises(OutputError, match="not empty"):
        start(folder)
    assert (folder / "report.json").is_file()


def test_overwrite_replaces_only_at_the_end(folder):
    (folder / "old.txt").write_text("old")
    with start(folder, overwrite=True, title="Second") as report:
        fill(report)
        assert (folder / "old.txt").is_file()
    assert not (folder / "old.txt").exists()
    assert json.loads((folder / "report.json").read_text())["title"] == "Second"
    assert [path.name for path in folder.parent.iterdir()] == ["report"]


def test_failed_overwrite_keeps_the_earlier_report(folder):
    before = (folder / "report.json").read_bytes()
    with pytest.raises(RuntimeError), start(folder, overwrite=True):
        raise RuntimeError
    assert (folder / "report.json").read_bytes() == before


def test_overwrite_never_removes_a_folder_that_is_no_report(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="not a report"):
        prepare_output(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").is_file()


def test_empty_folder_and_missing_parents_are_welcome(tmp_path):
    (tmp_path / "empty").mkdir()
    assert prepare_output(tmp_path / "empty") == (tmp_path / "empty").resolve()
    assert prepare_output(tmp_path / "a" / "b" / "c").parent.is_dir()


def test_file_as_output_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        prepare_output(tmp_path / "taken")
    with pytest.raises(OutputError, match="cannot write"):
        prepare_output(tmp_path / "taken" / "below")


def test_place_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(OutputError) as caught:
        prepare_output(tmp_path / "report")
    assert "\n" not in str(caught.value)
    assert "Permission denied" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_read_only_parent_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="cannot write"):
            prepare_output(tmp_path / "report")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("key", ["ACC.nino34", "acc nino34", "acc..lead01", ".acc", "acc."])
def test_metric_keys_are_dotted_lower_case(tmp_path, key):
    with pytest.raises(ValueError, match="dotted"), start(tmp_path / "report") as report:
        report.metrics.update({key: 1.0})


def test_numbers_behind_a_map_come_back_unchanged(tmp_path):
    field = xr.DataArray(np.random.default_rng(0).normal(size=(4, 5)), dims=("y", "x"), name="t")
    with start(tmp_path / "report") as report:
        assert report.add_numbers("field", field) == "data/field.nc"
        with xr.open_dataset(report.work / "data/field.nc") as stored:
            np.testing.assert_array_equal(stored["field"], field)
        fill(report)
