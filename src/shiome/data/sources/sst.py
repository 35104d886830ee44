"""Sea-surface temperature: the shipped sample, or the user's own data in any usual layout."""

import numpy as np
import xarray as xr

from shiome.core.errors import DataError
from shiome.core.variables import SST, SST_ANOMALY, Variable
from shiome.data.catalog import describe, open_sample
from shiome.data.sources.gridded import Choice, MonthlyMeans, read_monthly
from shiome.data.sources.layout import fields_of
from shiome.data.sources.opened import OpenedField, user_record
from shiome.data.sources.shifted import shift_note
from shiome.data.sources.temperature import decide, parse_units, without_codes
from shiome.grids.months import month_range

SAMPLE = "sst-anomaly-t30"
# What the usual data sets call it: ERSST, OISST, HadISST, COBE, ERA5 (sst), CMIP (tos), ORAS5.
NAMES = ("sst", "tos", "sosstsst", "analysed_sst", "sea_surface_temperature", "sstk")
ANOMALY_NAMES = ("anom", "ssta", "sst_anomaly", "sst_anom", "anomaly")
STANDARD_NAMES = ("sea_surface_temperature", "sea_surface_foundation_temperature")


def open_sst(path: str | None = None, *, variable: str | None = None) -> OpenedField:
    """Open monthly sea-surface temperature, or its anomaly, in the normalised form.

    Understands ERSST v5, OISST v2.1, HadISST, COBE-SST 2, ERA5 and ORAS5 monthly, and whatever
    names its axes and units in a usual way; daily data are averaged to months, grids finer than
    2° to 2°, curvilinear ones onto regular cells.

    Parameters
    ----------
    path
        netCDF or Zarr; a file, a glob, or an fsspec address. The shipped sample where not given.
    variable
        Name of the variable, for files with several candidates.

    Raises
    ------
    DataError
        If it cannot be opened or understood.
    """
    if path is None:
        field = open_sample(SAMPLE)["sst_anomaly"].astype(np.float32)
        return OpenedField(_labelled(field, SST_ANOMALY), (), describe(SAMPLE))
    means = read_monthly(path, lambda d, name: _choose(d, name, variable), without_codes)
    where = f"{path}: variable {means.choice.variable!r}"
    anomaly, offset, note = decide(
        means.values, means.latitude, means.choice.units, _labelled_anomaly(means), where
    )
    field = xr.DataArray(
        means.values - np.float32(offset),
        coords={
            "time": month_range(means.first_month, len(means.values)),
            "latitude": means.latitude,
            "longitude": means.longitude,
        },
        dims=("time", "latitude", "longitude"),
    )
    field = _labelled(field, SST_ANOMALY if anomaly else SST)
    notes = (*(n for n in (note, shift_note(field, where)) if n), *means.notes)
    return OpenedField(field, notes, user_record(path, means.attrs, means.variable_attrs, notes))


def _labelled(field: xr.DataArray, kind: Variable) -> xr.DataArray:
    """Give a field its name and CF attributes."""
    field = field.rename(kind.name)
    field.attrs = dict(kind.attrs)
    for name, units in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
        field[name].attrs = {"standard_name": name, "units": units}
    field["time"].attrs = {"standard_name": "time"}
    return field


def _choose(dataset: xr.Dataset, where: str, variable: str | None) -> Choice:
    """Pick the SST variable of a file and read its units."""
    name = _pick(dataset, where, variable)
    units = str(dataset[name].attrs.get("units", ""))
    return Choice(name, parse_units(units, f"{where}: variable {name!r}"))


def _pick(dataset: xr.Dataset, where: str, variable: str | None) -> str:
    """Name of the SST variable: the one asked for, or the only one that can be it."""
    if variable is not None:
        if variable not in dataset.variables:
            raise DataError(
                f"{where}: there is no variable {variable!r}; "
                f"expected one of: {', '.join(map(str, dataset.data_vars))}."
            )
        return variable
    fields = fields_of(dataset)
    if len(fields) == 1:
        return fields[0]
    standard = [n for n in fields if dataset[n].attrs.get("standard_name") in STANDARD_NAMES]
    groups = (
        [n for n in fields if n.lower() in NAMES],
        standard,
        [n for n in fields if n.lower() in ANOMALY_NAMES],
    )
    for group in groups:
        if len(group) == 1:
            return group[0]
        if group:
            fields = group
            break
    if fields:
        raise DataError(
            f"{where}: {len(fields)} variables could be the sea-surface temperature: "
            f"{', '.join(fields)}; choose one by variable={fields[0]!r} (--variable {fields[0]})."
        )
    held = ", ".join(f"{n}{dataset[n].dims}" for n in dataset.data_vars) or "none"
    raise DataError(
        f"{where}: no variable lies on latitude and longitude; its variables are {held}; "
        "expected coordinates named latitude and longitude, or with units degrees_north and "
        "degrees_east."
    )


def _labelled_anomaly(means: MonthlyMeans) -> bool:
    """Whether names or attributes of the variable speak of an anomaly."""
    attrs = means.variable_attrs
    words = " ".join(str(attrs.get(key, "")) for key in ("long_name", "standard_name")).lower()
    return means.choice.variable.lower() in ANOMALY_NAMES or "anomal" in words
