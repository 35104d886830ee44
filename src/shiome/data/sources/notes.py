"""Words for the notes that openers leave in the report."""

from collections.abc import Sequence
from typing import Any

from shiome.grids.months import month_label


def month_list(months: Sequence[int] | Any, most: int = 6) -> str:
    """Name month numbers, the first few of many: ``1997-06, 1997-07``."""
    names = [month_label(int(month)) for month in months[:most]]
    rest = f" and {len(months) - most} more" if len(months) > most else ""
    return f"{len(months)} month{'s' if len(months) > 1 else ''} ({', '.join(names)}{rest})"
