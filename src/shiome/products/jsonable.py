"""Plain JSON from what science code holds: numpy scalars, dates, dataclasses, NaN."""

import dataclasses
import datetime
import json
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Turn a value into dicts, lists, strings, numbers and None, all of them valid JSON.

    NaN and infinities, which JSON does not know, become None.

    Raises
    ------
    TypeError
        If a value has no plain form.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, Enum):
        return plain(value.value)
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return None if np.isnat(value) else str(value)
    if isinstance(value, np.generic):
        return _plain_scalar(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (Path, datetime.date)):
        return str(value)
    if hasattr(value, "__array__"):  # numpy, JAX and xarray arrays
        return plain(np.asarray(value).tolist())
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


def write_json(value: Any, path: Path) -> None:
    """Write ``value`` as indented JSON with sorted keys."""
    text = json.dumps(plain(value), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
