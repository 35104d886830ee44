"""What cannot be understood is refused in one line that says what, where and what is right."""

import os
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
import xarray as xr

from shiome.core import DataError
from shiome.data import open_sst
from tests.strategies import FileLayout, as_dataset, truth, write

TRUTH = truth()
PLAIN = as_dataset(TRUTH, FileLayout())


def refused(path, message, **options):
    with pytest.raises(DataError, match=message) as caught:
        open_sst(str(path), **options)
    text = str(caught.value)
    assert "\n" not in text
    assert Path(str(path).rstrip("*")).name[:4] in text
    return text


def save(dataset, folder, name="bad.nc", **options):
    encoding = {variable: {"_FillValue": None} for variable in dataset.variables}
    dataset.to_netcdf(folder / name, encoding=encoding, **options)
    return folder / name


def test_missing_file_pattern_and_folder(tmp_path):
    refused(tmp_path / "nothing.nc", "no such file")
    refused(tmp_path / "noth*.nc", "no file matches")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "folder without Zarr metadata")


@pytest.mark.parametrize("format", ["NETCDF4", "NETCDF3_CLASSIC"])
@pytest.mark.parametrize("kept", [0.1, 0.6, 0.95])
def test_truncated_netcdf(tmp_path, format, kept):
    path = save(PLAIN, tmp_path, format=format)
    os.truncate(path, int(path.stat().st_size * kept))
    refused(path, "expected a complete netCDF file")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"time,sst\n1990-01,3\n", "begins with b'time,sst"),
        (b"", "is empty"),
        (b"GRIB\x00\x01", "GRIB file"),
        (b"\x89HDF\r\n\x1a\n" + b"rubbish" * 20, "cannot be opened"),
    ],
)
def test_other_things_named_nc(tmp_path, content, message):
    (tmp_path / "text.nc").write_bytes(content)
    refused(tmp_path / "text.nc", message)


def test_broken_zarr(tmp_path):
    (tmp_path / "broken.zarr").mkdir()
    refused(tmp_path / "broken.zarr", "broken.zarr")


def edited(change):
    dataset = PLAIN.copy(deep=True)
    return change(dataset) or dataset


def with_sst(values=None, **attrs):
    def change(dataset):
        if values is not None:
            dataset["sst"] = dataset["sst"] * 0 + values
        dataset["sst"].attrs |= {"units": "degC"} | attrs

    return change


