"""Tiny synthetic files in the true layouts of the usual SST data sets."""

import numpy as np
import pytest
import xarray as xr

from shiome.data import open_sst
from tests.strategies import KELVIN, FileLayout, encode_times, truth, write

TRUTH = truth(months=14, step=10.0)


def times(units, calendar="standard", mid=False):
    layout = FileLayout(time_units=units, calendar=calendar, mid_month=mid)
    return encode_times(TRUTH.time.values, layout)


def save(dataset, path, packed=()):
    encoding = {name: {"_FillValue": None} for name in dataset.variables if name not in packed}
    dataset.to_netcdf(path, encoding=encoding)
    return str(path)


def check(opened, atol=0.006, name="sst"):
    assert opened.field.name == name
    np.testing.assert_array_equal(opened.field.time.values, TRUTH.time.values)
    np.testing.assert_allclose(opened.field.latitude, TRUTH.latitude, atol=1e-4)
    np.testing.assert_allclose(opened.field.longitude, TRUTH.longitude, atol=1e-4)
    np.testing.assert_allclose(opened.field.values, TRUTH.values, atol=atol)


def coordinate(values, units, **attrs):
    return values, {"units": units, **attrs}


def test_ersst_v5_one_file_a_month_with_sst_and_anomaly(tmp_path):
    """float32, (time, lev, lat, lon), missing −999, minutes since mid-month of 1854."""
    units = "minutes since 1854-01-15 00:00"
    for i, time in enumerate(times(units)):
        values = TRUTH.values[i][None, None]
        sst = np.where(np.isnan(values), -999.0, values).astype("f4")
        ssta = np.where(np.isnan(values), -999.0, values * 0 + 0.5).astype("f4")
        attrs = {"units": "degree_C", "_FillValue": np.float32(-999), "valid_min": -3.0}
        dims = ("time", "lev", "lat", "lon")
        dataset = xr.Dataset(
            {
                "sst": (dims, sst, {**attrs, "standard_name": "sea_surface_temperature"}),
                "ssta": (
                    dims,
                    ssta,
                    {**attrs, "long_name": "Extended reconstructed anomalies"},
                ),
            },
            {
                "time": ("time", *coordinate([time], units)),
                "lev": ("lev", *coordinate([0.0], "meters", standard_name="depth")),
                "lat": ("lat", *coordinate(TRUTH.latitude.values, "degrees_north")),
                "lon": ("lon", *coordinate(TRUTH.longitude.values, "degrees_east")),
            },
            {"title": "NOAA ERSSTv5 (in situ only)", "license": "No constraints on data access"},
        )
        save(dataset, tmp_path / f"ersst.v5.{i:02d}.nc", packed=("sst", "ssta"))
    opened = open_sst(str(tmp_path / "ersst.v5.*.nc"))
    check(opened)
    assert opened.record.kind == "observation"
    assert opened.record.license == "No constraints on data access"
    anomaly = open_sst(str(tmp_path / "ersst.v5.*.nc"), variable="ssta").field
    assert anomaly.name == "sst_anomaly"
    np.testing.assert_allclose(anomaly.values[np.isfinite(anomaly)], 0.5)


def test_oisst_v21_daily_packed_with_zlev_and_four_variables(tmp_path):
    """int16 × 0.01, (time, zlev, lat, lon), sst, anom, err and ice; daily, averaged to months."""
    days = np.arange(np.datetime64("1996-11-01"), np.datetime64("1997-01-01"))
    month = days.astype("datetime64[M]").astype(int)
    day_of_month = (days - days.astype("datetime64[M]")).astype(int)
    length = np.where(month == month[0], 30, 31)
    values = TRUTH.values[month - month[0]] + (day_of_month - (length - 1) / 2)[:, None, None] * 0.1
    packed = np.where(np.isnan(values), -999, np.round(values / 0.01)).astype("i2")[:, None]
    attrs = {
        "scale_factor": np.float32(0.01),
        "add_offset": np.float32(0),
        "_FillValue": np.int16(-999),
    }
    dims = ("time", "zlev", "lat", "lon")
    names = {"sst": "Celsius", "anom": "Celsius", "err": "Celsius", "ice": "%"}
    since = (days - np.datetime64("1978-01-01")).astype(float) + 0.5
    dataset = xr.Dataset(
        {name: (dims, packed, {**attrs, "units": units}) for name, units in names.items()},
        {
            "time": ("time", *coordinate(since, "days since 1978-01-01 12:00:00")),
            "zlev": ("zlev", *coordinate([0.0], "meters")),
            "lat": ("lat", *coordinate(TRUTH.latitude.values.astype("f4"), "degrees_north")),
            "lon": ("lon", *coordinate(TRUTH.longitude.values.astype("f4"), "degrees_east")),
        },
    )
    dataset["time"] = ("time", since - 0.5, dataset.time.attrs)
    opened = open_sst(save(dataset, tmp_path / "oisst.nc", packed=tuple(names)))
    assert opened.field.sizes["time"] == 2
    np.testing.assert_allclose(opened.field.values, TRUTH.values[:2], atol=0.01)
    assert any("61 steps" in note and "2 monthly means" in note for note in opened.notes)


