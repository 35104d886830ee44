"""From files to one monthly axis: which months, which indices, which start."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from shiome.core import ConfigError, DataError
from shiome.grids import climate_index, parse_month
from shiome.showcases.seasonal.config import Config
from shiome.showcases.seasonal.inputs import last_seen, observe


def test_a_field_gives_its_indices_and_points(observed, record):
    np.testing.assert_array_equal(observed.month, 12 * 1985 + np.arange(240))
    assert list(observed.years) == list(range(1985, 2005))
    expected = climate_index(record.sst, "nino34").values
    np.testing.assert_allclose(observed.indices["nino34"], expected, atol=1e-4)
    np.testing.assert_array_equal(observed.targets[:, 0], observed.indices["nino34"])
    np.testing.assert_array_equal(observed.targets[:, 1], observed.indices["dmi"])
    assert observed.sst.shape == (240, int(np.isfinite(record.sst[0]).sum()))
    assert observed.ocean is None
    assert [r.kind for r in observed.records] == ["synthetic"]


def test_indices_alone_are_the_targets(files, record):
    observed = observe(Config(indices=files.indices))
    assert observed.sst is None
    assert observed.ocean is None
    assert set(observed.indices) == {"nino34", "dmi", "wwv"}
    np.testing.assert_allclose(observed.indices["wwv"], record.wwv)


def test_indices_join_a_field_and_take_precedence(tmp_path, files, record, observed):
    table = record.indices.iloc[24:]
    table.loc[:, "Nino34"] += 10.0
    table.to_csv(tmp_path / "later.csv", index=False)
    both = observe(Config(sst=files.sst, indices=str(tmp_path / "later.csv"), ocean=False))
    np.testing.assert_array_equal(both.month, observed.month)
    assert np.isnan(both.indices["wwv"][:24]).all()
    np.testing.assert_allclose(both.indices["wwv"][24:], record.wwv[24:])
    np.testing.assert_allclose(both.indices["nino34"][24:], table["Nino34"])
    np.testing.assert_array_equal(both.indices["tna"], observed.indices["tna"])
    assert len(both.records) == 2


def test_the_default_start_follows_the_last_month(observed):
    assert last_seen(observed, None) == 239
    assert last_seen(observed, "2005-01") == 239
    assert last_seen(observed, "1997-06") == parse_month("1997-05") - 12 * 1985


def test_the_default_start_follows_the_last_month_from_which_all_can_be_forecast(observed):
    """A predictor that ends earlier than the rest holds the start back, or there is no forecast."""
    short = np.arange(240.0)
    short[236:] = np.nan
    held = replace(observed, indices=observed.indices | {"wwv": short})
    assert last_seen(held, None) == 235
    with pytest.raises(ConfigError, match=r"the month before it, 2004-12, has no .*wwv"):
        last_seen(held, "2005-01")


def test_a_predictor_that_ends_early_is_noted(tmp_path, files, record, observed):
    record.indices[["time", "WWV"]].iloc[:-4].to_csv(tmp_path / "short.csv", index=False)
    short = observe(Config(sst=files.sst, indices=str(tmp_path / "short.csv"), ocean=False))
    assert last_seen(short, None) == 235
    assert any("'wwv' ends in 2004-08" in note for note in short.notes)
    assert not any("ends in" in note for note in observed.notes)


def test_indices_that_never_overlap_are_refused(observed):
    first, second = np.ones(240), np.ones(240)
    first[:120], second[120:] = np.nan, np.nan
    apart = replace(observed, indices=observed.indices | {"wwv": first, "other": second})
    with pytest.raises(DataError, match="no month has a value of every index"):
        last_seen(apart, None)


@pytest.mark.parametrize("start", ["1984-12", "1985-01", "2005-02", "2030-01"])
def test_starts_outside_the_record_are_refused(observed, start):
    with pytest.raises(ConfigError, match="expected a month from 1985-02 to 2005-01"):
        last_seen(observed, start)


def test_a_start_after_a_missing_month_is_refused(observed):
    holes = {name: values.copy() for name, values in observed.indices.items()}
    holes["dmi"][100] = np.nan
    gap = replace(observed, indices=holes)
    with pytest.raises(ConfigError, match="the month before it, 1993-05, has no"):
        last_seen(gap, "1993-06")
    assert last_seen(gap, "1993-07") == 101


def test_eleven_months_are_refused(tmp_path, record):
    path = tmp_path / "short.nc"
    record.sst[:11].to_dataset().to_netcdf(path)
    with pytest.raises(DataError, match=r"short\.nc: 11 months .*expected at least 10 years"):
        observe(Config(sst=str(path), ocean=False))


def test_indices_without_a_target_are_refused(tmp_path, record):
    table = record.indices
    table.drop(columns="IOD").to_csv(tmp_path / "no.csv", index=False)
    with pytest.raises(DataError, match=r"no\.csv: no index 'dmi'; expected a column such as IOD"):
        observe(Config(indices=str(tmp_path / "no.csv")))


def test_indices_of_other_years_than_the_field_are_refused(tmp_path, files, record):
    table = record.indices
    table["time"] = pd.to_datetime(table["time"]) - pd.DateOffset(years=50)
    table.to_csv(tmp_path / "old.csv", index=False)
    with pytest.raises(DataError, match="nino34 is missing in every month"):
        observe(Config(sst=files.sst, indices=str(tmp_path / "old.csv"), ocean=False))


def test_a_field_that_misses_a_box_is_refused(tmp_path, record):
    path = tmp_path / "pacific.nc"
    record.sst.sel(longitude=slice(120, 290)).to_dataset().to_netcdf(path)
    with pytest.raises(DataError, match="does not cover"):
        observe(Config(sst=str(path), ocean=False))


def test_a_box_on_land_is_refused(tmp_path, record):
    path = tmp_path / "land.nc"
    box = (abs(record.sst.latitude) < 15) & (record.sst.longitude > 180) & (
        record.sst.longitude < 250
    )  # fmt: skip
    xr.where(box, np.nan, record.sst).transpose(*record.sst.dims).astype("f4").rename(
        "sst"
    ).to_netcdf(path)
    with pytest.raises(DataError, match="nino34 is missing in every month"):
        observe(Config(sst=str(path), ocean=False))
