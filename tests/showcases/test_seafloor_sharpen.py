"""``shiome sharpen``: without seams, around the Earth, over the poles, and told in one line."""

import jax
import netCDF4
import numpy as np
import pytest
import xarray as xr

from shiome.cli import main
from shiome.core.errors import ConfigError, DataError, OutputError
from shiome.grids.coarsen import coarsen
from shiome.nets.sharpener import sharpener
from shiome.showcases.seafloor.sharpen import sharpen


@pytest.fixture(scope="module")
def networks():
    settings = {"blocks": 1, "width": 8, "direct": True}
    make = lambda seed: sharpener(
        body="edsr", factor=2, settings=settings, key=jax.random.key(seed)
    )
    return [make(0), make(1)]


def grid(rows=24, columns=30, *, south=-8.0, west=170.0, step=0.5, seed=0):
    rng = np.random.default_rng(seed)
    values = np.round(-3000 + 600 * rng.normal(size=(rows, columns))).astype(np.float32)
    return xr.Dataset(
        {
            "elevation": (
                ("lat", "lon"),
                values,
                {"units": "m", "standard_name": "height_above_mean_sea_level", "source": "ships"},
            )
        },
        {
            "lat": ("lat", south + step * np.arange(rows), {"units": "degrees_north"}),
            "lon": ("lon", west + step * np.arange(columns), {"units": "degrees_east"}),
        },
        {"title": "Somewhere", "history": "measured", "Conventions": "CF-1.6"},
    )


def made(tmp_path, data, networks, *, name="in", **options):
    data.to_netcdf(tmp_path / f"{name}.nc")
    done = sharpen(
        str(tmp_path / f"{name}.nc"),
        tmp_path / f"{name}-fine.nc",
        factor=2,
        networks=networks,
        **{"tile": 16} | options,
    )
    with xr.open_dataset(done.path) as opened:
        return done, opened.load()


def test_tiles_meet_without_seams_and_means_are_kept(tmp_path, networks):
    data = grid()
    done, fine = made(tmp_path, data, networks)
    _, whole = made(tmp_path, data, networks, tile=64, name="whole")
    assert fine.sizes == {"latitude": 48, "longitude": 60}
    assert done.cells == 48 * 60
    assert done.peak_mib > 10
    for name in fine:
        np.testing.assert_allclose(fine[name], whole[name], rtol=1e-4, atol=0.05)
    back = coarsen(fine.elevation, 2)
    np.testing.assert_allclose(back, data.elevation, atol=0.2)
    np.testing.assert_allclose(back.latitude, data.lat)
    np.testing.assert_allclose(back.longitude, data.lon)


def test_metadata_stay_and_the_error_stands_beside(tmp_path, networks):
    _, fine = made(tmp_path, grid(), networks)
    assert fine.attrs["title"] == "Somewhere"
    assert fine.attrs["history"].endswith("\nmeasured")
    assert "sharpened by a factor of 2" in fine.attrs["history"]
    height, error = fine.elevation, fine.elevation_standard_error
    assert height.attrs["source"] == "ships"
    assert height.attrs["ancillary_variables"] == "elevation_standard_error"
    assert error.attrs["standard_name"] == "height_above_mean_sea_level standard_error"
    assert float(error.min()) > 0
    with netCDF4.Dataset(tmp_path / "in-fine.nc") as file:
        assert file["elevation"].filters()["zlib"]


def test_depths_in_feet_come_back_as_depths_in_feet(tmp_path, networks):
    data = grid()
    _, fine = made(tmp_path, data, networks)
    depth = data.rename(elevation="depth")
    depth["depth"] = depth.depth / -0.3048
    depth.depth.attrs = {"units": "feet", "positive": "down"}
    done, feet = made(tmp_path, depth, networks, name="feet")
    np.testing.assert_allclose(feet.depth * -0.3048, fine.elevation, atol=0.5)
    assert feet.depth.attrs["positive"] == "down"
    assert any("feet" in note for note in done.notes)


def test_a_grid_around_the_earth_has_no_seam_where_it_begins(tmp_path, networks):
    whole = grid(rows=24, columns=72, south=-57.5, west=0.0, step=5.0)
    turned = whole.roll(lon=31, roll_coords=True)
    _, one = made(tmp_path, whole, networks, name="one")
    _, two = made(tmp_path, turned.assign_coords(lon=(turned.lon + 180) % 360 - 180), networks)
    apart = (two.longitude.values - one.longitude.values[0] + 180) % 360 - 180
    shift = int(np.argmin(np.abs(apart)))
    np.testing.assert_allclose(
        np.roll(two.elevation, -shift, axis=1), one.elevation, rtol=1e-4, atol=0.05
    )