def test_hadisst_descending_with_ice_code_and_bounds(tmp_path):
    """Descending latitude, −180…180, −1e30 on land, −1000 under ice, stamps inside bounds."""
    field = TRUTH.assign_coords(longitude=(TRUTH.longitude + 180) % 360 - 180).sortby("longitude")
    field = field.isel(latitude=slice(None, None, -1))
    values = np.where(np.isnan(field.values), -1e30, field.values)
    values[3:5, 0, :6] = -1000.0
    units = "days since 1870-1-1 0:0:0"
    stamps, starts = times(units, mid=True), times(units)
    ends = np.append(starts[1:], starts[-1] + 31)
    dataset = xr.Dataset(
        {
            "sst": (
                ("time", "latitude", "longitude"),
                values.astype("f4"),
                {"units": "C", "_FillValue": np.float32(-1e30), "missing_value": np.float32(-1e30)},
            ),
            "time_bnds": (("time", "nv"), np.column_stack([starts, ends])),
        },
        {
            "time": (
                "time",
                stamps,
                {"units": units, "calendar": "gregorian", "bounds": "time_bnds"},
            ),
            "latitude": ("latitude", *coordinate(field.latitude.values, "degrees_north")),
            "longitude": ("longitude", *coordinate(field.longitude.values, "degrees_east")),
        },
        {"title": "Monthly version of HadISST sea surface temperature component"},
    )
    opened = open_sst(save(dataset, tmp_path / "HadISST_sst.nc", packed=("sst",)))
    iced = np.isnan(opened.field.values) & np.isfinite(TRUTH.values)
    assert iced.sum() == 12
    np.testing.assert_allclose(opened.field.values[~iced], TRUTH.values[~iced], atol=0.006)
    assert any("12 values" in note for note in opened.notes)


def test_cobe_sst2_descending_with_large_missing_values(tmp_path):
    field = TRUTH.isel(latitude=slice(None, None, -1))
    values = np.where(np.isnan(field.values), 1e20, field.values).astype("f4")
    units = "days since 1891-1-1 00:00:00"
    dataset = xr.Dataset(
        {
            "sst": (
                ("time", "lat", "lon"),
                values,
                {"units": "degC", "missing_value": np.float32(1e20)},
            )
        },
        {
            "time": ("time", *coordinate(times(units), units)),
            "lat": ("lat", *coordinate(field.latitude.values.astype("f4"), "degrees_north")),
            "lon": ("lon", *coordinate(field.longitude.values.astype("f4"), "degrees_east")),
        },
    )
    check(open_sst(save(dataset, tmp_path / "sst.mon.mean.nc", packed=("sst",))))


@pytest.mark.parametrize("new", [False, True])
def test_era5_kelvin_with_versions_side_by_side(tmp_path, new):
    """Old layout: time and expver of two; new layout: valid_time, number and expver aside."""
    field = TRUTH.isel(latitude=slice(None, None, -1))
    values = field.values.astype("f8") + KELVIN
    position = {
        "latitude": ("latitude", *coordinate(field.latitude.values, "degrees_north")),
        "longitude": ("longitude", *coordinate(field.longitude.values, "degrees_east")),
    }
    if new:
        units = "seconds since 1970-01-01"
        sst = xr.Variable(("valid_time", "latitude", "longitude"), values, {"units": "K"})
        coords = {"valid_time": ("valid_time", *coordinate(times(units), units)), "number": 0,
                  "expver": ("valid_time", ["0001"] * 14)}  # fmt: skip
    else:
        units = "hours since 1900-01-01 00:00:00.0"
        both = np.stack([values, values], axis=1)
        both[10:, 0], both[:10, 1] = np.nan, np.nan
        sst = xr.Variable(("time", "expver", "latitude", "longitude"), both, {"units": "K"})
        coords = {"time": ("time", *coordinate(times(units), units)), "expver": [1, 5]}
    dataset = xr.Dataset({"sst": sst}, {**coords, **position}, {"history": "ERA5 monthly means"})
    opened = open_sst(save(dataset, tmp_path / "era5.nc"))
    check(opened)
    assert opened.record.kind == "reanalysis"


