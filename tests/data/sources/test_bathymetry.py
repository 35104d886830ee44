"""Grids of heights in the layouts people have; and one clear line where they cannot be used."""

import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import DataError
from shiome.data import list_samples, open_sample
from shiome.data.sources.bathymetry import elevation_file, open_basin, open_bathymetry

LATITUDE = np.arange(-2.0, 2.01, 0.5)


def heights(longitude):
    """Metres at each place, whatever the convention of longitude."""
    turn = np.deg2rad(np.asarray(longitude))
    return np.round(-3000 + 500 * LATITUDE[:, None] + 1000 * np.sin(turn)).astype(np.float32)


def write(path, longitude, *, name="elevation", sign=1, dtype="i2", **attrs):
    data = xr.Dataset(
        {name: (("lat", "lon"), (sign * heights(longitude)).astype(dtype), attrs)},
        {
            "lat": ("lat", LATITUDE, {"units": "degrees_north"}),
            "lon": ("lon", np.asarray(longitude, float), {"units": "degrees_east"}),
        },
    )
    data.to_netcdf(path)
    return data


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (np.arange(170.0, 190.0), np.arange(170.0, 190.0)),
        ((np.arange(170, 190) + 180) % 360 - 180, np.arange(170.0, 190.0)),
        (np.sort(np.arange(350, 370) % 360), np.arange(350.0, 370.0)),
        (np.arange(189.0, 169.0, -1), np.arange(170.0, 190.0)),
    ],
    ids=["0…360", "across the date line", "across Greenwich, sorted", "eastward first"],
)
@pytest.mark.parametrize("flip", [False, True])
def test_a_region_reads_the_same_however_it_lies(tmp_path, written, read, flip):
    data = write(tmp_path / "x.nc", written, units="m")
    if flip:
        data = data.isel(lat=slice(None, None, -1))
        data.to_netcdf(tmp_path / "y.nc")
    field = open_bathymetry(str(tmp_path / ("y.nc" if flip else "x.nc"))).field
    np.testing.assert_allclose(field.longitude, read)
    np.testing.assert_allclose(field.latitude, LATITUDE)
    np.testing.assert_allclose(field, heights(read))


@pytest.mark.parametrize(
    ("written", "periodic"),
    [
        (np.arange(-180.0, 180.0, 30.0), True),
        (np.arange(0.0, 361.0, 30.0), True),
        (np.arange(0.0, 300.0, 30.0), False),
    ],
)
def test_a_grid_around_the_earth_is_periodic_and_has_each_column_once(tmp_path, written, periodic):
    write(tmp_path / "x.nc", written, units="m")
    with elevation_file(str(tmp_path / "x.nc")) as grid:
        assert grid.periodic == periodic
        assert grid.longitude.size == np.unique(written % 360).size
        block = grid.read(slice(2, 5), slice(3, 7))
    np.testing.assert_allclose(block, heights(grid.longitude)[2:5, 3:7])


@pytest.mark.parametrize(
    ("settings", "scale", "note"),
    [
        ({"name": "z", "units": "meters", "dtype": "f4"}, 1.0, None),
        ({"name": "ROSE", "units": "meters"}, 1.0, None),
        ({"name": "elevation", "units": "feet"}, 0.3048, "from feet"),
        ({"name": "depth", "units": "m", "sign": -1}, 1.0, "positive down"),
        ({"name": "b", "units": "m", "sign": -1, "positive": "down"}, 1.0, "positive down"),
        (
            {"name": "b", "sign": -1, "standard_name": "sea_floor_depth_below_geoid"},
            1.0,
            "metres are assumed",
        ),
    ],
)
def test_units_and_direction_are_taken_from_the_attributes(tmp_path, settings, scale, note):
    longitude = np.arange(10.0, 20.0)
    write(tmp_path / "x.nc", longitude, **settings)
    opened = open_bathymetry(str(tmp_path / "x.nc"))
    np.testing.assert_allclose(opened.field, scale * heights(longitude), rtol=1e-6)
    assert opened.field.attrs["units"] == "m"
    assert note is None or note in " ".join(opened.notes)


