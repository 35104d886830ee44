"""Generators of property tests: the layouts in which people keep monthly fields."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cftime
import numpy as np
import xarray as xr
from hypothesis import strategies as st

KELVIN = 273.15


@dataclass(frozen=True)
class FileLayout:
    """One way of writing the same field; every choice must read back the same."""

    latitude: str = "lat"
    longitude: str = "lon"
    time: str = "time"
    variable: str = "sst"
    descending: bool = False
    longitude_start: float = 0.0
    order: tuple[int, ...] = (0, 1, 2)
    units: str = "degC"
    missing: float = np.nan
    declared: bool = True
    extra: str = ""
    time_units: str = "days since 1800-01-01"
    calendar: str = "standard"
    mid_month: bool = False
    shuffled: bool = False
    dtype: str = "f4"
    container: str = "NETCDF4"
    files: int = 1


def file_layouts() -> st.SearchStrategy[FileLayout]:
    """Every accepted combination of names, orders, units, codes, times and containers."""
    times = st.one_of(
        st.tuples(
            st.sampled_from(
                ["days since 1800-01-01", "hours since 1900-01-01 00:00:0.0",
                 "seconds since 1970-01-01", "days since 1854-01-15 12:00:00"]
            ),
            st.sampled_from(["standard", "gregorian", "proleptic_gregorian", "noleap"]),
        ),
        st.just(("days since 1850-01-01", "360_day")),
        st.tuples(
            st.just("months since 1960-01-01"), st.sampled_from(["standard", "360_day", "360"])
        ),
        st.just(("month as %Y%m.%f", "proleptic_gregorian")),
        st.just(("day as %Y%m%d.%f", "proleptic_gregorian")),
    )  # fmt: skip
    return st.builds(
        lambda time, **rest: FileLayout(time_units=time[0], calendar=time[1], **rest),
        time=times,
        latitude=st.sampled_from(["lat", "latitude", "Latitude", "nav_lat", "Y"]),
        longitude=st.sampled_from(["lon", "longitude", "LONGITUDE", "nav_lon", "X"]),
        variable=st.sampled_from(["sst", "tos", "sosstsst", "temperature"]),
        descending=st.booleans(),
        longitude_start=st.sampled_from([0.0, -180.0, 30.0, -90.0]),
        order=st.permutations([0, 1, 2]).map(tuple),
        units=st.sampled_from(["degC", "K", "Celsius", "kelvin", "deg C", "degree_C", ""]),
        missing=st.sampled_from([np.nan, -999.0, -1000.0, 1e20, -1e34, -9999.0]),
        declared=st.booleans(),
        extra=st.sampled_from(["", "lev", "depth", "zlev", "expver", "surface"]),
        mid_month=st.booleans(),
        shuffled=st.booleans(),
        dtype=st.sampled_from(["f4", "f8", "i2"]),
        container=st.sampled_from(["NETCDF4", "NETCDF3_CLASSIC", "zarr2", "zarr3"]),
        files=st.sampled_from([1, 1, 3]),
    )


def truth(months: int = 14, step: float = 15.0, seed: int = 0) -> xr.DataArray:
    """Synthetic monthly SST in the normalised form, °C in steps of 0.01, with land."""
    latitude, longitude = np.arange(-90 + step / 2, 90, step), np.arange(step / 2, 360, step)
    rng = np.random.default_rng(seed)
    shape = (months, latitude.size, longitude.size)
    values = 28.0 * np.cos(np.deg2rad(latitude))[:, None] + rng.normal(size=shape)
    values[:, 3:7, 4:9] = np.nan
    start = np.datetime64("1996-11")
    time = np.arange(start, start + months).astype("datetime64[ns]")
    return xr.DataArray(
        np.round(values, 2).astype(np.float32),
        {"time": time, "latitude": latitude, "longitude": longitude},
        ("time", "latitude", "longitude"),
        name="sst",
    )


def encode_times(time: np.ndarray, layout: FileLayout) -> np.ndarray:
    """Numbers for month starts (or middles) in the layout's units and calendar."""
    months = time.astype("datetime64[M]").astype(int)
    year, month = 1970 + months // 12, months % 12 + 1
    if layout.time_units.startswith("months"):
        return (year - 1960) * 12 + month - 1 + 0.5 * layout.mid_month
    if "%Y%m" in layout.time_units:
        day = 15 if layout.mid_month else 1
        return (
            (year * 100 + month) * 100.0 + day
            if "%d" in layout.time_units
            else year * 100.0 + month
        )
    calendar = {"360": "360_day"}.get(layout.calendar, layout.calendar)
    dates = [
        cftime.datetime(y, m, 16 if layout.mid_month else 1, calendar=calendar)
        for y, m in zip(year, month, strict=True)
    ]
    return np.asarray(cftime.date2num(dates, layout.time_units, calendar), np.float64)


