"""Images in the layout of GridSat-B1, in any arrangement, come out in one form."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shiome.core.errors import ConfigError, DataError
from shiome.data.sources.gridsat import Box, open_gridsat
from shiome.data.windows import ImageGrid

STEP = 4.0


def truth(steps=3, hours=3):
    """Synthetic temperatures on a coarse GridSat grid, K in steps of 0.01, with a hole."""
    latitude, longitude = np.arange(-68.0, 69.0, STEP), np.arange(0.0, 360.0, STEP)
    random = np.random.default_rng(0)
    values = np.round(random.uniform(190, 300, (steps, latitude.size, longitude.size)), 2)
    values[:, 5:7, 10:14] = np.nan
    start = np.datetime64("1999-11-13T18", "ns")
    return xr.DataArray(
        values,
        {
            "time": start + np.arange(steps) * np.timedelta64(hours, "h"),
            "latitude": latitude,
            "longitude": longitude,
        },
        ("time", "latitude", "longitude"),
    )


def write(field, folder, *, west=-180.0, descending=False, order=(0, 1, 2), names=None, files=3,
          units="hours since 1970-01-01 00:00:00", packed=True):  # fmt: skip
    """GridSat-B1.YYYY.MM.DD.HH.v02r01.nc: packed, one file per time, other fields beside."""
    lat, lon, variable = names or ("lat", "lon", "irwin_cdr")
    field = field.assign_coords(longitude=(field.longitude - west) % 360 + west)
    field = field.sortby("longitude").isel(latitude=slice(None, None, -1 if descending else 1))
    dims = ("time", lat, lon)
    for part in np.array_split(np.arange(field.sizes["time"]), files):
        values = field.values[part]
        first = field.time.values[part[0]]
        data = xr.Variable(dims, values, {"units": "kelvin", "long_name": "NOAA FCDR of BT"})
        data = data.transpose(*(dims[i] for i in order))
        seconds = (field.time.values[part] - np.datetime64("1970-01-01")) / np.timedelta64(1, "s")
        time = seconds / {"h": 3600, "d": 86400, "s": 1}[units[0]]
        dataset = xr.Dataset(
            {variable: data, "satlon": (("time", "Ngeo"), np.zeros((part.size, 5), "f4"))},
            {
                "time": ("time", time, {"units": units, "calendar": "standard"}),
                lat: (lat, field.latitude.values.astype("f4"), {"units": "degrees_north"}),
                lon: (lon, field.longitude.values.astype("f4"), {"units": "degrees_east"}),
            },
            {"title": "Synthetic test", "license": "none"},
        )
        encoding = {"time": {"dtype": "f8"}}
        if packed:
            encoding[variable] = {
                "dtype": "i2",
                "scale_factor": np.float32(0.01),
                "add_offset": np.float32(200.0),
                "_FillValue": np.int16(-31999),
            }
        stamp = str(first.astype("datetime64[h]")).replace("-", ".").replace("T", ".")
        dataset.to_netcdf(folder / f"GRIDSAT-B1.{stamp}.v02r01.nc", encoding=encoding)
    return str(folder / "GRIDSAT-B1.*.nc")


def test_the_layout_of_the_archive(tmp_path):
    field = truth()
    opened = open_gridsat(write(field, tmp_path))
    images = opened.images
    np.testing.assert_allclose(images, field, atol=0.006)
    np.testing.assert_array_equal(images["time"], field["time"])
    assert images.dtype == np.float32
    assert images.attrs["units"] == "K"
    assert opened.notes == ()
    assert opened.record.kind == "synthetic"
    assert ImageGrid.of(images).periodic


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    west=st.sampled_from([-180.0, 0.0, -20.0]),
    descending=st.booleans(),
    order=st.permutations([0, 1, 2]),
    names=st.sampled_from(
        [("lat", "lon", "irwin_cdr"), ("latitude", "longitude", "tbb"), ("lat", "lon", "field")]
    ),
    files=st.sampled_from([1, 2, 3]),
    units=st.sampled_from(
        ["hours since 1970-01-01 00:00:00", "days since 1970-01-01", "seconds since 1970-01-01"]
    ),
    packed=st.booleans(),
    box=st.sampled_from([Box(), Box(100, 200, -20, 40), Box(-80, -10, 0, 30), Box(10, 20, 0, 9)]),
)
def test_any_layout_and_box(tmp_path_factory, box, **layout):
    field = truth()
    folder = tmp_path_factory.mktemp("gridsat")
    images = open_gridsat(write(field, folder, **layout), box=box).images
    west, east = box.bounds
    expected = field.sel(latitude=slice(box.south, box.north), longitude=slice(west, east))
    np.testing.assert_allclose(images, expected, atol=0.006)
    np.testing.assert_allclose(images["longitude"], expected["longitude"])
    np.testing.assert_allclose(images["latitude"], expected["latitude"])


def test_the_columns_of_the_archive_and_their_seam(tmp_path):
    """5,143 columns of 0.07° from 180°W overlap by a seventh of a column."""
    latitude, longitude = np.arange(20.0, 21.0, 0.07), -180 + 0.07 * np.arange(5143)
    values = 250 + 30 * np.sin(np.deg2rad(longitude)) * np.ones((1, latitude.size, 1))
    field = xr.DataArray(
        values,
        {"time": truth(1).time, "latitude": latitude, "longitude": longitude},
        ("time", "latitude", "longitude"),
    )
    path = write(field, tmp_path, files=1)
    whole = open_gridsat(path).images
    assert ImageGrid.of(whole).periodic
    coarse = open_gridsat(path, step=0.5).images
    assert ImageGrid.of(coarse).periodic
    assert coarse.shape == (1, 2, 720)
    seam = open_gridsat(path, box=Box(170, -170)).images
    assert ImageGrid.of(seam).shape == (latitude.size, 286)
    for image in (whole, coarse, seam, open_gridsat(path, box=Box(170, -170), step=0.25).images):
        expected = 250 + 30 * np.sin(np.deg2rad(image["longitude"]))
        np.testing.assert_allclose(image, expected.broadcast_like(image), atol=0.01)


def test_coarser_cells_hold_the_mean_of_their_pixels(tmp_path):
    latitude, longitude = np.arange(-9.75, 10, 0.5), np.arange(100.25, 120, 0.5)
    random = np.random.default_rng(1)
    values = random.uniform(200, 290, (2, latitude.size, longitude.size))
    values[0, :2, :3] = np.nan  # three of four cells' pixels are gone in the corner
    field = xr.DataArray(
        values,
        {"time": truth(2).time, "latitude": latitude, "longitude": longitude},
        ("time", "latitude", "longitude"),
    )
    path = write(field, tmp_path, packed=False, files=2)
    opened = open_gridsat(path, box=Box(102, 118, -8, 8), step=1.0)
    images = opened.images
    assert images.shape == (2, 16, 16)
    np.testing.assert_allclose(images["latitude"], np.arange(-7.5, 8))
    weight = np.cos(np.deg2rad(latitude))[:, None] * np.ones(longitude.size)
    inside = slice(4, 36)
    block = (values * weight)[:, inside, inside].reshape(2, 16, 2, 16, 2).sum((2, 4))
    area = weight[inside, inside].reshape(16, 2, 16, 2).sum((1, 3))
    np.testing.assert_allclose(images, block / area, rtol=1e-5)
    assert "averaged over cells of 1°" in opened.notes[0]
    whole = open_gridsat(path, step=1.0).images
    assert whole.shape == (2, 20, 20)
    assert np.isnan(whole[0, 0, 0])
    assert np.isfinite(whole[0, 0, 1])
    with pytest.raises(ConfigError, match=r"finer than the file's 0.5°"):
        open_gridsat(path, step=0.25)


def test_a_store_is_written_some_images_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr("shiome.data.sources.gridsat.STEPS", 2)
    field = truth(7)
    path = write(field, tmp_path, files=2)
    opened = open_gridsat(path, box=Box(100, 200), store=tmp_path / "images.zarr")
    np.testing.assert_array_equal(opened.images, open_gridsat(path, box=Box(100, 200)).images)
    np.testing.assert_array_equal(opened.images["time"], field["time"])


def test_images_without_values_are_kept_and_told(tmp_path):
    field = truth()
    field[1] = np.nan
    opened = open_gridsat(write(field, tmp_path))
    assert opened.notes == ("1 of 3 images are missing throughout the box.",)
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(DataError, match="all 3 images are missing"):
        open_gridsat(write(field * np.nan, tmp_path))


@pytest.mark.parametrize(
    ("change", "layout", "message"),
    [
        (lambda f: f - 273.15, {}, "expected brightness temperatures in kelvin"),
        (lambda f: f.isel(time=[0, 2, 1]), {"files": 1}, "at index 2 is not later"),
        (lambda f: f.assign_coords(longitude=f.longitude * 3), {"west": 0.0}, "not monotonic"),
        (lambda f: f.assign_coords(latitude=f.latitude * 2), {}, "expected −90 to 90"),
        (lambda f: f, {"units": "h"}, "cannot be decoded"),
    ],
)
def test_says_what_is_wrong_in_one_line(tmp_path, change, layout, message):
    path = write(change(truth()), tmp_path, **layout)
    with pytest.raises(DataError, match=message) as error:
        open_gridsat(path)
    assert "\n" not in str(error.value)


def test_files_that_do_not_fit_each_other(tmp_path):
    field = truth()
    path = write(field, tmp_path)
    extra = field.isel(time=[0]).assign_coords(time=[np.datetime64("2000-01-01", "ns")])
    write(extra.isel(latitude=slice(2, None)), tmp_path, files=1)
    with pytest.raises(DataError, match="the grid differs"):
        open_gridsat(path)
    first = sorted(tmp_path.iterdir())[0]
    (tmp_path / "GRIDSAT-B1.2000.01.01.00.v02r01.nc").write_bytes(first.read_bytes())
    with pytest.raises(DataError, match=r"1999-11-13T18.* is given twice"):
        open_gridsat(path)


def test_boxes_and_variables_that_are_not_there(tmp_path):
    path = write(truth(), tmp_path)
    with pytest.raises(DataError, match="0 rows and 90 columns lie in the box"):
        open_gridsat(path, box=Box(0, 360, 80, 90))
    with pytest.raises(DataError, match="no variable 'irwin'; expected one of: irwin_cdr"):
        open_gridsat(path, variable="irwin")
    for wrong in ((350, 20, 0, 1), (100, 100, 0, 1), (0, 400, 0, 1), (0, 10, 5, -5)):
        with pytest.raises(ConfigError, match="the box reaches from"):
            Box(*wrong)
