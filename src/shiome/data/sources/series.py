"""A rainfall or any other impact series from the user's file."""

import xarray as xr

from shiome.core.errors import DataError
from shiome.data.sources.table import read_table


def open_series(path: str, column: str | None = None) -> xr.DataArray:
    """Open one monthly or yearly series from CSV or netCDF.

    Parameters
    ----------
    path
        File or address.
    column
        Name of the column, whatever its case; needed where the file has several.

    Returns
    -------
    float64, dimension time (month starts, or 1 January of each year), NaN where missing.
    Attributes: ``frequency`` ("monthly" or "yearly"), ``units`` and ``notes`` (what was worked
    around; empty if nothing).

    Raises
    ------
    DataError
        If it cannot be read, the column is not there, or all of it is missing.
    """
    table = read_table(path)
    names = list(table.columns)
    if column is None and len(names) > 1:
        raise DataError(
            f"{path}: {len(names)} columns: {', '.join(names)}; choose one by column={names[0]!r}."
        )
    wanted = names[0] if column is None else column
    name = next((n for n in names if n.lower() == wanted.strip().lower()), None)
    if name is None:
        raise DataError(f"{path}: no column {wanted!r}; expected one of: {', '.join(names)}.")
    series = xr.DataArray(table.columns[name], {"time": table.time}, "time", name=name)
    if not bool(series.notnull().any()):
        raise DataError(f"{path}: column {name!r} has no values; expected numbers.")
    series.attrs = {
        "frequency": "yearly" if table.yearly else "monthly",
        "units": table.units.get(name, ""),
        "notes": " ".join(table.notes),
    }
    return series