def as_dataset(field: xr.DataArray, layout: FileLayout) -> xr.Dataset:
    """Lay a normalised field out as a file would hold it, values and codes as stored."""
    field = field.copy()
    longitude = (field.longitude.values - layout.longitude_start) % 360 + layout.longitude_start
    field = field.assign_coords(longitude=longitude).sortby("longitude")
    field = field.isel(latitude=slice(None, None, -1 if layout.descending else 1))
    if layout.shuffled:
        field = field.isel(time=np.random.default_rng(1).permutation(field.sizes["time"]))
    values = field.values.astype(np.float64)
    values = values + (KELVIN if layout.units in ("K", "kelvin") else 0.0)
    attrs = {"units": layout.units} if layout.units else {}
    if layout.dtype == "i2":
        # Packed files always declare their code: a packed number means nothing without it.
        attrs |= {"scale_factor": 0.01, "add_offset": 100.0, "_FillValue": np.int16(-32768)}
        packed = np.where(np.isnan(values), -32768, np.round((values - 100.0) / 0.01))
        values = packed.astype(np.int16)
    else:
        values = np.where(np.isnan(values), layout.missing, values).astype(layout.dtype)
        if layout.declared and np.isfinite(layout.missing):
            attrs["_FillValue"] = values.dtype.type(layout.missing)
    time = encode_times(field.time.values, layout)
    dims = (layout.time, layout.latitude, layout.longitude)
    data = xr.Variable(dims, values).transpose(*(dims[i] for i in layout.order))
    if layout.extra:
        first = layout.descending  # before the other dimensions, or after them
        dims = (layout.extra, *data.dims) if first else (*data.dims, layout.extra)
        data = xr.Variable(dims, data.values[None] if first else data.values[..., None])
    data.attrs = attrs
    degrees = {"units": "degrees_north"}, {"units": "degrees_east"}
    return xr.Dataset(
        {layout.variable: data},
        {
            layout.time: (
                layout.time,
                time,
                {"units": layout.time_units, "calendar": layout.calendar},
            ),
            layout.latitude: (layout.latitude, field.latitude.values.astype("f4"), degrees[0]),
            layout.longitude: (layout.longitude, field.longitude.values.astype("f4"), degrees[1]),
        },
    )


def write(field: xr.DataArray, layout: FileLayout, folder: Path) -> str:
    """Write a field in a layout, in one file or several; the path or glob that opens it."""
    suffix = "zarr" if layout.container.startswith("zarr") else "nc"
    edges = np.linspace(0, field.sizes["time"], layout.files + 1).astype(int)
    for number, (start, end) in enumerate(pairwise(edges)):
        dataset = as_dataset(field.isel(time=slice(start, end)), layout)
        path = folder / f"part{number}.{suffix}"
        if suffix == "zarr":
            dataset.to_zarr(path, zarr_format=int(layout.container[-1]), consolidated=False)
        else:
            # No fill value that the layout does not declare.
            encoding = {name: {"_FillValue": None} for name in dataset.variables}
            if "_FillValue" in dataset[layout.variable].attrs:
                del encoding[layout.variable]
            dataset.to_netcdf(path, format=layout.container, encoding=encoding)
    return str(folder / (f"part*.{suffix}" if layout.files > 1 else f"part0.{suffix}"))
