"""The seasonal outlook from the command line to the finished folder, on a synthetic record."""

import json
import os
import shutil
import signal

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from shiome.cli import EXIT_BAD_INPUT, EXIT_INTERRUPTED, main
from shiome.showcases.seasonal import hindcast
from shiome.showcases.seasonal import run as module
from shiome.showcases.seasonal.config import Config

LEADS = [f"lead{lead:02d}" for lead in range(1, 13)]
SCORES = ("acc.nino34", "rmse.nino34", "acc.dmi", "rmse.dmi", "rpss.nino34", "crps.nino34",
          "spread_error.nino34")  # fmt: skip
SEASONS = ("acc.dmi.ond.from_jun", "acc.dmi.ond.from_sep")
KEYS = [f"{score}.{lead}" for score in SCORES for lead in LEADS] + list(SEASONS)


def outlook(*options, out):
    main(["run", "seasonal", *options, "--members", "12", "--out", str(out)])
    return json.loads((out / "report.json").read_text())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def without_page(monkeypatch):
    """Runs whose figures are drawn elsewhere."""
    monkeypatch.setattr(
        module, "write_outlook", lambda report, *_: report.write_page("<title>Outlook</title>")
    )


@pytest.fixture(scope="module")
def whole(record, tmp_path_factory):
    """A run with the simulated ocean and a field with holes, and its folder."""
    folder = tmp_path_factory.mktemp("whole")
    holes = record.sst.copy()
    holes[50:53, 6, 13:15] = np.nan
    holes = holes.isel(time=[*range(100), *range(102, 240)])
    path = folder / "holes.nc"
    holes.assign_attrs(units="degC").to_dataset().assign_attrs(title="Synthetic SST").to_netcdf(
        path
    )
    report = outlook("--sst", str(path), out=folder / "report")
    assert names(folder) == ["holes.nc", "report"]
    return report, folder / "report"


def test_the_folder_is_complete(whole):
    report, folder = whole
    assert {"data", "figures", "index.html", "report.json", "ro-crate-metadata.json"} == set(
        names(folder)
    )
    assert len(report["figures"]) > 5
    for figure in report["figures"]:
        assert (folder / figure["file"]).stat().st_size > 1000
        assert (folder / figure["data"]).is_file()
        assert figure["caption"]
    page = (folder / "index.html").read_text()
    assert "Niño" in page
    assert "synthetic" in page.lower()
    assert "<script src=" not in page  # opens offline
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    assert crate["@graph"]


def test_the_report_follows_its_schema(whole):
    report, _ = whole
    assert set(report) == {
        "showcase", "title", "config", "seed", "data", "metrics", "baselines", "intervals",
        "figures", "warnings", "elapsed_s", "versions"}  # fmt: skip
    assert report["showcase"] == "seasonal"
    assert report["config"]["members"] == 12
    assert report["config"]["sst"].endswith("holes.nc")
    assert report["seed"] == 0
    assert report["elapsed_s"] > 0
    assert {"shiome", "jax"} <= set(report["versions"])
    assert report["data"][0]["kind"] == "synthetic"
    for record in report["data"]:
        assert set(record) == {"id", "kind", "license", "citation"}
    # The simulated ocean's winds and relief are data too.
    assert {"navy-winds", "relief-1deg"} <= {record["id"] for record in report["data"]}


def test_every_promised_metric_is_there_with_its_interval_and_baseline(whole):
    report, _ = whole
    for key in [*KEYS, *(f"{key}.pastonly" for key in KEYS)]:
        assert np.isfinite(report["metrics"][key]), key
        low, high = report["intervals"][key]
        assert low <= high, key
    for key in KEYS:
        if not key.startswith(("spread_error", "rpss")):
            assert np.isfinite(report["baselines"][f"{key}.persistence"]), key
            assert f"{key}.pastonly.persistence" in report["baselines"]
    # What each part adds is told by the same scores of that part alone.
    metrics = report["metrics"]
    for part in ("surface", "ocean", "coupled", "blend"):
        for key in ("acc.nino34.lead06", "rmse.dmi.lead03", "acc.dmi.ond.from_sep"):
            assert np.isfinite(metrics[f"{key}.{part}"]), (key, part)
            assert np.isfinite(metrics[f"{key}.{part}.pastonly"]), (key, part)
    assert metrics["acc.nino34.lead06.blend"] == pytest.approx(metrics["acc.nino34.lead06"])
    assert metrics["acc.nino34.lead06.ocean"] != metrics["acc.nino34.lead06.coupled"]


