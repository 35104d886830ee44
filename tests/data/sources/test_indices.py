"""Monthly indices from netCDF and CSV."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from shiome.core import DataError
from shiome.data import open_indices
from shiome.data.sources.indices import index_name

NAMES = ["Nino34", "WWV", "NPMM", "SPMM", "IOB", "IOD", "SIOD", "TNA", "ATL3", "SASD"]
KNOWN = ["nino34", "wwv", "npmm", "spmm", "iob", "dmi", "siod", "tna", "atl3", "sasd"]


def values(months=30):
    return np.random.default_rng(0).normal(size=(months, len(NAMES))).round(3)


@pytest.fixture
def frame():
    time = pd.date_range("1979-01-15", periods=30, freq="MS")
    return pd.DataFrame(values(), index=pd.Index(time, name="time"), columns=NAMES)


def test_netcdf_and_csv_give_the_same_series(tmp_path, frame):
    dataset = xr.Dataset.from_dataframe(frame)
    dataset["time"] = dataset.time + np.timedelta64(14, "D")
    dataset.to_netcdf(tmp_path / "indices.nc")
    frame.to_csv(tmp_path / "indices.csv")
    from_netcdf, from_csv = (open_indices(str(tmp_path / f"indices.{s}")) for s in ("nc", "csv"))
    xr.testing.assert_equal(from_netcdf.series, from_csv.series)
    assert list(from_csv.series.data_vars) == KNOWN
    assert from_csv.series.nino34.dtype == np.float64
    np.testing.assert_array_equal(from_csv.series.dmi, frame["IOD"])
    assert str(from_csv.series.time.values[0])[:10] == "1979-02-01"


@pytest.mark.parametrize(
    ("written", "name"),
    [("NINO3.4", "nino34"), ("Niño 3.4 index", "nino34"), ("nino34_anom", "nino34"),
     ("DMI", "dmi"), ("iod", "dmi"), ("My index (K)", "my_index_k"), ("Warm water volume", "wwv")],
)  # fmt: skip
def test_names_are_matched_whatever_case_and_punctuation(written, name):
    assert index_name(written) == name


def test_gaps_codes_and_empty_columns_are_noted(tmp_path, frame):
    frame = frame.drop(frame.index[4])
    frame.iloc[7, 1], frame["TNA"] = -99.99, -999.0
    frame.to_csv(tmp_path / "x.csv")
    opened = open_indices(str(tmp_path / "x.csv"))
    assert opened.series.sizes["time"] == 30
    assert np.isnan(opened.series.wwv[[4, 8]]).all()
    assert np.isnan(opened.series.wwv).sum() == 2
    assert "tna" not in opened.series
    assert any("'TNA' has no values" in note for note in opened.notes)
    assert any("1979-06" in note for note in opened.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,IOD,DMI\n1979-01,1,2\n1979-02,1,2\n", "both the index 'dmi'"),
        ("time,IOD\n1979,1\n1980,2\n1981,2\n", "one value a year"),
        ("time,IOD\n1979-01,\n1979-02,\n", "all values are missing"),
        ("time,IOD\n1979-01,1\n1979-02,x\n", "column 'IOD', row 2 holds 'x'"),
        ("time,IOD\n1979-01,1\n1979-13,2\n", "'1979-13' in row 2 is no date"),
        ("IOD,WWV\n1,2\n3,4\n", "no column holds the time"),
        ("1979-01,1\n1979-02,2\n", "holds numbers; expected column names"),
        ("time,IOD\n", "1 lines; expected a header"),
        ("time,IOD\n1979-01,1,3,4\n1979-02,1\n", "no date|rows differ"),
        ("time,note\n1979-01,a\n1979-02,b\n", "no column of numbers"),
    ],
)
def test_what_cannot_be_understood_is_refused(tmp_path, text, message):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        open_indices(str(tmp_path / "x.csv"))
    assert "\n" not in str(caught.value)


def test_netcdf_without_a_series_is_refused(tmp_path):
    xr.Dataset({"a": (("x", "y"), np.ones((2, 2)))}).to_netcdf(tmp_path / "x.nc")
    with pytest.raises(DataError, match="no variable is a series over time"):
        open_indices(str(tmp_path / "x.nc"))
    with pytest.raises(DataError, match="no such file"):
        open_indices(str(tmp_path / "y.csv"))