def test_oras5_curvilinear_grid_is_averaged_in_regular_cells(tmp_path):
    """(time_counter, y, x) with two-dimensional nav_lat and nav_lon: a rotated, folded grid."""
    y, x = np.meshgrid(np.linspace(-77, 77, 78), np.arange(-180, 180, 2.0), indexing="ij")
    nav_lat = y + 0.5 * np.sin(np.deg2rad(3 * x))
    nav_lon = (x + 0.4 * np.cos(np.deg2rad(2 * y)) + 180 + 73) % 360 - 180
    pattern = 28 * np.cos(np.deg2rad(nav_lat)) + 2 * np.sin(np.deg2rad(nav_lon))
    values = pattern + np.arange(14)[:, None, None] * 0.1
    land = (nav_lat > 20) & (nav_lat < 50) & (nav_lon > 0) & (nav_lon < 90)
    values[:, land] = np.nan
    units = "seconds since 1950-01-01 00:00:00"
    for i, time in enumerate(times(units, mid=True)):
        dataset = xr.Dataset(
            {"sosstsst": (("time_counter", "y", "x"), values[i : i + 1].astype("f4"),
                          {"units": "C", "coordinates": "nav_lat nav_lon"})},
            {"time_counter": ("time_counter", *coordinate([time], units)),
             "nav_lat": (("y", "x"), *coordinate(nav_lat.astype("f4"), "degrees_north")),
             "nav_lon": (("y", "x"), *coordinate(nav_lon.astype("f4"), "degrees_east"))},
        )  # fmt: skip
        del dataset["sosstsst"].attrs["coordinates"]
        save(dataset, tmp_path / f"sosstsst_{i:02d}.nc")
    opened = open_sst(str(tmp_path / "sosstsst_*.nc"))
    field = opened.field
    assert opened.record.kind == "reanalysis"
    assert any("curvilinear" in note for note in opened.notes)
    exact = 28 * np.cos(np.deg2rad(field.latitude)) + 2 * np.sin(np.deg2rad(field.longitude))
    inside = np.abs(field.latitude) < 74
    error = (field - exact - 0.1 * np.arange(14)[:, None, None]).where(inside)
    assert float(np.abs(error).max()) < 1.2
    assert float(np.sqrt((error**2).mean())) < 0.3
    assert np.isnan(field.sel(latitude=slice(24, 46), longitude=slice(5, 85)).values).all()
    assert np.isfinite(
        field.where(inside).sel(longitude=slice(100, 350)).dropna("latitude", how="all")
    ).all()


@pytest.mark.parametrize(("descending", "start"), [(False, 0.0), (True, -180.0), (True, 57.0)])
def test_a_fine_grid_is_averaged_to_two_degrees_in_chunks(tmp_path, monkeypatch, descending, start):
    """Conservative, the same whatever the chunk and the order of the axes, and noted."""
    monkeypatch.setattr("shiome.data.sources.gridded.CHUNK_VALUES", 3 * 180 * 360)
    fine = truth(months=7, step=1.0)
    layout = FileLayout(descending=descending, longitude_start=start)
    opened = open_sst(write(fine, layout, tmp_path))
    assert opened.field.shape == (7, 90, 180)
    area = np.cos(np.deg2rad(fine.latitude.values[100:102]))[:, None] * np.ones(2)
    expected = [np.average(v, weights=area) for v in fine.values[:, 100:102, 40:42]]
    np.testing.assert_allclose(opened.field.values[:, 50, 20], expected, rtol=1e-5)
    assert any("averaged to 2°" in note for note in opened.notes)


def test_a_fine_region_across_the_prime_meridian_keeps_its_cells_only(tmp_path):
    fine = truth(months=3, step=1.0).isel(latitude=slice(90, 120)).fillna(20.0)
    region = fine.isel(longitude=[*range(20), *range(340, 360)])
    opened = open_sst(write(region, FileLayout(longitude_start=-180.0), tmp_path))
    np.testing.assert_array_equal(opened.field.latitude, np.arange(1.0, 30, 2))
    expected = [*np.arange(1.0, 20, 2), *np.arange(341.0, 360, 2)]
    np.testing.assert_array_equal(opened.field.longitude, expected)
    assert np.isfinite(opened.field).all()
