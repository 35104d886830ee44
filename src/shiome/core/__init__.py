"""Words that every room speaks: constants, variable names, errors, options."""

from shiome.core.constants import Constant
from shiome.core.errors import ConfigError, DataError, OutputError, ShiomeError
from shiome.core.options import check, option

__all__ = [
    "ConfigError",
    "Constant",
    "DataError",
    "OutputError",
    "ShiomeError",
    "check",
    "option",
]
