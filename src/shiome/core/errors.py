"""Errors that a user can act on.

The message of each says what was wrong, where (file, variable, index), and what would be right.
The command line prints it as one line and ends with exit code 2.
"""


class ShiomeError(Exception):
    """Something a user can mend."""


class ConfigError(ShiomeError):
    """An option out of its bounds, or options that contradict each other."""


class DataError(ShiomeError):
    """A file or field that cannot be understood, or does not carry what the task needs."""


class OutputError(ShiomeError):
    """A place where results cannot be written."""


class ModelError(ShiomeError):
    """A model that cannot be fitted to its data, or a run that left its range of validity."""
