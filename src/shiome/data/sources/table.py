"""Columns of numbers over months or years, from CSV or netCDF."""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shiome.core.errors import DataError
from shiome.data.sources.files import expand, fetch, open_raw
from shiome.data.sources.layout import time_of
from shiome.data.sources.notes import month_list
from shiome.data.sources.times import month_numbers
from shiome.grids.months import month_start

Months = npt.NDArray[np.int64]
CODES = (-9999.9, -9999.0, -999.99, -999.9, -999.0, -99.99, -99.9)  # written for "missing"
LARGEST = 1e19  # larger magnitudes are fill values
_DATE = re.compile(r"(\d{4})[-/](\d{1,2})(?:[-/]\d{1,2})?(?:[T ].*)?$")
_DIGITS = re.compile(r"(\d{4})(?:(\d{2})(?:\d{2})?)?(?:\.0*)?$")
_TIME_NAMES = ("time", "date", "yyyymm", "month", "year", "yr", "t", "period", "unnamed: 0", "")
_FORMS = "dates such as 1997-06, 1997-06-15, 1997/06, 199706, 1997, or columns year and month"


@dataclass(frozen=True)
class Table:
    """Columns over contiguous months or years.

    Parameters
    ----------
    columns
        Values by column name as in the file, each (time,) float64, NaN where missing.
    months
        Month number of each row: every month, or every January of a yearly table.
    yearly
        Whether there is one row a year.
    attrs, units
        Global attributes, and units by column (netCDF).
    notes
        What was worked around.
    """

    columns: dict[str, npt.NDArray[np.float64]]
    months: Months
    yearly: bool
    attrs: dict[str, Any]
    units: dict[str, str]
    notes: tuple[str, ...]

    @property
    def time(self) -> npt.NDArray[np.datetime64]:
        """Start of each month, or 1 January of each year."""
        return month_start(self.months)


def read_table(path: str) -> Table:
    """Read a CSV or netCDF file of series.

    Raises
    ------
    DataError
        If there is no such file, or its times or numbers cannot be read.
    """
    names = expand(path)
    if len(names) > 1:
        raise DataError(f"{path}: {len(names)} files match; expected one file of series.")
    with fetch(names[0]) as local:
        raw = _from_netcdf(local, path) if _is_binary(local) else _from_text(Path(local), path)
    months, columns, attrs, units, notes = raw
    return _regular(months, columns, attrs, units, notes, path)


def _is_binary(local: str) -> bool:
    """Whether this is netCDF or Zarr rather than text."""
    if Path(local).suffix in (".nc", ".nc4", ".cdf", ".zarr") or not Path(local).is_file():
        return True
    with open(local, "rb") as stream:
        return stream.read(4).startswith((b"CDF", b"\x89HDF"))


def _from_netcdf(local: str, name: str) -> tuple[Any, ...]:
    """Months and all one-dimensional series of a netCDF file."""
    with open_raw(local, name) as dataset:
        dataset = dataset.squeeze()
        columns, units, time = {}, {}, None
        for variable, data in dataset.data_vars.items():
            if data.ndim != 1 or not np.issubdtype(data.dtype, np.number):
                continue
            time = time_of(dataset, data, f"{name}: variable {variable!r}")
            columns[str(variable)] = data.values.astype(np.float64)
            units[str(variable)] = str(data.attrs.get("units", ""))
        if time is None:
            held = ", ".join(f"{n}{dataset[n].dims}" for n in dataset.data_vars) or "none"
            raise DataError(
                f"{name}: no variable is a series over time; its variables are {held}; "
                "expected variables with the one dimension time."
            )
        months = month_numbers(time, None, name)
        return months, columns, dict(dataset.attrs), units, []


def _from_text(local: Path, name: str) -> tuple[Any, ...]:
    """Months and numeric columns of a text table."""
    table = _read_text(local, name)
    lower = {str(column).strip().lower(): column for column in table.columns}
    year = next((lower[key] for key in ("year", "yr", "yyyy") if key in lower), None)
    month = next((lower[key] for key in ("month", "mon", "mm") if key in lower), None)
    if year is not None and month is not None:
        used = [year, month]
        texts = [f"{y}-{m}" for y, m in zip(table[year], table[month], strict=True)]
    else:
        first = next((lower[key] for key in _TIME_NAMES if key in lower), None)
        if first is None:
            raise DataError(
                f"{name}: no column holds the time; its columns are "
                f"{', '.join(map(str, table.columns))}; expected a column time, date or year."
            )
        used, texts = [first], [str(text) for text in table[first]]
    months = np.array([_month(t, i, name, str(used[0])) for i, t in enumerate(texts)], np.int64)
    columns, notes = {}, []
    for column in table.columns.drop(used):
        values = _numbers(table[column], name)
        if values is None:
            notes.append(f"column {column!r} holds words, not numbers; it is left out.")
        else:
            columns[str(column).strip()] = values
    if not columns:
        raise DataError(f"{name}: no column of numbers beside the time; expected at least one.")
    return months, columns, {}, {}, notes


