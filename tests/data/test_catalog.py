"""The shipped samples: complete, unchanged, and what they say they are."""

import json

import numpy as np
import pytest

from shiome.core import DataError
from shiome.data import (
    DataRecord,
    catalog,
    coastlines,
    describe,
    land_polygons,
    list_samples,
    open_sample,
    open_sst,
)
from shiome.grids import REGIONS, region_mean

SAMPLES = [record.id for record in list_samples()]


def without_year_cycle(series):
    groups = series.groupby("time.month")
    return groups - groups.mean()


def test_samples_are_small_and_each_has_a_record():
    files = sorted(path.stem for path in catalog.FILES.glob("*.nc"))
    assert files == SAMPLES
    assert "sst-anomaly-t30" in SAMPLES
    assert sum(path.stat().st_size for path in catalog.FILES.iterdir()) < 8e6


@pytest.mark.parametrize("id", SAMPLES)
def test_every_sample_opens_and_says_where_it_came_from(id):
    record, dataset = describe(id), open_sample(id)
    assert record.license
    assert record.citation
    assert record.transformations
    assert record.origin.count(":") >= 1
    for name, data in dataset.data_vars.items():
        assert "units" in data.attrs or "long_name" in data.attrs, name
        assert bool(data.notnull().any()), name
    if "latitude" in dataset.coords:
        latitude, longitude = dataset.latitude.values, dataset.longitude.values
        assert (np.diff(latitude) > 0).all()
        assert (np.diff(longitude) > 0).all()
        assert longitude[0] >= 0
        assert longitude[-1] < 360


def test_a_changed_file_and_an_unknown_name_are_refused(tmp_path, monkeypatch):
    for suffix in ("nc", "json"):
        content = (catalog.FILES / f"relief-1deg.{suffix}").read_bytes()
        (tmp_path / f"relief-1deg.{suffix}").write_bytes(content)
    monkeypatch.setattr(catalog, "FILES", tmp_path)
    assert [record.id for record in list_samples()] == ["relief-1deg"]
    with (tmp_path / "relief-1deg.nc").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(DataError, match="differs from the checksum"):
        open_sample("relief-1deg")
    for name in ("elsewhere", "../files/relief-1deg"):
        with pytest.raises(DataError, match=r"no sample named.*expected one of: relief-1deg"):
            describe(name)


def test_records_know_their_kinds():
    fields = json.loads((catalog.FILES / "navy-winds.json").read_text())
    with pytest.raises(DataError, match="kind 'guess'; expected one of"):
        DataRecord(fields["id"], fields["title"], "guess", fields["license"], fields["citation"])


def test_sst_agrees_with_an_independent_observed_series():
    """Niño 1+2 of the T30 sample and of ERSST v3b, anomalies 1979–2010: correlation 0.961."""
    box = region_mean(open_sst().field, REGIONS["nino12"]).sel(time=slice("1979", "2010"))
    observed = open_sample("nino12-ersst3b").nino12.sel(time=slice("1979", "2010"))
    observed = without_year_cycle(observed)
    correlation = np.corrcoef(without_year_cycle(box), observed)[0, 1]
    assert 0.955 < correlation < 0.967
    for shift in (-1, 1):  # no month is shifted
        assert np.corrcoef(without_year_cycle(box), np.roll(observed, shift))[0, 1] < correlation


def test_sst_is_that_of_sea_water():
    field = open_sst().field
    assert field.shape == (420, 48, 96)
    assert field.dtype == np.float32
    assert float(np.abs(field).max()) < 5.2
    sea = np.isfinite(field.values)
    assert (sea == sea[0]).all()
    total = field.groupby("time.month") + open_sample("sst-climatology-t30").sst
    assert float((total < -1.9).mean()) < 1e-5
    assert float(total.max()) < 35


def test_coastlines_and_land_agree_and_stay_inside_the_map():
    lines, polygons = coastlines(), land_polygons()
    for piece in [*lines, *(ring for polygon in polygons for ring in polygon)]:
        assert np.abs(piece[:, 0]).max() <= 180
        assert np.abs(piece[:, 1]).max() <= 90
        assert np.abs(np.diff(piece[:, 0])).max() <= 180 or np.abs(piece[:, 1]).max() == 90
    assert not any(np.abs(line[:, 1]).max() == 90 for line in lines)
    area = sum(_area(polygon[0]) - sum(map(_area, polygon[1:])) for polygon in polygons)
    np.testing.assert_allclose(area / (4 * np.pi), 0.29, atol=0.01)  # land is 29 % of the Earth


def _area(ring):
    """Area on the unit sphere inside a closed ring that does not cross ±180°."""
    x, y = np.deg2rad(ring.T)
    return abs(np.sum(np.diff(x) * 0.5 * (np.sin(y[1:]) + np.sin(y[:-1]))))
