"""Options of a showcase: dataclass fields that carry meaning, unit and bounds.

A showcase's ``Config`` is a frozen dataclass whose fields are made by :func:`option`; the command
line, the web page and the tests read the metadata, and :func:`check` enforces the bounds.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from shiome.core.errors import ConfigError


def option(
    default: Any,
    help: str,
    *,
    unit: str = "",
    ge: float | None = None,
    le: float | None = None,
    choices: Sequence[Any] | None = None,
) -> Any:
    """Declare one field of a configuration.

    Parameters
    ----------
    default
        Value used when the user says nothing.
    help
        What the option means, one sentence.
    unit
        Unit of a number (empty for counts, names and switches).
    ge, le
        Smallest and largest accepted value.
    choices
        The accepted values, where they are few.
    """
    metadata = {"help": help, "unit": unit, "ge": ge, "le": le, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def check(config: Any) -> None:
    """Raise :class:`ConfigError` where a field is outside its declared bounds or choices."""
    for field in dataclasses.fields(config):
        value, meta = getattr(config, field.name), field.metadata
        flag = f"--{field.name.replace('_', '-')}"
        if value is None:
            continue
        if meta.get("choices") is not None and value not in meta["choices"]:
            allowed = ", ".join(str(c) for c in meta["choices"])
            raise ConfigError(f"{flag} is {value!r}; expected one of: {allowed}.")
        low, high, unit = meta.get("ge"), meta.get("le"), meta.get("unit") or ""
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = (
                f"between {low} and {high}"
                if None not in (low, high)
                else (f"at least {low}" if low is not None else f"at most {high}")
            )
            raise ConfigError(f"{flag} is {value}; expected {bounds} {unit}".rstrip() + ".")
