"""Months as numbers and back.

A month number counts months since January of year 0: ``12 * year + (month - 1)``. Its remainder
by 12 is the calendar month (0 = January), whatever the calendar of the file it came from.
"""

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from shiome.core.errors import ConfigError

MONTH_INITIALS = "JFMAMJJASOND"
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def month_number(time: Any) -> Any:
    """Month numbers of ``datetime64`` values (any shape) or of one cftime/datetime object."""
    if hasattr(time, "year") and hasattr(time, "month") and not isinstance(time, np.ndarray):
        return 12 * int(time.year) + int(time.month) - 1
    months = np.asarray(time, dtype="datetime64[M]").astype(np.int64) + 12 * 1970
    return months if months.ndim else int(months)


def month_start(number: Any) -> Any:
    """Month numbers (any shape) as ``datetime64[ns]`` at the start of the month."""
    return (
        (np.asarray(number, np.int64) - 12 * 1970).astype("datetime64[M]").astype("datetime64[ns]")
    )


def month_range(first: int, count: int) -> npt.NDArray[np.datetime64]:
    """``count`` consecutive month starts from month number ``first``."""
    return month_start(first + np.arange(count))


def parse_month(text: str) -> int:
    """Read ``"1997-06"`` as a month number."""
    match = re.fullmatch(r"(\d{4})-(\d{1,2})", text.strip())
    if match is None or not 1 <= int(match[2]) <= 12:
        raise ConfigError(f"month {text!r} cannot be read; expected YYYY-MM, for example 1997-06.")
    return 12 * int(match[1]) + int(match[2]) - 1


def month_label(number: int) -> str:
    """Write a month number as ``"1997-06"``."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def month_words(number: int) -> str:
    """Write a month number as ``"June 1997"``."""
    return f"{MONTH_NAMES[number % 12]} {number // 12}"
