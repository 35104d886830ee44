"""The impact forecast, on a synthetic record and a synthetic series that follows its dipole."""

import json

import numpy as np
import pytest
import xarray as xr

from shiome.cli import EXIT_BAD_INPUT, main
from shiome.core import ConfigError, DataError
from shiome.showcases.impact.run import parse_season, yearly_impact


def series(values, first="2000-01", frequency="monthly"):
    step = np.timedelta64(1, "M" if frequency == "monthly" else "Y")
    time = (np.datetime64(first, "M") + np.arange(len(values)) * step.astype("timedelta64[M]")
            if frequency == "monthly"
            else np.datetime64(first[:4], "Y") + np.arange(len(values)))  # fmt: skip
    data = xr.DataArray(values, {"time": time.astype("datetime64[ns]")}, "time", name="yield")
    return data.assign_attrs(frequency=frequency, units="", notes="")


def test_seasons_are_read_across_the_new_year():
    assert parse_season("10-12") == (10, 11, 12)
    assert parse_season("12-2") == (12, 1, 2)
    assert parse_season("6") == (6,)
    for text in ("0-3", "11-13", "OND", "", "3-"):
        with pytest.raises(ConfigError, match="FIRST-LAST"):
            parse_season(text)


def test_a_monthly_series_is_averaged_over_the_season_that_begins_in_its_year():
    monthly = series(np.arange(36.0))
    found = yearly_impact(monthly, (12, 1, 2), np.array([1999, 2000, 2001, 2002]), "file")
    np.testing.assert_array_equal(found, [np.nan, 12.0, 24.0, np.nan])
    yearly = series(np.array([5.0, 6.0]), frequency="yearly")
    np.testing.assert_array_equal(
        yearly_impact(yearly, (10, 11, 12), np.array([2001, 2000]), "file"), [6.0, 5.0]
    )


def test_a_series_of_other_years_is_refused():
    with pytest.raises(DataError, match="no value in 1979–1980"):
        yearly_impact(series(np.arange(12.0)), (1,), np.array([1979, 1980]), "file")


@pytest.fixture(scope="module")
def report(files, tmp_path_factory):
    out = tmp_path_factory.mktemp("impact") / "report"
    main(["run", "impact", "--series", files.rain, "--sst", files.sst, "--members", "12",
          "--predictors", "dmi", "--start", "2004-09", "--out", str(out)])  # fmt: skip
    return json.loads((out / "report.json").read_text())


def test_the_forecast_beats_climatology_where_the_series_follows_the_index(report):
    metrics, baselines = report["metrics"], report["baselines"]
    assert metrics["rmse.impact"] < baselines["rmse.impact.climatology"]
    assert metrics["crps.impact"] < baselines["crps.impact.climatology"]
    low, high = report["intervals"]["acc.impact"]
    assert low <= metrics["acc.impact"] <= high


def test_a_perfect_index_forecast_is_better_still(report):
    assert report["baselines"]["acc.impact.observed_index"] > report["metrics"]["acc.impact"]


def test_the_series_is_among_the_data(report):
    assert "rain" in [record["id"] for record in report["data"]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--series is missing"),
        (("--series", "nowhere.csv"), "nowhere.csv"),
        (("--series", "x.csv", "--predictors", "nao"), "--predictors 'nao'"),
        (("--series", "x.csv", "--season", "13"), "--season '13'"),
    ],
)
def test_bad_options_are_one_line_and_leave_nothing(options, words, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", "impact", *options, "--out", str(tmp_path / "report")])
    assert stop.value.code == EXIT_BAD_INPUT
    message = capsys.readouterr().err.strip().splitlines()
    assert len(message) == 1
    assert words in message[0]
    assert list(tmp_path.iterdir()) == []
