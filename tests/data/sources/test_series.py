"""Rainfall and other impact series."""

import numpy as np
import pytest
import xarray as xr

from shiome.core import DataError
from shiome.data import open_series

RAIN = [10.5, np.nan, 3.25, 0.0]


@pytest.mark.parametrize(
    ("header", "dates"),
    [
        ("time", ["1997-11", "1997-12", "1998-01", "1998-02"]),
        ("Date", ["1997-11-30", "1997-12-31", "1998-01-31", "1998-02-28"]),
        ("date", ["1997/11", "1997/12", "1998/01", "1998/2"]),
        ("YYYYMM", ["199711", "199712", "199801", "199802"]),
        ("time", ["1997-11-15T12:00:00", "1997-12-15", "1998-01-15", "1998-02-15"]),
        ("Year,Month", ["1997,11", "1997,12", "1998,1", "1998,02"]),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_form_of_monthly_dates(tmp_path, header, dates, delimiter):
    rows = [f"{d},{'' if np.isnan(v) else v}" for d, v in zip(dates, RAIN, strict=True)]
    text = "# station 1\n" + "\n".join([f"{header},Rain", *rows]).replace(",", delimiter)
    (tmp_path / "rain.csv").write_text(text)
    series = open_series(str(tmp_path / "rain.csv"))
    assert series.attrs["frequency"] == "monthly"
    np.testing.assert_array_equal(series, RAIN)
    expected = np.arange("1997-11", "1998-03", dtype="datetime64[M]")
    np.testing.assert_array_equal(series.time.values.astype("datetime64[M]"), expected)


@pytest.mark.parametrize(
    "dates", [("1990", "1991", "1993"), ("1990-10-01", "1991-10-01", "1993-10-01")]
)
def test_one_value_a_year_is_yearly_at_the_first_of_january(tmp_path, dates):
    rows = "\n".join(f"{date},{i}" for i, date in enumerate(dates))
    (tmp_path / "x.csv").write_text(f"year,yield\n{rows}\n")
    series = open_series(str(tmp_path / "x.csv"), "Yield")
    assert series.attrs["frequency"] == "yearly"
    np.testing.assert_array_equal(series, [0, 1, np.nan, 2])
    assert [str(t)[:10] for t in series.time.values] == [f"{y}-01-01" for y in range(1990, 1994)]
    assert "1992-01" in series.attrs["notes"]


def test_netcdf_series_with_a_singleton_axis(tmp_path):
    data = xr.DataArray(
        np.arange(5.0)[:, None],
        {
            "time": (
                "time",
                np.arange(5) + 0.5,
                {"units": "months since 1960-01-01", "calendar": "360"},
            )
        },
        ("time", "station"),
        name="rain",
        attrs={"units": "mm"},
    )
    data.to_netcdf(tmp_path / "rain.nc")
    series = open_series(str(tmp_path / "rain.nc"))
    np.testing.assert_array_equal(series, np.arange(5.0))
    assert series.attrs["units"] == "mm"
    assert str(series.time.values[-1])[:10] == "1960-05-01"


def test_repeated_months_are_averaged_and_noted(tmp_path):
    (tmp_path / "x.csv").write_text("time,rain\n1990-01-01,1\n1990-01-02,3\n1990-02-01,4\n")
    series = open_series(str(tmp_path / "x.csv"))
    np.testing.assert_array_equal(series, [2, 4])
    assert "1990-01" in series.attrs["notes"]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("time,a,b\n1990,1,2\n1991,1,2\n", None, "2 columns: a, b; choose one by column='a'"),
        ("time,a\n1990,1\n1991,1\n", "c", "no column 'c'; expected one of: a"),
        ("time,a\n1990,-999\n1991,\n", None, "column 'a' has no values"),
    ],
)
def test_what_cannot_be_understood_is_refused(tmp_path, text, column, message):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        open_series(str(tmp_path / "x.csv"), column)
