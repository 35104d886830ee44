"""A record that is dated a month or two wrong is told; one that is dated right is not."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from shiome.data import open_sample
from shiome.data.sources import open_sst
from shiome.data.sources.shifted import shift_note
from shiome.grids import month_range, month_start
from shiome.grids.months import month_number


def temperatures() -> xr.DataArray:
    """Observed anomalies on the observed annual cycle, every other cell, 2001–2010."""
    anomaly = open_sample("sst-anomaly-t30")["sst_anomaly"].sel(time=slice("2001", "2010"))
    cycle = open_sample("sst-climatology-t30")["sst"].sel(month=anomaly["time"].dt.month)
    return (anomaly + cycle).drop_vars("month").rename("sst")[:, ::2, 1::2]


def moved(field: xr.DataArray, lag: int) -> xr.DataArray:
    return field.assign_coords(time=month_start(month_number(field["time"].values) + lag))


@pytest.mark.parametrize("lag", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("kind", ["temperature", "anomaly"])
def test_a_shift_is_told_with_its_size_and_sense(kind: str, lag: int) -> None:
    field = temperatures() if kind == "temperature" else open_sample("sst-anomaly-t30").sst_anomaly
    said = shift_note(moved(field, lag), "file: variable 'sst'")
    if lag == 0:
        assert said == ""
    else:
        size = f"{abs(lag)} month{'s' if abs(lag) > 1 else ''} too "
        assert size + ("late" if lag > 0 else "early") in said
        assert "\n" not in said


def test_gaps_do_not_hide_a_shift() -> None:
    field = temperatures().copy()
    field[5] = np.nan
    field[20:30, :10] = np.nan
    assert "1 month too late" in shift_note(moved(field, 1), "x")
    assert shift_note(field, "x") == ""


def test_what_cannot_be_compared_is_not_judged() -> None:
    rng = np.random.default_rng(0)
    axes = {"time": month_range(12 * 1990, 120), "latitude": [-5.0, 5.0], "longitude": [200.0, 220]}
    noise = xr.DataArray(rng.normal(size=(120, 2, 2)), axes, ("time", "latitude", "longitude"))
    assert shift_note(noise.rename("sst"), "x") == ""  # no mid-latitudes
    assert shift_note(noise.rename("sst_anomaly"), "x") == ""  # another world's El Niños
    assert shift_note(noise[:24].rename("sst_anomaly"), "x") == ""
    away = noise.assign_coords(latitude=[40.0, 50.0]).rename("sst_anomaly")
    assert shift_note(away, "x") == ""


def test_the_opener_tells(tmp_path: Path) -> None:
    field = moved(temperatures(), 1)
    field.attrs["units"] = "degC"
    field.to_netcdf(tmp_path / "late.nc")
    notes = open_sst(str(tmp_path / "late.nc")).notes
    assert any("dated 1 month too late" in note and "late.nc" in note for note in notes)