def test_scores_are_within_their_bounds_and_fade_with_lead(whole):
    metrics = whole[0]["metrics"]
    for key, value in metrics.items():
        if key.startswith("acc"):
            assert -1 <= value <= 1
        elif key.startswith("rmse"):
            assert value > 0
        elif key.startswith("rpss"):
            assert value <= 1
    assert metrics["acc.nino34.lead01"] > metrics["acc.nino34.lead03"]
    assert metrics["rmse.nino34.lead01"] < metrics["rmse.nino34.lead06"]


def test_what_was_worked_around_is_warned_of(whole):
    said = " ".join(whole[0]["warnings"])
    assert "1993-05, 1993-06" in said  # months that are not in the file
    assert "6 values" in said  # holes in others
    page = (whole[1] / "index.html").read_text()
    assert "1993-05" in page


def test_indices_alone_rainfall_and_a_start_in_the_past(files, tmp_path):
    report = outlook(
        "--indices", files.indices, "--rainfall", files.rain, "--start", "1997-06",
        out=tmp_path / "report",
    )  # fmt: skip
    folder = tmp_path / "report"
    assert report["config"]["start"] == "1997-06"
    assert set(KEYS) <= set(report["metrics"])
    assert np.isfinite(report["metrics"]["acc.rainfall.ond.from_sep"])
    page = (folder / "index.html").read_text()
    assert "June 1997" in page
    assert "refitted" in page
    plume = next(f["data"] for f in report["figures"] if "plume" in f["file"])
    numbers = (folder / plume).read_text() if plume.endswith("csv") else ""
    assert "1997-06" in numbers or not numbers
    assert not any("map" in figure["file"] for figure in report["figures"])


@pytest.mark.usefixtures("without_page")
def test_a_field_with_indices_replaces_an_earlier_report(files, whole, tmp_path):
    shutil.copytree(whole[1], tmp_path / "report")
    (tmp_path / "report" / "old.txt").write_text("from an earlier run")
    report = outlook(
        "--sst", files.sst, "--indices", files.indices, "--no-ocean", "--seed", "4", "--overwrite",
        out=tmp_path / "report",
    )  # fmt: skip
    assert names(tmp_path) == ["report"]
    assert "old.txt" not in names(tmp_path / "report")
    assert report["seed"] == 4
    assert len(report["data"]) == 2
    assert not any("surface" in key for key in report["metrics"])
    # Knowing the warm water that drives the synthetic oscillator helps.
    for lead in ("lead06", "lead09"):
        assert report["metrics"][f"acc.nino34.{lead}"] > whole[0]["metrics"][f"acc.nino34.{lead}"]


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_an_interruption_leaves_nothing(files, tmp_path, monkeypatch, capsys, how):
    calls, run_task = [], hindcast.run_task

    def interrupted(task):
        calls.append(task)
        if len(calls) == 3:
            if how == "Ctrl-C":
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGTERM)
        return run_task(task)

    monkeypatch.setattr(hindcast, "run_task", interrupted)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as stopped:
            outlook("--sst", files.sst, "--no-ocean", out=tmp_path / "report")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped.value.code == EXIT_INTERRUPTED
    assert len(calls) < 10  # of ten: what the two threads had begun before they were told
    assert names(tmp_path) == []
    assert "interrupted; no report was written" in capsys.readouterr().err


def save(field, path, **attrs):
    field = field.assign_attrs({"units": "degC"} | attrs)
    field.to_dataset(name="sst").to_netcdf(path)


