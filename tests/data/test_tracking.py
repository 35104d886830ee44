"""The tracker finds drawn vortices whose truth is known."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.data.linking import link
from shiome.data.tracking import Criteria, track
from shiome.data.tracks import days_to_genesis, genesis
from shiome.grids.distance import World

STEP = 0.225
KM = 111.195
ROWS, COLUMNS = 96, 128
LATITUDE = 5.0 + STEP * (0.5 + np.arange(ROWS))
LONGITUDE = 100.0 + STEP * (0.5 + np.arange(COLUMNS))
PERIOD = STEP * COLUMNS


def world(days, storms, clouds=(), periodic=True, fade=99.0):
    """Images every 6 hours of drawn storms and clouds.

    A storm is (latitude, longitude, degrees a day, day of genesis, last day): a cloud before its
    genesis, with a weak vortex from a day before it; from the day ``fade`` on it is half as strong.
    A cloud is (latitude, longitude, degrees a day, first day, last day).
    """
    day = np.arange(0, days, 0.25)
    shape = (day.size, ROWS, COLUMNS)
    olr, spin, wind = np.full(shape, 280.0), np.zeros(shape), np.full(shape, 3.0)
    thickness = np.full(shape, 3000.0)

    def bump(lat, lon, km):
        east = LONGITUDE - lon
        if periodic:
            east = (east + PERIOD / 2) % PERIOD - PERIOD / 2
        return np.exp(-(((LATITUDE - lat)[:, None] ** 2 + east**2) * (KM / km) ** 2))

    for n, t in enumerate(day):
        for lat, lon, speed, born, last in storms:
            if t > last:
                continue
            strength = 1.0 if t >= born else (0.4 if t >= born - 1 else 0.0)
            strength *= 0.5 if t >= fade else 1.0
            place = lat, lon + speed * t
            spin[n] += 3e-4 * strength * bump(*place, 100)
            wind[n] += 25 * strength * bump(*place, 150)
            thickness[n] -= 500 * strength * bump(*place, 150)
            olr[n] -= 170 * bump(*place, 200)
        for lat, lon, speed, first, last in clouds:
            if first <= t <= last:
                olr[n] -= 170 * bump(lat, lon + speed * t, 200)
    dims = ("time", "latitude", "longitude")
    attrs = {"geometry": "beta-plane"} | ({"longitude_period": PERIOD} if periodic else {})
    return xr.Dataset(
        {
            "olr": (dims, olr),
            "vorticity": (dims, spin),
            "wind_speed": (dims, wind),
            "thickness": (dims, thickness),
        },
        {
            "time": np.datetime64("2001-08-01", "ns") + (day * 24).astype("timedelta64[h]"),
            "latitude": LATITUDE,
            "longitude": LONGITUDE,
        },
        attrs,
    )


def one(table):
    assert table["storm"].nunique() == 1
    return table


def error_km(table, lat, lon, speed):
    t = (table["time"] - pd.Timestamp("2001-08-01")) / pd.Timedelta(days=1)
    east = (table["longitude"] - (lon + speed * t) + PERIOD / 2) % PERIOD - PERIOD / 2
    return KM * np.hypot(table["latitude"] - lat, east)


@pytest.mark.parametrize("lon", [115.0, 103.0], ids=["inside", "over the seam"])
def test_follows_a_storm_from_its_cloud_to_its_end(lon):
    # From 103°E it crosses the western edge on the third day.
    found = track(world(9, [(15.0, lon, -1.5, 4.0, 7.0)]))
    storm = one(found.storms)
    assert genesis(storm).iloc[0] == pd.Timestamp("2001-08-05")
    assert storm["time"].iloc[0] == pd.Timestamp("2001-08-01")
    assert storm["time"].iloc[-1] == pd.Timestamp("2001-08-08")
    assert len(storm) == 4 * 7 + 1
    assert error_km(storm, 15.0, lon, -1.5).max() < 25
    assert (storm["longitude"].between(100.0 - 1e-6, 100.0 + PERIOD + 1e-6)).all()
    cyclone = storm[storm["stage"] == "cyclone"]
    np.testing.assert_allclose(cyclone["wind"], 28.0, atol=0.5)
    assert len(found.failed) == 0


def test_precursor_goes_back_no_further_than_asked():
    run = world(9, [(15.0, 115.0, -1.0, 6.0, 8.0)])
    storm = one(track(run, Criteria(precursor=72.0)).storms)
    assert days_to_genesis(storm).max() == 3.0


def test_a_cluster_that_never_develops_is_failed():
    clouds = [(12.0, 122.0, -1.0, 0.0, 3.0), (20.0, 108.0, 1.0, 1.0, 1.5)]
    found = track(world(6, [(15.0, 110.0, 0.0, 1.0, 5.0)], clouds))
    one(found.storms)
    # The second cloud lives for half a day only.
    failed = one(found.failed)
    assert set(failed["stage"]) == {"failed"}
    assert len(failed) == 13
    assert error_km(failed, 12.0, 122.0, -1.0).max() < 25
    assert failed["wind"].isna().all()


@pytest.mark.parametrize(("decay", "last"), [(11.0, 7.0), (20.0, 4.75)])
def test_a_cyclone_is_followed_until_it_has_decayed(decay, last):
    # Half as strong it has 15.5 m/s, below a gale.
    run = world(9, [(15.0, 115.0, -1.0, 2.0, 7.0)], fade=5.0)
    storm = one(track(run, Criteria(decay=decay)).storms)
    assert storm["time"].iloc[-1] == pd.Timestamp("2001-08-01") + pd.Timedelta(days=last)


def test_two_storms_stay_two_storms():
    found = track(world(6, [(12.0, 110.0, 1.0, 1.0, 5.0), (20.0, 118.0, -1.0, 1.5, 5.0)]))
    assert found.storms["storm"].nunique() == 2
    assert (found.storms.groupby("storm")["latitude"].std() < 0.2).all()


@pytest.mark.parametrize(
    "criteria",
    [
        Criteria(wind=40.0),
        Criteria(warm_core=2000.0),
        Criteria(cyclone_vorticity=1e-2),
        Criteria(lifetime=120.0),
    ],
    ids=["wind", "warm core", "vorticity", "lifetime"],
)
def test_every_criterion_counts(criteria):
    found = track(world(6, [(15.0, 115.0, -1.0, 1.0, 4.0)]), criteria)
    assert len(found.storms) == 0
    assert found.failed["storm"].nunique() == 1


def test_anticyclones_are_no_cyclones():
    run = world(6, [(15.0, 115.0, -1.0, 1.0, 4.0)])
    assert len(track(run.assign(vorticity=-run["vorticity"])).storms) == 0


def test_without_a_period_the_edges_are_edges():
    run = world(6, [(15.0, 115.0, -1.0, 1.0, 4.0)], periodic=False)
    storm = one(track(run).storms)
    assert error_km(storm, 15.0, 115.0, -1.0).max() < 25


def test_an_empty_sky_holds_nothing():
    found = track(world(2, []))
    assert len(found.storms) == len(found.failed) == 0


def test_says_what_the_run_lacks():
    run = world(2, [])
    with pytest.raises(DataError, match="no variable 'thickness'"):
        track(run.drop_vars("thickness"))
    with pytest.raises(DataError, match="fewer than two times"):
        track(run.isel(time=[0]))
    with pytest.raises(DataError, match=r"is 18 hours after the one before"):
        track(run.isel(time=[0, 3, 4]))
    with pytest.raises(ConfigError, match="--wind is -1"):
        Criteria(wind=-1.0)


def test_links_by_predicted_position_through_a_gap():
    # Two points pass each other; one of them is missing at one time.
    flat = World(None, plane=True)
    found = [np.array([[0.0, 0.5 * k], [0.1, 5.0 - 0.5 * k]]) for k in range(11)]
    found[5] = found[5][:1]
    tracks = link(found, 100.0, flat)
    assert len(tracks) == 2
    assert [len(t.frames) for t in tracks] == [11, 10]
    for t, lat in zip(tracks, (0.0, 0.1), strict=True):
        assert {p[0] for p in t.positions} == {lat}
