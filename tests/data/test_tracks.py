"""The table of best tracks: what it accepts, what it refuses, and the time of genesis."""

import numpy as np
import pandas as pd
import pytest

from shiome.core.errors import DataError
from shiome.data.tracks import COLUMNS, checked_tracks, days_to_genesis, genesis


def tracks():
    """A storm that becomes a cyclone after a day, and a cluster that never does."""
    times = pd.date_range("2001-08-01", periods=4, freq="12h")
    return pd.DataFrame(
        {
            "storm": ["A"] * 4 + ["B"] * 2,
            "time": [*times, *times[:2]],
            "latitude": [10.0, 11.0, 12.0, 13.0, 20.0, 20.5],
            "longitude": [1.0, 0.5, 0.0, 359.5, 360.0, 359.0],
            "wind": [8.0, 12.0, 18.0, 30.0, np.nan, np.nan],
            "pressure": [1005.0, 1002.0, 995.0, 970.0, np.nan, np.nan],
            "stage": ["precursor", "precursor", "cyclone", "cyclone", "failed", "failed"],
        }
    )


def test_normalises_columns_types_and_longitude():
    table = tracks().iloc[:, ::-1].assign(note="x").set_index("time", drop=False)
    table["time"] = table["time"].astype(str)
    checked = checked_tracks(table)
    assert tuple(checked.columns) == COLUMNS
    assert checked["time"].dtype == "datetime64[ns]"
    assert list(checked.index) == list(range(6))
    assert checked["longitude"][4] == 0.0
    pd.testing.assert_frame_equal(checked_tracks(checked), checked)


def test_leaves_its_argument_alone():
    table = tracks()
    checked_tracks(table)
    pd.testing.assert_frame_equal(table, tracks())


def test_genesis_is_the_first_cyclone_row():
    began = genesis(checked_tracks(tracks()))
    assert began["A"] == pd.Timestamp("2001-08-02")
    assert pd.isna(began["B"])


def test_days_to_genesis_count_down_through_zero():
    left = days_to_genesis(checked_tracks(tracks()))
    np.testing.assert_allclose(left[:4], [1.0, 0.5, 0.0, -0.5])
    assert left[4:].isna().all()


def test_storms_may_be_interleaved():
    table = checked_tracks(tracks().sort_values("time", kind="stable"))
    assert genesis(table)["A"] == pd.Timestamp("2001-08-02")


def test_an_empty_table_is_a_table():
    checked = checked_tracks(tracks().iloc[:0])
    assert len(checked) == len(genesis(checked)) == len(days_to_genesis(checked)) == 0


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("time", 2, pd.Timestamp("2001-07-01"), "later than the row before"),
        ("time", 1, pd.Timestamp("2001-08-01"), "later than the row before"),
        ("time", 0, pd.NaT, "expected a date"),
        ("longitude", 3, 361.0, "longitude 361.0 of storm A in row 3; expected 0 to 360"),
        ("longitude", 3, -1.0, "expected 0 to 360"),
        ("latitude", 0, 91.0, "expected -90 to 90"),
        ("latitude", 0, np.nan, "expected -90 to 90"),
        ("wind", 4, 1000.0, "expected 0 to 150"),
        ("pressure", 0, 101_325.0, "expected 800 to 1100"),
        ("stage", 0, "storm", "expected precursor or cyclone or failed"),
        ("stage", 3, "precursor", "cyclone to the end"),
    ],
)
def test_says_what_is_wrong_in_one_line(column, row, value, message):
    table = tracks()
    table.loc[row, column] = value
    with pytest.raises(DataError, match=message) as error:
        checked_tracks(table, "storms.csv")
    assert str(error.value).startswith("storms.csv: ")
    assert "\n" not in str(error.value)


def test_names_missing_columns():
    with pytest.raises(DataError, match="no column 'wind', 'stage'"):
        checked_tracks(tracks().drop(columns=["wind", "stage"]))


@pytest.mark.parametrize(("column", "value"), [("wind", "strong"), ("time", "one day")])
def test_refuses_words_for_numbers_and_dates(column, value):
    table = tracks().astype({column: object})
    table.loc[1, column] = value
    with pytest.raises(DataError, match=column):
        checked_tracks(table)
