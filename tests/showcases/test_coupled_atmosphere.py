"""An atmosphere over a foreseen sea; the model itself is an extra."""

import importlib.util

import jax
import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.grids import climate_index
from shiome.showcases.coupled import atmosphere
from shiome.showcases.coupled.atmosphere import atmosphere_forecast, predicted_sst
from shiome.simulation.coupled import Coupled
from tests.simulation.coupled.conftest import (  # noqa: F401
    climate,
    departures,
    fitted,
    record,
    system,
    training,
)

HAS_GCM = importlib.util.find_spec("jcm") is not None
DECEMBER_1997 = (1997 - 1979) * 12 + 11


def test_the_foreseen_sea_is_that_of_the_model(
    fitted: Coupled,  # noqa: F811
    record: xr.DataArray,  # noqa: F811
) -> None:
    sea = predicted_sst(fitted, record, DECEMBER_1997 - 1, 3, 2, jax.random.key(0))
    assert sea.dims == atmosphere.AXES
    assert list(sea["time"].dt.month.values) == [12, 1]
    assert (climate_index(sea, "nino34").values[:, 0] > 0.8).all()
    assert sea.std("member").max() > 0.05


def test_without_the_extra_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(atmosphere, "import_module", missing)
    with pytest.raises(ConfigError, match=r"install shiome\[gcm\]"):
        atmosphere_forecast(xr.DataArray(np.zeros((1, 1, 2, 2)), dims=atmosphere.AXES))


def test_months_have_to_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atmosphere, "import_module", lambda name: None)
    times = np.array(["2000-01-01", "2000-03-01"], "datetime64[ns]")
    sea = xr.DataArray(np.zeros((1, 2, 2, 2)), {"time": times}, atmosphere.AXES)
    with pytest.raises(DataError, match="successive"):
        atmosphere_forecast(sea)
    with pytest.raises(DataError, match="expected"):
        atmosphere_forecast(sea[0])


@pytest.mark.slow
@pytest.mark.skipif(not HAS_GCM, reason="needs shiome[gcm]")
@pytest.mark.filterwarnings("default")
def test_a_month_of_two_members(
    fitted: Coupled,  # noqa: F811
    record: xr.DataArray,  # noqa: F811
) -> None:
    """A strong El Niño against its opposite: warm and wet over the equatorial Pacific."""
    sea = predicted_sst(fitted, record, DECEMBER_1997 - 1, 1, 1, jax.random.key(0))
    both = xr.concat([sea, -sea], "member")
    out = atmosphere_forecast(both)
    assert out["tas"].shape == (2, 1, 48, 96)
    assert out["tas"].attrs["standard_name"] == "air_temperature"
    assert out["pr"].attrs["units"] == "kg m-2 s-1"
    assert np.isfinite(out["tas"]).all()
    assert 280 < float(out["tas"].weighted(np.cos(np.deg2rad(out.latitude))).mean()) < 295
    rain = out["pr"].weighted(np.cos(np.deg2rad(out.latitude))).mean() * 86400
    assert 1 < float(rain) < 5
    warm, cold = (climate_index(out["tas"].isel(member=m), "nino34").item() for m in (0, 1))
    assert warm > cold + 1.0
    wet, dry = (climate_index(out["pr"].isel(member=m), "nino34").item() for m in (0, 1))
    assert wet > dry
