"""Monthly climate indices from the user's file."""

import re
import unicodedata

import xarray as xr

from shiome.core.errors import DataError
from shiome.data.sources.opened import OpenedSeries, user_record
from shiome.data.sources.table import read_table

# Other names of an index that the library knows under the one on the right.
ALIASES = {"iod": "dmi", "n34": "nino34", "warm_water_volume": "wwv"}


def open_indices(path: str) -> OpenedSeries:
    """Open monthly indices: a netCDF or CSV file with time and one column per index.

    Names are matched whatever their case and punctuation (``Nino34``, ``Niño 3.4`` are
    ``nino34``); ``IOD`` is ``dmi``; others are kept in lower case.

    Parameters
    ----------
    path
        File or address.

    Raises
    ------
    DataError
        If it cannot be read, is not monthly, or holds nothing but missing values.
    """
    table = read_table(path)
    if table.yearly:
        raise DataError(f"{path}: one value a year; expected monthly indices.")
    notes = [f"{path.rsplit('/', 1)[-1]}: {note}" for note in table.notes]
    series: dict[str, xr.DataArray] = {}
    for column, values in table.columns.items():
        name = index_name(column)
        data = xr.DataArray(values, {"time": table.time}, "time", name=name)
        if not bool(data.notnull().any()):
            notes.append(f"index {column!r} has no values; it is left out.")
            continue
        if name in series:
            raise DataError(
                f"{path}: columns {series[name].attrs['long_name']!r} and {column!r} are both the "
                f"index {name!r}; expected one of them."
            )
        data.attrs = {"long_name": column, "units": table.units.get(column, "")}
        series[name] = data
    if not series:
        raise DataError(f"{path}: all values are missing; expected monthly indices.")
    record = user_record(path, table.attrs, {}, tuple(notes))
    return OpenedSeries(xr.Dataset(series), tuple(notes), record)


def index_name(column: str) -> str:
    """Name of an index in the library: lower case, no punctuation, aliases resolved."""
    plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode().lower()
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    nino = re.fullmatch(r"(nino\d+)(index|anom|anomaly|ssta)?", "".join(words))
    name = nino[1] if nino else "_".join(words) or "index"
    return ALIASES.get(name, name)