def bad_files(record, folder):
    """Files of which each has one thing wrong."""
    sst = record.sst
    save(sst, folder / "good.nc")
    shutil.copy(folder / "good.nc", folder / "truncated.nc")
    os.truncate(folder / "truncated.nc", (folder / "good.nc").stat().st_size // 2)
    (folder / "text.nc").write_text("time,sst\n1990-01,3.0\n")
    save(sst * np.nan, folder / "empty.nc")
    save(sst[:11], folder / "eleven.nc")
    save(sst, folder / "speed.nc", units="m/s")
    save(sst.rename(latitude="longitude", longitude="latitude"), folder / "swapped.nc")
    save(xr.zeros_like(sst) + 20.0, folder / "constant.nc")
    save(sst[:36], folder / "three.nc")


BAD_INPUT = {
    "missing file": (["--sst", "nothing.nc"], "nothing.nc: no such file"),
    "truncated netCDF": (["--sst", "truncated.nc"], "truncated.nc"),
    "text named .nc": (["--sst", "text.nc"], "text.nc"),
    "all missing": (["--sst", "empty.nc"], "all are missing"),
    "eleven months": (["--sst", "eleven.nc"], "11 months"),
    "three years": (["--sst", "three.nc"], "36 months"),
    "m/s": (["--sst", "speed.nc"], "units 'm/s'"),
    "swapped axes": (["--sst", "swapped.nc"], "are the axes swapped"),
    "a sea that never varies": (
        ["--sst", "constant.nc"],
        "index 'nino34' is the same in every year",
    ),
    "start before the record": (["--sst", "good.nc", "--start", "1950-06"], "--start 1950-06"),
    "start after the record": (["--sst", "good.nc", "--start", "2050-06"], "--start 2050-06"),
    "start that is no month": (["--sst", "good.nc", "--start", "June"], "expected YYYY-MM"),
    "too few members": (["--sst", "good.nc", "--members", "3"], "--members is 3"),
    "unknown size": (["--sst", "good.nc", "--size", "huge"], "--size is 'huge'"),
    "no such variable": (["--sst", "good.nc", "--variable", "tos"], "no variable 'tos'"),
    "blocks too long": (["--sst", "good.nc", "--block-years", "15"], "expected at least 30"),
    "training to nowhere": (["--sst", "good.nc", "--train-to", "1900"], "leaves one side empty"),
    "missing indices": (["--indices", "nothing.csv"], "nothing.csv"),
    "missing rainfall": (["--sst", "good.nc", "--rainfall", "nothing.csv"], "nothing.csv"),
}


@pytest.fixture(scope="module")
def bad(record, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    bad_files(record, folder)
    return folder


def refused(capsys, arguments):
    """The one line that is printed."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == EXIT_BAD_INPUT
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("shiome: ")
    return lines[0]


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_refused_in_one_line_and_leaves_nothing(
    bad, tmp_path, monkeypatch, capsys, case
):
    options, message = BAD_INPUT[case]
    monkeypatch.chdir(bad)
    before = names(bad)
    options = [*options, "--no-ocean", "--out", str(tmp_path / "report")]
    assert message in refused(capsys, ["run", "seasonal", *options])
    assert names(tmp_path) == []
    assert names(bad) == before


def test_a_folder_that_holds_something_is_left_alone(bad, tmp_path, capsys):
    out = tmp_path / "report"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    run = ["run", "seasonal", "--sst", str(bad / "good.nc"), "--no-ocean", "--out", str(out)]
    assert "is not empty" in refused(capsys, run)
    # Not even with leave to overwrite, for this is no report.
    assert "is not a report" in refused(capsys, [*run, "--overwrite"])
    assert names(tmp_path) == ["report"]
    assert names(out) == ["thesis.txt"]


def test_an_output_folder_that_cannot_be_written(bad, tmp_path, monkeypatch, capsys):
    """As a read-only folder answers (a superuser would be let through)."""
    make = type(tmp_path).mkdir

    def mkdir(path, *args, **kwargs):
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied")
        make(path, *args, **kwargs)

    monkeypatch.setattr(type(tmp_path), "mkdir", mkdir)
    run = ["run", "seasonal", "--sst", str(bad / "good.nc"), "--out", str(tmp_path / "report")]
    line = refused(capsys, run)
    assert f"cannot write in {tmp_path} (Permission denied)" in line
    assert names(tmp_path) == []


@pytest.mark.slow
def test_skill_on_the_shipped_record(tmp_path):
    """Observed SST 1979–2013, seven blocks of five years: the skill that was promised."""
    folder = module.run(Config(), tmp_path / "report")
    report = json.loads((folder / "report.json").read_text())
    metrics = report["metrics"]
    promised = {"lead01": 0.95, "lead03": 0.81, "lead06": 0.63, "lead09": 0.52, "lead12": 0.45}
    for lead, least in promised.items():
        assert metrics[f"acc.nino34.{lead}"] >= least
        assert metrics[f"acc.nino34.{lead}"] > report["baselines"][f"acc.nino34.{lead}.persistence"]
    for lead in LEADS:
        assert 0.8 <= metrics[f"spread_error.nino34.{lead}"] <= 1.2
    assert metrics["acc.dmi.ond.from_sep"] > metrics["acc.dmi.ond.from_jun"] > 0.2
    assert report["data"][0]["kind"] in ("observation", "reanalysis")
    assert pd.Series(report["metrics"]).notna().all()
