"""Months of a time axis, whatever its units, stamps and calendar."""

import re
from typing import Any

import cftime
import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError

CALENDARS = {"360": "360_day", "365": "noleap", "gregorian_proleptic": "proleptic_gregorian"}
_SINCE = re.compile(r"^\s*(\w+?)s?\s+since\s+(-?\d+)-(\d+)(?:-(\d+))?", re.IGNORECASE)


def month_numbers(
    time: xr.DataArray, bounds: xr.DataArray | None, where: str
) -> npt.NDArray[np.int64]:
    """Month number of every step of an undecoded CF time axis, shape (time,).

    Where the file gives time bounds, the middle of the interval decides, so that a month stamped
    at its end is not taken for the next.

    Parameters
    ----------
    time
        Numbers with units such as ``days since 1979-01-01``, ``months since 1854-01-15`` or
        ``day as %Y%m%d``; or datetime64.
    bounds
        Start and end of every step in the same units, shape (time, 2).
    where
        File and variable, for messages.

    Raises
    ------
    DataError
        If the units or the calendar cannot be understood.
    """
    values = np.atleast_1d(time.values)
    if np.issubdtype(values.dtype, np.datetime64):
        if np.isnat(values).any():
            raise DataError(f"{where}: time {time.name!r} has missing stamps; expected dates.")
        return values.astype("datetime64[M]").astype(np.int64) + 12 * 1970
    if not np.issubdtype(values.dtype, np.number) or not np.isfinite(values).all():
        raise DataError(
            f"{where}: time {time.name!r} is not a row of finite numbers (type {values.dtype}); "
            "expected numbers with units such as 'days since 1979-01-01'."
        )
    units = str(time.attrs.get("units", ""))
    calendar = str(time.attrs.get("calendar", "standard")).lower()
    if bounds is not None:
        middle = bounds.values.astype(np.float64).mean(axis=-1)
        low, high = bounds.values.min(axis=-1), bounds.values.max(axis=-1)
        if middle.shape == values.shape and ((low <= values) & (values <= high)).all():
            values = middle
    return _decode(values, units, CALENDARS.get(calendar, calendar), f"{where}: time {time.name!r}")


def _decode(values: Any, units: str, calendar: str, where: str) -> npt.NDArray[np.int64]:
    """Turn numbers with units into month numbers."""
    if "%Y%m" in units:
        digits = np.floor(values).astype(np.int64)
        dates = digits // 100 if "%d" in units else digits
        return _checked(dates // 100, dates % 100, where)
    match = _SINCE.match(units)
    if match is None:
        raise DataError(
            f"{where} has units {units!r}; expected a form such as 'days since 1979-01-01'."
        )
    step, year, month, day = match[1].lower(), int(match[2]), int(match[3]), int(match[4] or 1)
    if step in ("month", "mon", "year", "yr"):
        # A day of the month in the reference counts as a fraction of its month.
        months = values * (12.0 if step.startswith("y") else 1.0) + (day - 1) / 31.0
        return 12 * year + month - 1 + np.floor(months + 1e-6).astype(np.int64)
    try:
        dates = cftime.num2date(values, units, calendar, only_use_cftime_datetimes=True)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"{where} has units {units!r} and calendar {calendar!r}, which cannot be decoded "
            f"({error}); expected a CF calendar and a form such as 'days since 1979-01-01'."
        ) from error
    return np.array([12 * date.year + date.month - 1 for date in np.atleast_1d(dates)], np.int64)


def _checked(year: Any, month: Any, where: str) -> npt.NDArray[np.int64]:
    """Month numbers from years and months 1–12."""
    if ((month < 1) | (month > 12)).any():
        raise DataError(f"{where} has a month outside 1–12; expected dates such as 197901.")
    return 12 * year + month - 1
