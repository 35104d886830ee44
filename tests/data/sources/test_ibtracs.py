"""IBTrACS in its two layouts gives one table."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shiome.core.errors import DataError
from shiome.data.sources.ibtracs import KNOT, open_ibtracs
from shiome.data.tracks import COLUMNS, genesis

HEADER = (
    "SID,SEASON,NUMBER,BASIN,SUBBASIN,NAME,ISO_TIME,NATURE,LAT,LON,WMO_WIND,WMO_PRES,WMO_AGENCY,"
    "TRACK_TYPE,DIST2LAND,USA_WIND,USA_PRES"
)
UNITS = " ,Year, , , , , , ,degrees_north,degrees_east,kts,mb, , ,km,kts,mb"
# A typhoon that forms, weakens and turns extratropical; a depression; an old storm; a spur.
STORMS = [
    ("1999250N10140", "WP", "BART", "main", [
        ("1999-09-07 00:00:00", "DS", 10.0, 178.0, None, None, None, None),
        ("1999-09-07 06:00:00", "TS", 10.5, 179.5, None, None, 25, 1004),
        ("1999-09-07 12:00:00", "TS", 11.0, -179.0, 35, 1000, 40, 998),
        ("1999-09-07 18:00:00", "TS", 12.0, -178.0, 30, None, 30, None),
        ("1999-09-08 00:00:00", "TS", 13.0, -177.0, 65, 970, 70, 968),
        ("1999-09-08 06:00:00", "TS", 15.0, -176.0, None, None, 30, None),
        ("1999-09-08 12:00:00", "ET", 20.0, -175.0, 50, 980, 55, 979),
    ]),
    ("1999260N15300", "NA", "NOT_NAMED", "main", [
        ("1999-09-17 00:00:00", "TS", 15.0, -60.0, 25, None, 30, None),
        ("1999-09-17 06:00:00", "NR", 15.5, -61.0, 30, None, 30, None),
    ]),
    ("1899250N10140", "SI", "", "PROVISIONAL", [
        ("1899-09-07 00:00:00", "NR", -10.0, 60.0, None, None, None, None),
    ]),
    ("1999300N10140", "WP", "X", "spur", [
        ("1999-10-27 00:00:00", "TS", 10.0, 140.0, 50, None, 50, None),
    ]),
]  # fmt: skip


def csv(storms=STORMS):
    lines = [HEADER, UNITS]
    for number, (sid, basin, name, kind, rows) in enumerate(storms):
        for row in rows:
            time, nature, y, x, wind, pressure, usa_wind, usa_pressure = (
                " " if value is None else str(value) for value in row
            )
            lines.append(
                f"{sid},{sid[:4]},{number},{basin},MM,{name},{time},{nature},{y},{x},{wind},"
                f"{pressure}, ,{kind},100,{usa_wind},{usa_pressure}"
            )
    return "\n".join(lines) + "\n"


def netcdf(path, storms=STORMS, length=12):
    """The layout of IBTrACS.ALL.v04r00.nc: padded with fill values, texts as characters."""
    shape = (len(storms), length)
    numbers = {
        name: np.full(shape, -9999.0)
        for name in ("time", "lat", "lon", "wmo_wind", "wmo_pres", "usa_wind", "usa_pres")
    }
    nature = np.full(shape, b"", "S2")
    for i, (*_, rows) in enumerate(storms):
        for j, (time, kind, *values) in enumerate(rows):
            day = np.datetime64(time.replace(" ", "T")) - np.datetime64("1858-11-17")
            nature[i, j] = kind
            numbers["time"][i, j] = day / np.timedelta64(1, "D")
            for name, value in zip(list(numbers)[1:], values, strict=True):
                numbers[name][i, j] = -9999.0 if value is None else value
    dims = ("storm", "date_time")
    dataset = xr.Dataset(
        {
            "sid": ("storm", np.array([s[0] for s in storms], "S13")),
            "track_type": ("storm", np.array([s[3] for s in storms], "S128")),
            "nature": (dims, nature),
            **{name: (dims, value) for name, value in numbers.items()},
        }
    )
    encoding = {"sid": {"char_dim_name": "charsn"}, "nature": {"char_dim_name": "char2"}}
    for name in numbers:
        kind = {"time": "f8", "lat": "f4", "lon": "f4"}.get(name, "i2")
        dataset[name] = dataset[name].astype(kind)
        dataset[name].attrs["_FillValue"] = dataset[name].dtype.type(-9999)
    dataset["time"].attrs["units"] = "days since 1858-11-17 00:00:00"
    dataset.to_netcdf(path, encoding=encoding)


@pytest.fixture
def both(tmp_path):
    (tmp_path / "ibtracs.csv").write_text(csv())
    netcdf(tmp_path / "ibtracs.nc")
    return [open_ibtracs(str(tmp_path / name)) for name in ("ibtracs.csv", "ibtracs.nc")]


def test_both_layouts_give_one_table(both):
    first, second = both
    assert tuple(first.columns) == COLUMNS
    for name in ("storm", "time", "stage"):
        assert list(first[name]) == list(second[name])
    for name in ("latitude", "longitude", "wind", "pressure"):
        np.testing.assert_allclose(first[name], second[name], rtol=1e-6)


def test_stages_winds_and_longitudes(both):
    for table in both:
        bart = table[table["storm"] == "1999250N10140"]
        assert list(bart["stage"]) == ["precursor"] * 2 + ["cyclone"] * 3
        assert genesis(table)["1999250N10140"] == pd.Timestamp("1999-09-07 12:00")
        np.testing.assert_allclose(bart["longitude"], [178, 179.5, 181, 182, 183])
        np.testing.assert_allclose(bart["wind"] / KNOT, [np.nan, 25, 35, 30, 65])
        np.testing.assert_allclose(bart["pressure"], [np.nan, 1004, 1000, np.nan, 970])
        other = table[table["storm"] != "1999250N10140"]
        assert set(other["storm"]) == {"1999260N15300"}
        assert set(other["stage"]) == {"failed"}
        assert table.attrs["notes"] == [
            "2 rows after the last gale of their storm are left out.",
            "1 storm(s) without any wind are left out.",
        ]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(HEADER.split(",")),
    blank=st.sampled_from(["", " ", "   "]),
    east=st.booleans(),
    mark=st.booleans(),
    units=st.booleans(),
)
def test_any_order_of_columns_and_either_convention(tmp_path, order, blank, east, mark, units):
    rows = [line.split(",") for line in csv().splitlines()]
    frame = pd.DataFrame(rows[1:], columns=rows[0])[list(order)].replace(" ", blank)
    if not units:
        frame = frame.iloc[1:]
    if east:
        turned = pd.to_numeric(frame["LON"], errors="coerce") % 360
        frame["LON"] = turned.where(turned.notna(), 0).round(3).astype(str)
        if units:
            frame.loc[0, "LON"] = "degrees_east"
    path = tmp_path / "any.csv"
    frame.to_csv(path, index=False, encoding="utf-8-sig" if mark else "utf-8")
    (tmp_path / "plain.csv").write_text(csv())
    pd.testing.assert_frame_equal(
        open_ibtracs(str(path)), open_ibtracs(str(tmp_path / "plain.csv"))
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("178.0", "361.5"), "longitude 361.5 of storm 1999250N10140 at 1999-09-07"),
        (("1999-09-07 18:00:00", "1999-09-06 18:00:00"), "later than the row before"),
        (("1999-09-07 18:00:00", "yesterday"), "ISO_TIME 'yesterday' in line 6"),
        (("13.0", "113.0"), "latitude 113.0 of storm"),
        (("65", "strong"), "WMO_WIND 'strong' in line 7 is no number"),
        (("65", "650"), "wind 334"),
        (("LAT", "Y"), "no column LAT"),
        (("_WIND", "_SPEED"), "no column WMO_WIND or USA_WIND"),
    ],
)
def test_says_what_is_wrong_in_one_line(tmp_path, change, message):
    path = tmp_path / "tracks.csv"
    path.write_text(csv().replace(*change))
    with pytest.raises(DataError, match=message) as error:
        open_ibtracs(str(path))
    assert "\n" not in str(error.value)
    assert "tracks.csv" in str(error.value)


def test_files_that_hold_no_tracks(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text(csv(STORMS[2:3]))
    with pytest.raises(DataError, match="no storm of 1 has a wind"):
        open_ibtracs(str(path))
    path.write_text("")
    with pytest.raises(DataError, match="is no table"):
        open_ibtracs(str(path))
    with pytest.raises(DataError, match="no such file"):
        open_ibtracs(str(tmp_path / "nothing.csv"))
    xr.Dataset({"sst": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc")
    with pytest.raises(DataError, match="no column SID, ISO_TIME, NATURE, LAT, LON"):
        open_ibtracs(str(tmp_path / "other.nc"))