CASES = {
    "all missing": (with_sst(np.nan), "has no values: all are missing in all 14 months"),
    "m/s": (with_sst(units="m/s"), "has units 'm/s'; expected a temperature in K or degC"),
    "wrong scale": (with_sst(150.0), "median of 150; expected a sea-surface temperature"),
    "kelvin that is celsius": (with_sst(27.0, units="K"), "units K and a tropical median of 27"),
    "celsius that is kelvin": (with_sst(300.0), "units degC and a tropical median of 300"),
    "no time": (lambda d: d.isel(time=0, drop=True), "has no time axis; its dimensions are lat"),
    "no latitude": (
        lambda d: d.rename(lat="p").drop_vars("p"), "no variable lies on latitude and longitude"
    ),
    "swapped axes": (
        lambda d: d.rename(lat="lon", lon="lat"), "'lon' has units 'degrees_north'.*swapped"
    ),
    "swapped values": (
        lambda d: xr.Dataset(
            {"sst": (("time", "lat", "lon"), d.sst.values.transpose(0, 2, 1), {"units": "degC"})},
            {"time": d.time, "lat": d.lon.values, "lon": d.lat.values}),
        r"latitude 'lat' runs from 7.5 to 352.5; expected −90 to 90: are the axes swapped\?",
    ),
    "beyond the pole": (
        lambda d: d.assign_coords(lat=("lat", d.lat.values * 1.2, d.lat.attrs)),
        "runs from -99 to 99; expected −90 to 90",
    ),
    "longitudes in metres": (
        lambda d: d.assign_coords(lon=("lon", d.lon.values * 1e5, d.lon.attrs)),
        "longitude 'lon' runs from",
    ),
    "shuffled latitudes": (
        lambda d: d.isel(lat=[0, 1, 2, 5, 4, 3, 6, 7, 8, 9, 10, 11]),
        "latitude 'lat' is not monotonic at index 4",
    ),
    "shuffled longitudes": (
        lambda d: d.isel(lon=[0, 2, 1, *range(3, 24)]), "longitude 'lon' is not monotonic"
    ),
    "holes in an axis": (
        lambda d: d.assign_coords(lat=d.lat.where(d.lat > -50).assign_attrs(d.lat.attrs)),
        "has missing values; expected degrees",
    ),
    "two candidates": (
        lambda d: d.assign(tos=d.sst), r"2 variables could be .* sst, tos; choose one by variable="
    ),
    "many levels": (
        lambda d: d.assign(sst=d.sst.expand_dims(depth=3).assign_attrs(d.sst.attrs)),
        "dimension 'depth' has 3 values; expected a field",
    ),
    "unknown time units": (
        lambda d: d.assign_coords(time=("time", np.arange(14.0), {"units": "fortnights"})),
        "time 'time' has units 'fortnights'; expected a form such as",
    ),
    "unknown calendar": (
        lambda d: d.assign_coords(
            time=("time", np.arange(14.0), {"units": "days since 2000-01-01", "calendar": "maya"})),
        "calendar 'maya', which cannot be decoded",
    ),
    "times that cannot be": (
        lambda d: d.assign_coords(
            time=("time", np.arange(14.0) * 1e6, {"units": "days since 2000-01-01"})),
        "(years; expected a time axis|cannot be decoded)",
    ),
    "missing stamps": (
        lambda d: d.assign_coords(time=d.time.where(d.time > d.time[3]).assign_attrs(d.time.attrs)),
        "not a row of finite numbers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_fields_that_cannot_be_understood(tmp_path, case):
    change, message = CASES[case]
    refused(save(edited(change), tmp_path), message)


def test_unknown_variable_and_unknown_choice(tmp_path):
    path = save(PLAIN.assign(tos=PLAIN.sst), tmp_path)
    refused(path, "no variable 'skt'; expected one of: sst, tos", variable="skt")
    assert open_sst(str(path), variable="tos").field.name == "sst"


def test_files_that_do_not_belong_together(tmp_path):
    write(TRUTH, FileLayout(), tmp_path)
    coarse = as_dataset(truth(step=10.0), FileLayout())
    save(coarse, tmp_path, "part1.nc")
    refused(tmp_path / "part*.nc", "grid differs from that of the first file")
    save(as_dataset(TRUTH, FileLayout(units="K")), tmp_path, "part1.nc")
    refused(tmp_path / "part*.nc", "units 'K' differ from 'degC' in the first file")


def test_gaps_repeats_and_holes_are_worked_around_and_noted(tmp_path):
    values = TRUTH.values.copy()
    values[5, 8, 0] = np.nan
    dataset = as_dataset(TRUTH.copy(data=values), FileLayout())
    dataset = xr.concat(
        [dataset.isel(time=[0, 1, 2]), dataset.isel(time=[2, *range(5, 14)])], "time"
    )
    dataset["sst"][2] += 2.0
    opened = open_sst(str(save(dataset, tmp_path)))
    expected = values.copy()
    expected[2] += 1.0
    expected[3:5] = np.nan
    np.testing.assert_allclose(opened.field.values, expected, atol=0.006)
    notes = " ".join(opened.notes)
    assert "1 month (1997-01): given more than once" in notes
    assert "2 months (1997-02, 1997-03): not in the data" in notes
    assert "1 values" in notes


def test_anomalies_are_told_from_temperatures(tmp_path):
    anomaly = TRUTH - TRUTH.mean("time")
    for name, long_name in (("ssta", ""), ("sst", "SST anomaly"), ("sst", "")):
        dataset = as_dataset(anomaly, FileLayout(variable=name, units="K"))
        dataset[name] = dataset[name] - (273.15)  # as_dataset takes °C to K
        dataset[name].attrs = {"units": "K", "long_name": long_name}
        opened = open_sst(str(save(dataset, tmp_path)))
        assert opened.field.name == "sst_anomaly"
        assert opened.field.attrs["units"] == "K"
        np.testing.assert_allclose(opened.field.values, anomaly.values, atol=1e-4)
        assert any("read as anomalies" in n for n in opened.notes) == (name + long_name == "sst")


def test_a_cyclic_point_is_dropped(tmp_path):
    dataset = as_dataset(TRUTH, FileLayout())
    last = dataset.isel(lon=[0]).assign_coords(lon=("lon", [367.5], dataset.lon.attrs))
    opened = open_sst(str(save(xr.concat([dataset, last], "lon"), tmp_path)))
    np.testing.assert_allclose(opened.field.values, TRUTH.values, atol=0.006)
    assert any("cyclic" in note for note in opened.notes)


def test_remote_files_stores_and_globs(tmp_path):
    memory = fsspec.filesystem("memory")
    for layout in (FileLayout(files=3), FileLayout(files=3, container="NETCDF3_CLASSIC")):
        write(TRUTH, layout, tmp_path)
        memory.put(str(tmp_path) + "/", "/remote/", recursive=True)
        opened = open_sst("memory://remote/part*.nc")
        np.testing.assert_allclose(opened.field.values, TRUTH.values, atol=0.006)
    write(TRUTH, replace(layout, files=1, container="zarr3"), tmp_path)
    memory.put(str(tmp_path / "part0.zarr"), "/remote/store.zarr", recursive=True)
    opened = open_sst("memory://remote/store.zarr")
    np.testing.assert_allclose(opened.field.values, TRUTH.values, atol=0.006)
    refused("memory://remote/none.nc", "no such data")
    refused("memory://remote/none*.nc", "no file matches")
    refused("nonsense://remote/none.nc", "cannot be opened|not installed")


def test_files_are_closed_again(tmp_path):
    paths = [save(PLAIN, tmp_path, "a.nc"), save(PLAIN.drop_vars("time"), tmp_path, "b.nc")]
    open_sst(str(paths[0]))
    refused(paths[1], "no time axis")
    held = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
            if os.path.islink(f"/proc/self/fd/{fd}")}  # fmt: skip
    assert not held & {str(path) for path in paths}


def test_a_month_without_any_value_is_told(tmp_path):
    dataset = PLAIN.copy(deep=True)
    dataset["sst"][{"time": 3}] = np.nan
    label = str(xr.decode_cf(dataset)["time"].dt.strftime("%Y-%m").values[3])
    notes = open_sst(str(save(dataset, tmp_path, "blank.nc"))).notes
    assert f"1 month ({label}): without any value; left missing." in notes
