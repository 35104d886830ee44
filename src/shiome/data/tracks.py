"""Best tracks: where each storm was, how strong, and when it became a cyclone.

One table holds them all, observed or simulated. Each row is one storm at one time:

=========== ============== ==================================================================
column      unit           meaning
=========== ============== ==================================================================
storm       –              name of the storm, text
time        –              datetime64[ns], ascending within a storm
latitude    degrees_north  −90 to 90
longitude   degrees_east   0 to 360
wind        m s-1          largest sustained wind, NaN where unknown
pressure    hPa            central pressure, NaN where unknown
stage       –              "precursor" before genesis, "cyclone" after it; "failed" for a cloud
                           cluster that never became a cyclone
=========== ============== ==================================================================
"""

import numpy as np
import pandas as pd

from shiome.core.errors import DataError

NUMBERS = ("latitude", "longitude", "wind", "pressure")
COLUMNS = ("storm", "time", *NUMBERS, "stage")
STAGES = ("precursor", "cyclone", "failed")


def checked_tracks(table: pd.DataFrame, source: str = "best tracks") -> pd.DataFrame:
    """A table of tracks with the columns, types and order above.

    Parameters
    ----------
    table
        With all columns of the table above, in any order; further columns are dropped.
    source
        Name of the file or run, for messages.

    Returns
    -------
    A new table, index 0, 1, …; the rows keep their order. A longitude of 360 becomes 0.

    Raises
    ------
    DataError
        Where a column is missing, a value is no time or number, a position or wind is impossible,
        a stage is unknown, a storm goes back in time, or its stage goes back to "precursor".
    """
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise DataError(
            f"{source}: no column {', '.join(map(repr, missing))}; expected {', '.join(COLUMNS)}."
        )
    table = table.loc[:, list(COLUMNS)].reset_index(drop=True)
    table["storm"] = table["storm"].astype(str)
    for name in NUMBERS:
        table[name] = _numbers(table[name], source)
    try:
        table["time"] = pd.to_datetime(table["time"]).astype("datetime64[ns]")
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{source}: column 'time' holds no dates ({reason}).") from None
    _refuse(table, table["time"].isna(), "time", "a date", source)
    _within(table, "latitude", -90.0, 90.0, source)
    _within(table, "longitude", 0.0, 360.0, source)
    _within(table, "wind", 0.0, 150.0, source, unknown=True)
    _within(table, "pressure", 800.0, 1100.0, source, unknown=True)
    _refuse(table, ~table["stage"].isin(STAGES), "stage", " or ".join(STAGES), source)
    _check_order(table, source)
    table["longitude"] %= 360.0
    return table


def genesis(table: pd.DataFrame) -> pd.Series:
    """Time at which each storm first is a cyclone; NaT where it never is.

    Parameters
    ----------
    table
        Checked tracks.

    Returns
    -------
    Times, indexed by storm in the order of the table.
    """
    began = table["time"].where(table["stage"] == "cyclone")
    return began.groupby(table["storm"], sort=False).min().rename("genesis")


def days_to_genesis(table: pd.DataFrame) -> pd.Series:
    """Days that each row has left until its storm becomes a cyclone.

    Parameters
    ----------
    table
        Checked tracks.

    Returns
    -------
    Days, one per row with the index of the table: positive for precursors, zero at genesis,
    negative after it, NaN for a storm that never becomes a cyclone.
    """
    left = genesis(table).reindex(table["storm"]).to_numpy() - table["time"].to_numpy()
    return pd.Series(left / np.timedelta64(1, "D"), table.index, name="days_to_genesis")


def _numbers(column: pd.Series, source: str) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{source}: {column.name} {column[row]!r} in row {row} is no number; expected one."
        )
    return numbers.astype(np.float64)


def _refuse(table: pd.DataFrame, wrong: pd.Series, name: str, right: str, source: str) -> None:
    """Raise at the first wrong row."""
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{source}: {name} {table[name][row]} of storm {table['storm'][row]} in row {row}; "
            f"expected {right}."
        )


def _within(
    table: pd.DataFrame, name: str, low: float, high: float, source: str, unknown: bool = False
) -> None:
    outside = ~table[name].between(low, high)
    if unknown:
        outside &= table[name].notna()
    _refuse(table, outside, name, f"{low:g} to {high:g}", source)


def _check_order(table: pd.DataFrame, source: str) -> None:
    """Each storm moves forward in time, and from precursor to cyclone."""
    storms = table.groupby("storm", sort=False)
    back = storms["time"].diff() <= pd.Timedelta(0)
    _refuse(table, back, "time", "later than the row before of the same storm", source)
    later = (table["stage"] == "cyclone").groupby(table["storm"]).cummax()
    returned = later & (table["stage"] != "cyclone")
    _refuse(table, returned, "stage", "cyclone to the end, once a storm is one", source)
