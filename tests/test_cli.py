"""The command line: what it lists, explains and refuses."""

import dataclasses
import subprocess
import sys

import pytest

from shiome import __version__
from shiome.cli import EXIT_NOT_READ, main
from shiome.data import list_samples
from shiome.showcases import names, showcase


def run(capsys, *arguments):
    """Exit code, standard output and standard error of one command."""
    code = 0
    try:
        main(list(arguments))
    except SystemExit as stopped:
        code = stopped.code
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def refused(capsys, *arguments):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    return err


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal in which no word is broken."""
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture(autouse=True)
def signals():
    """The command line takes over a signal of its process; give it back."""
    import signal

    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_list_names_every_showcase(capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0
    for name in names():
        assert name in out
        assert showcase(name).title in out
    assert "seasonal" in names()


@pytest.mark.parametrize("name", names())
def test_info_explains_every_option(capsys, name):
    code, out, _ = run(capsys, "info", name)
    assert code == 0
    assert showcase(name).title in out
    for field in dataclasses.fields(showcase(name).config):
        assert "--" + field.name.replace("_", "-") in out
        assert field.metadata["help"].split(".")[0][:60] in out


@pytest.mark.parametrize("name", names())
def test_options_are_derived_from_the_configuration(capsys, name):
    code, out, _ = run(capsys, "run", name, "--help")
    assert code == 0
    flags = [field.name for field in dataclasses.fields(showcase(name).config)]
    for flag in (*flags, "out", "overwrite", "scheduler"):
        assert "--" + flag.replace("_", "-") in out


@pytest.mark.parametrize("name", names())
def test_every_option_has_meaning_and_a_default_within_its_bounds(name):
    from shiome.core import check

    config = showcase(name).config
    required = {}
    for field in dataclasses.fields(config):
        assert field.metadata["help"].endswith(".")
        if field.default is dataclasses.MISSING:
            required[field.name] = "x"
    check(config(**required))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(config(**required), dataclasses.fields(config)[0].name, "other")


def test_options_reach_the_configuration(capsys, monkeypatch, tmp_path):
    from shiome.showcases import Showcase

    seen = {}

    def record(self, config, out, *, overwrite, scheduler):
        seen.update(config=config, out=out, overwrite=overwrite, scheduler=scheduler)
        return tmp_path

    monkeypatch.setattr(Showcase, "run", record)
    code, out, _ = run(
        capsys, "run", "seasonal", "--start", "1997-06", "--members", "24", "--size", "full",
        "--block-years", "7", "--out", "there", "--overwrite", "--scheduler", "tcp://host:8786",
    )  # fmt: skip
    assert code == 0
    assert str(tmp_path / "index.html") in out
    config = seen.pop("config")
    assert (config.start, config.members, config.block_years) == ("1997-06", 24, 7)
    assert config.resamples == 10_000
    assert config.sst is None
    assert seen == {"out": "there", "overwrite": True, "scheduler": "tcp://host:8786"}
    code, *_ = run(capsys, "run", "seasonal")
    assert code == 0
    assert seen["config"] == showcase("seasonal").config()
    assert seen["out"] == "seasonal-report"
    assert seen["overwrite"] is False
    assert seen["scheduler"] is None


def test_data_list_and_info(capsys):
    code, out, _ = run(capsys, "data", "list")
    assert code == 0
    for record in list_samples():
        assert record.id in out
        assert record.kind in out
    record = list_samples()[0]
    code, out, _ = run(capsys, "data", "info", record.id)
    assert code == 0
    assert record.license in out
    assert record.sha256 in out


def test_version(capsys):
    code, out, _ = run(capsys, "--version")
    assert code == 0
    assert out.strip() == f"shiome {__version__}"


def test_what_does_not_exist_is_refused_in_one_line(capsys):
    assert "no showcase 'weather'" in refused(capsys, "run", "weather")
    assert "no showcase 'weather'" in refused(capsys, "info", "weather")
    assert "'nothing'" in refused(capsys, "data", "info", "nothing")


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["run", "seasonal", "--wings", "2"], ["run", "seasonal", "--members", "many"],
     ["run", "--members", "12"], ["run"], ["info"], ["data"]],
)  # fmt: skip
def test_words_that_are_not_understood_end_with_two(capsys, arguments):
    code, *_ = run(capsys, *arguments)
    assert code == 2


def test_help_of_run_names_the_showcases(capsys):
    code, out, _ = run(capsys, "run", "--help")
    assert code == 0
    assert "seasonal" in out


@pytest.mark.parametrize("command", [["list"], ["run", "impact", "--help"]])
def test_a_reader_who_leaves_early_is_no_error(command):
    code = f"import sys; sys.stdin.read(); from shiome.cli import main; main({command!r})"
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as process:
        process.stdout.close()
        process.stdin.close()  # only now it begins
        said = process.stderr.read()
    assert said == ""
    assert process.returncode == EXIT_NOT_READ