def test_poles_end_the_grid_and_points_on_them_are_halved(tmp_path, networks):
    points = grid(rows=37, columns=72, south=-90.0, west=0.0, step=5.0)
    done, fine = made(tmp_path, points, networks)
    assert fine.latitude.values[[0, -1]] == pytest.approx([-88.75, 88.75])
    assert any("poles" in note for note in done.notes)
    cells = grid(rows=36, columns=72, south=-87.5, west=0.0, step=5.0)
    done, fine = made(tmp_path, cells, networks, name="cells")
    assert fine.latitude.values[[0, -1]] == pytest.approx([-88.75, 88.75])
    assert not done.notes
    assert bool(np.isfinite(fine.elevation).all())


def test_missing_cells_stay_missing_and_spoil_no_others(tmp_path, networks):
    data = grid()
    data.elevation[3:5, 4:9] = np.nan
    _, fine = made(tmp_path, data, networks)
    gone = np.isnan(fine.elevation.values)
    expected = np.kron(np.isnan(data.elevation.values), np.ones((2, 2), bool))
    assert (gone == expected).all()


def test_what_looks_like_depths_is_told_and_what_is_empty_refused(tmp_path, networks):
    data = grid()
    above = data.copy(data={"elevation": abs(data.elevation.values)})
    done, _ = made(tmp_path, above, networks)
    assert any("Nothing lies below sea level" in note for note in done.notes)
    empty = data.copy(data={"elevation": np.full(data.elevation.shape, np.nan, np.float32)})
    with pytest.raises(DataError, match="variable 'elevation' has no values"):
        made(tmp_path, empty, networks, name="empty")
    assert not list(tmp_path.glob("*empty-fine*"))


def test_eight_ways_keep_means_and_turn_with_the_grid(tmp_path, networks):
    data = grid(24, 24)
    _, fine = made(tmp_path, data, networks, symmetric=True)
    np.testing.assert_allclose(coarsen(fine.elevation, 2), data.elevation, atol=0.2)
    mirrored = data.copy(data={"elevation": data.elevation.values[:, ::-1]})
    _, other = made(tmp_path, mirrored, networks, symmetric=True, name="mirrored")
    np.testing.assert_allclose(other.elevation[:, ::-1], fine.elevation, atol=0.2)
    _, plain = made(tmp_path, data, networks, name="plain")
    assert float(abs(plain.elevation - fine.elevation).max()) > 1


@pytest.mark.parametrize("side", [2, 3])
def test_the_smallest_grids_work(tmp_path, networks, side):
    _, fine = made(tmp_path, grid(side, side), networks)
    assert fine.elevation.shape == (2 * side, 2 * side)
    assert bool(np.isfinite(fine.elevation).all())


def test_what_cannot_be_done_is_told_in_one_line_and_leaves_nothing(tmp_path, networks):
    grid().to_netcdf(tmp_path / "in.nc")
    grid(1, 1).to_netcdf(tmp_path / "one.nc")
    source, out = str(tmp_path / "in.nc"), tmp_path / "out.nc"
    before = sorted(p.name for p in tmp_path.iterdir())
    for expected, said, arguments in (
        (ConfigError, "--factor is 3; expected one of: 2, 4, 8", (source, out, 3)),
        (OutputError, "is a folder", (source, tmp_path, 2)),
        (OutputError, "is the input itself", (source, source, 2)),
        (OutputError, "cannot write in .*nowhere", (source, tmp_path / "nowhere" / "x.nc", 2)),
        (DataError, "has one value; expected at least two", (str(tmp_path / "one.nc"), out, 2)),
        (DataError, "no such file", (str(tmp_path / "none.nc"), out, 2)),
    ):
        path, target, factor = arguments
        with pytest.raises(expected, match=said) as raised:
            sharpen(path, target, factor=factor, networks=networks, overwrite=True)
        assert "\n" not in str(raised.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_an_earlier_result_is_replaced_only_when_allowed(tmp_path, networks):
    made(tmp_path, grid(), networks)
    with pytest.raises(OutputError, match="exists; give another name"):
        made(tmp_path, grid(), networks)
    made(tmp_path, grid(seed=1), networks, overwrite=True)
    assert not list(tmp_path.glob(".*part"))


def test_the_command_prints_what_it_did_and_what_it_cost(tmp_path, capsys):
    grid(12, 12).to_netcdf(tmp_path / "in.nc")
    out = tmp_path / "fine.nc"
    main(["sharpen", str(tmp_path / "in.nc"), "--factor", "2", "--out", str(out)])
    printed = " ".join(capsys.readouterr().out.split())
    assert "million cells in" in printed
    assert "peak memory" in printed
    with xr.open_dataset(out) as fine:
        np.testing.assert_allclose(coarsen(fine.elevation, 2), grid(12, 12).elevation, atol=0.2)


def test_bad_input_ends_the_command_with_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["sharpen", str(tmp_path / "none.nc"), "--out", str(tmp_path / "x.nc")])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no such file" in said