def _read_text(local: Path, name: str) -> pd.DataFrame:
    """Read delimited text (comma, semicolon, tab or blanks) with a header line, all as strings."""
    try:
        text = local.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise DataError(f"{name}: is not text ({error}); expected CSV or netCDF.") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) < 2:
        raise DataError(f"{name}: {len(lines)} lines; expected a header line and rows below it.")
    delimiter = next((d for d in (",", ";", "\t") if d in lines[0]), None)
    try:
        table = pd.read_csv(
            io.StringIO("\n".join(lines)),
            sep=delimiter or r"\s+",
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
        )
    except (pd.errors.ParserError, ValueError) as error:
        raise DataError(
            f"{name}: the rows differ in length ({str(error).splitlines()[0]}); "
            "expected one value per column."
        ) from error
    if any(re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", str(column).strip()) for column in table):
        raise DataError(
            f"{name}: the first line {lines[0][:40]!r} holds numbers; expected column names."
        )
    return table.reset_index() if not isinstance(table.index, pd.RangeIndex) else table


def _month(text: str, row: int, name: str, column: str) -> int:
    """Read one date; a plain year counts as its January."""
    text = text.strip()
    match = _DATE.match(text) or _DIGITS.match(text)
    month = int(match[2] or 1) if match else 0
    if match is None or not 1 <= month <= 12:
        raise DataError(
            f"{name}: {column} {text!r} in row {row + 1} is no date; expected {_FORMS}."
        )
    return 12 * int(match[1]) + month - 1


def _numbers(texts: "pd.Series[str]", name: str) -> npt.NDArray[np.float64] | None:
    """Values of a column; nothing where it holds only words.

    A few words among numbers are an error, not a missing value.
    """
    cleaned = texts.str.strip()
    blank = cleaned.str.lower().isin(["", "na", "nan", "null", "none", "-", "--", "*"]).to_numpy()
    values = pd.to_numeric(cleaned.where(~blank), errors="coerce").to_numpy(np.float64)
    wrong = np.flatnonzero(np.isnan(values) & ~blank)
    if len(wrong) and len(wrong) == (~blank).sum():
        return None
    if len(wrong):
        raise DataError(
            f"{name}: column {texts.name!r}, row {wrong[0] + 1} holds {texts.iloc[wrong[0]]!r}; "
            "expected a number (leave it empty where the value is missing)."
        )
    return values


def _regular(
    months: Months,
    columns: dict[str, npt.NDArray[np.float64]],
    attrs: dict[str, Any],
    units: dict[str, str],
    notes: list[str],
    name: str,
) -> Table:
    """Bring rows to contiguous months or years; repeated ones averaged, gaps left missing."""
    present, counts = np.unique(months, return_counts=True)
    yearly = len(present) > 1 and bool((np.diff(present) % 12 == 0).all())
    if (counts > 1).any():
        notes.append(f"{month_list(present[counts > 1])}: given more than once; the mean is used.")
    if yearly:
        present, months = present // 12 * 12, months // 12 * 12
    step = 12 if yearly else 1
    wanted = np.arange(present[0], present[-1] + 1, step)
    if len(wanted) > 12 * 5000:
        raise DataError(f"{name}: the times run over {len(wanted) // 12} years; expected dates.")
    gaps = np.setdiff1d(wanted, present)
    if len(gaps):
        notes.append(f"{month_list(gaps)}: not in the data; left missing.")
    regular: dict[str, npt.NDArray[np.float64]] = {}
    for column, values in columns.items():
        values = np.where(np.isin(values, CODES) | (np.abs(values) > LARGEST), np.nan, values)
        means = pd.Series(values).groupby(months).mean().reindex(wanted)
        regular[column] = np.asarray(means, np.float64)
    return Table(regular, wanted, yearly, attrs, units, tuple(notes))
