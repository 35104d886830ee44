import weakref

import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import DataError
from shiome.verification import acc, bias, crps, mae, rmse, verify_blocks, verify_hindcast

DIMS = ("start", "lead", "member", "latitude", "longitude")
SIZES = (13, 3, 6, 5, 7)


@pytest.fixture(scope="module")
def field():
    random = np.random.default_rng(0)
    coords = {"lead": [1, 2, 3], "latitude": np.linspace(-60, 60, 5)}
    signal = random.standard_normal((13, 3, 1, 5, 7))
    values = (signal + random.standard_normal(SIZES)).astype(np.float32)
    fcst = xr.DataArray(values, coords, DIMS)
    truth = (signal + random.standard_normal(signal.shape))[:, :, 0].astype(np.float32)
    obs = xr.DataArray(truth, coords, ("start", "lead", "latitude", "longitude"))
    obs[:, :, 2, 3] = np.nan  # land
    obs[4, 1] = np.nan  # a month not yet observed
    fcst[7, 2, 3, 0, 0] = np.nan
    return fcst, obs


@pytest.fixture(scope="module")
def expected(field):
    fcst, obs = field
    obs = obs.where(fcst.notnull().all("member"))
    scores = {f.__name__: f(fcst, obs, dim="start") for f in (acc, bias, crps, mae, rmse)}
    scores["crps_fair"] = crps(fcst, obs, dim="start", fair=True)
    return xr.Dataset(scores)


def check(got, expected):
    assert set(got) == {*expected, "pairs"}
    xr.testing.assert_allclose(got[list(expected)], expected, atol=1e-6, rtol=0)


def test_equals_the_scores_of_the_whole(field, expected):
    got = verify_hindcast(*field)
    check(got, expected)
    assert int(got["pairs"].isel(lead=0, latitude=0, longitude=0)) == 13
    assert int(got["pairs"].isel(lead=1, latitude=0, longitude=0)) == 12
    assert int(got["pairs"].isel(lead=2, latitude=0, longitude=0)) == 12
    assert int(got["pairs"].isel(lead=0, latitude=2, longitude=3)) == 0
    assert bool(got["acc"].isel(lead=0, latitude=2, longitude=3).isnull())


@pytest.mark.parametrize(
    "chunks",
    [
        {"start": 4},
        {"start": 5, "lead": 1, "longitude": 3},
        {"start": -1, "member": 2, "latitude": 2},
    ],
)
def test_any_chunks(field, expected, chunks):
    pytest.importorskip("dask")
    steps = []
    fcst = field[0].chunk(chunks)
    got = verify_hindcast(fcst, field[1], workers=2, progress=lambda *s: steps.append(s))
    check(got, expected)
    blocks = int(np.prod([len(fcst.chunksizes[d]) for d in DIMS if d != "member"]))
    assert steps == [(n, blocks) for n in range(1, blocks + 1)]


@pytest.mark.parametrize("order", [DIMS[::-1], ("member", *DIMS[:2], *DIMS[3:]), DIMS])
def test_any_order_of_dimensions(field, expected, order):
    names = list(expected["acc"].dims)
    got = verify_hindcast(field[0].transpose(*order), field[1].transpose("longitude", ...))
    check(got.transpose(*names), expected)


def test_from_zarr_without_dask(field, expected, tmp_path):
    fcst, obs = field
    store = tmp_path / "hindcast.zarr"
    encoding = {"fcst": {"chunks": (4, 3, 6, 5, 4)}}
    fcst.to_dataset(name="fcst").to_zarr(store, encoding=encoding, consolidated=False)
    lazy = xr.open_zarr(store, chunks=None, consolidated=False)["fcst"]
    steps = []
    check(verify_hindcast(lazy, obs, progress=lambda *s: steps.append(s)), expected)
    assert steps[-1] == (8, 8)


def test_blocks_of_a_generator_are_held_a_few_at_a_time(field, expected):
    fcst, obs = field
    seen, most = [], 0

    def blocks():
        nonlocal most
        for first in range(13):
            block = fcst[first : first + 1].copy()
            seen.append(weakref.ref(block))
            most = max(most, sum(ref() is not None for ref in seen))
            yield block, obs[first : first + 1]

    check(verify_blocks(blocks(), workers=2), expected)
    assert len(seen) == 13
    assert most <= 4


def test_same_numbers_whatever_the_workers(field):
    fcst = field[0].chunk({"start": 2})
    one, many = (verify_hindcast(fcst, field[1], workers=w) for w in (1, 5))
    xr.testing.assert_identical(one, many)


def test_large_values_keep_their_precision(field):
    """Kelvins in single precision: as exact as the input is."""
    fcst, obs = field[0] + np.float32(300), field[1] + np.float32(300)
    got = verify_hindcast(fcst, obs)
    whole = crps(fcst, obs.where(fcst.notnull().all("member")), dim="start")
    np.testing.assert_allclose(got["crps"], whole, atol=1e-6)
    right = acc(fcst, obs.where(fcst.notnull().all("member")), dim="start")
    np.testing.assert_allclose(got["acc"], right, atol=1e-6)


def test_several_dimensions_at_once(field):
    fcst, obs = field
    complete = obs.where(fcst.notnull().all("member"))
    dims = ("start", "latitude", "longitude")
    got = verify_hindcast(fcst, obs, dim=dims)
    np.testing.assert_allclose(got["crps"], crps(fcst, complete, dim=dims), atol=1e-6)
    np.testing.assert_allclose(got["acc"], acc(fcst, complete, dim=dims), atol=1e-6)


def test_same_numbers_as_xskillscore(field):
    xskillscore = pytest.importorskip("xskillscore")
    fcst, obs = (a.isel(latitude=[0, 1], lead=[0]).astype(float) for a in field)
    got = verify_hindcast(fcst, obs)
    mean = fcst.mean("member")
    for name, theirs in {
        "acc": xskillscore.pearson_r(mean, obs, dim="start"),
        "rmse": xskillscore.rmse(mean, obs, dim="start"),
        "crps": xskillscore.crps_ensemble(obs, fcst, dim="start"),
    }.items():
        np.testing.assert_allclose(got[name], theirs, atol=1e-6, err_msg=name)


def test_edges_of_data(field):
    fcst, obs = field
    for got in (verify_hindcast(fcst[:0], obs[:0]), verify_hindcast(fcst, obs * np.nan)):
        assert int(got["pairs"].sum()) == 0
        assert bool(got["crps"].isnull().all())
        assert got["acc"].shape == (3, 5, 7)
    one = verify_hindcast(fcst.isel(member=[0]), obs)
    assert "crps_fair" not in one
    np.testing.assert_allclose(one["crps"], one["mae"], atol=1e-6)


def test_what_cannot_be_streamed_is_refused(field):
    fcst, obs = field
    with pytest.raises(DataError, match="no blocks"):
        verify_blocks(iter([]))
    with pytest.raises(DataError, match="same in all"):
        verify_blocks([(fcst, obs), (fcst[:, :2], obs[:, :2])])
    with pytest.raises(DataError, match="'member'"):
        verify_hindcast(fcst.isel(member=0), obs)
    with pytest.raises(DataError, match="'lead'"):
        verify_hindcast(fcst, obs.isel(lead=[0, 1]))