def broken(path, kind):
    longitude = np.arange(10.0, 20.0)
    if kind == "no direction":
        write(path, longitude, name="bathymetry", units="m")
    elif kind == "strange units":
        write(path, longitude, units="hPa")
    elif kind == "uneven":
        write(path, [10, 11, 12, 13.5, 14.5], units="m")
    elif kind == "too deep":
        write(path, longitude, units="km")
    elif kind == "two variables":
        data = write(path, longitude, units="m")
        data.assign(height=data.elevation).to_netcdf(path.with_name("two.nc"))
        path.with_name("two.nc").replace(path)
    else:
        data = write(path.with_name("good.nc"), longitude, units="m")
        data = {
            "no coordinates": lambda: data.drop_vars(["lat", "lon"]).rename(lat="y", lon="x"),
            "one cell": lambda: data.isel(lat=[0], lon=[0]),
            "all missing": lambda: data.where(data.elevation > 1e6),
            "no longitude": lambda: data.drop_vars("lon").rename(lon="x"),
        }[kind]()
        data.to_netcdf(path)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("no direction", "neither that it grows upwards nor downwards; expected the attribute"),
        ("strange units", "units 'hPa'; expected m, km, feet or fathoms"),
        ("uneven", "'lon' steps by 1.5° at index 2, elsewhere by 1°; expected even steps"),
        ("too deep", r"is -\d.* m at -2°N, 10°E; expected -12000 to 9000 m"),
        ("two variables", "elevation, height could all be heights; expected one"),
        ("no coordinates", r"no variable lies on latitude and longitude \(it holds elevation\)"),
        ("no longitude", "no variable lies on latitude and longitude"),
        ("one cell", "'lat' has one value; expected at least two"),
        ("all missing", "'elevation' has no values"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(tmp_path, kind, said):
    broken(tmp_path / "x.nc", kind)
    with pytest.raises(DataError, match=said) as raised:
        open_bathymetry(str(tmp_path / "x.nc"))
    assert "\n" not in str(raised.value)
    assert "x.nc" in str(raised.value)


def test_missing_heights_stay_missing(tmp_path):
    data = write(tmp_path / "good.nc", np.arange(10.0, 20.0), units="m", dtype="f4")
    data.elevation[3, 4] = np.nan
    data.to_netcdf(tmp_path / "x.nc")
    field = open_bathymetry(str(tmp_path / "x.nc")).field
    assert np.isnan(field.values[3, 4])
    assert np.isnan(field.values).sum() == 1


def test_shipped_basins_are_apart_and_real():
    names = [r.id.removeprefix("seafloor-") for r in list_samples() if "seafloor-" in r.id]
    assert len(names) == 7
    boxes = {}
    for name in names:
        field = open_basin(name)
        assert field.shape == (480, 600)
        np.testing.assert_allclose(np.diff(field.longitude), 1 / 12, atol=1e-5)
        assert -11_000 < float(field.min()) < -5000
        assert float((field > 0).mean()) < 0.06
        boxes[name] = field.longitude.values, field.latitude.values
    for test in ("west-north-pacific", "south-atlantic", "east-north-pacific"):
        x, y = boxes[test]
        for other in set(names) - {test}:
            gap = np.min(np.abs((x[:, None] - boxes[other][0] + 180) % 360 - 180))
            apart = np.min(np.abs(y[:, None] - boxes[other][1]))
            assert gap > 5 or apart > 5, (test, other)


def test_a_basin_agrees_with_the_coarser_relief():
    """The 1° relief comes from the same survey: its points lie within the basin's own spread."""
    basin = open_basin("west-north-pacific")
    coarse = open_sample("relief-1deg").surface_altitude
    coarse = coarse.sel(latitude=slice(8, 42), longitude=slice(133, 177))
    nearby = basin.interp(latitude=coarse.latitude, longitude=coarse.longitude)
    assert np.corrcoef(nearby.values.ravel(), coarse.values.ravel())[0, 1] > 0.9
