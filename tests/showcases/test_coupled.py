"""The coupled model's showcase: statistics, filter, calibration, and the whole report."""

import json
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest
import xarray as xr

from shiome.core.errors import ModelError
from shiome.data.splits import Split
from shiome.showcases.coupled.config import Config
from shiome.showcases.coupled.free_run import free_run, variability
from shiome.showcases.coupled.hindcast import Hindcasts, calibrated
from shiome.showcases.coupled.run import run
from shiome.showcases.seasonal.reanalysis import reanalyse
from shiome.simulation.coupled import Coupled, CoupledSystem, fit_coupled
from tests.simulation.coupled.conftest import (  # noqa: F401
    climate,
    departures,
    fitted,
    record,
    system,
    training,
)


def test_variability_of_a_known_oscillation() -> None:
    """Four years' period, strongest in January, symmetric; a dipole that is noise."""
    t = np.arange(1200)
    season = 1.0 + 0.5 * np.cos(2 * np.pi * t / 12)
    nino = season * np.sin(2 * np.pi * t / 48)
    dipole = np.random.default_rng(0).normal(0, 0.4, 1200)
    found = variability(np.stack([nino, dipole], axis=-1)[None])
    assert found.period == pytest.approx(4.0, abs=0.2)
    assert found.by_month.argmax() == 0
    assert found.skewness == pytest.approx(0.0, abs=0.02)
    assert found.dmi_std == pytest.approx(0.4, rel=0.1)


def test_free_runs_begin_in_january(fitted: Coupled) -> None:  # noqa: F811
    runs = free_run(fitted, 30, 4, jax.random.key(0))
    assert runs.shape == (4, 360, 2)
    by_month = variability(runs).by_month
    assert by_month[[10, 11, 0]].mean() > 1.2 * by_month[[3, 4, 5]].mean()


def test_the_filter_follows_the_surface_and_corrects_the_ocean(
    fitted: Coupled,  # noqa: F811
) -> None:
    analysis = reanalyse(fitted, 60, jax.random.key(0))
    k = fitted.model.modes
    mean = analysis.states.mean(1)
    assert analysis.states.shape == (420, 60, fitted.state.shape[1])
    leading = np.corrcoef(mean[:, 0], fitted.surface.amplitude[:, 0])[0, 1]
    assert leading > 0.99
    assert 0.5 < np.nanmean(analysis.surprise) < 1.5
    charge = np.asarray(fitted.model.charge)
    spun, seen = fitted.state[:, k:] @ charge, mean[:, k:] @ charge
    # the filter agrees with the winds that the surface tells of, but not to the letter
    assert 0.9 < np.corrcoef(spun[36:], seen[36:])[0, 1] < 0.9999


def test_the_filter_does_not_know_the_future(
    system: CoupledSystem,  # noqa: F811
    record: xr.DataArray,  # noqa: F811
    training: np.ndarray,  # noqa: F811
    fitted: Coupled,  # noqa: F811
) -> None:
    """A gap leaves the months before it as they were; within it the spread grows."""
    holed = record.copy(deep=True)
    holed[200:204] = np.nan  # withheld from the fit in any case
    other = fit_coupled(system, departures(holed, training), training)
    whole, cut = (reanalyse(f, 60, jax.random.key(1)) for f in (fitted, other))
    np.testing.assert_allclose(whole.states[:200], cut.states[:200], atol=1e-5)
    assert np.isnan(cut.surprise[200:204]).all()
    spread = cut.states[..., 0].std(1)
    assert spread[203] > 2 * spread[199]
    assert spread[205] < spread[203]


def test_a_member_that_is_no_number_is_named(fitted: Coupled) -> None:  # noqa: F811
    transition = fitted.model.transition.at[0, 0].set(np.nan)
    model = eqx.tree_at(lambda m: m.transition, fitted.model, transition)
    broken = replace(fitted, model=model)
    with pytest.raises(ModelError, match="member 0 of the filter is not a number after 1979-01"):
        reanalyse(broken, 60, jax.random.key(0))
    with pytest.raises(ModelError, match="free run 0 is not a number after 0 years"):
        free_run(broken, 20, 2, jax.random.key(0))


def test_spread_is_calibrated_by_other_years_alone() -> None:
    rng = np.random.default_rng(0)
    month = 12 * 2000 + np.arange(240)
    splits = [
        Split("a", tuple(range(2000, 2010)), tuple(range(2011, 2020))),
        Split("b", tuple(range(2010, 2021)), tuple(range(2000, 2009))),
    ]
    members = rng.normal(size=(240, 12, 40, 2)).astype(np.float32)
    target = 12 * 2000 + np.arange(240)[:, None] + np.arange(1, 13)
    late = (target // 12 >= 2010)[..., None]
    # the second decade errs three times as much
    obs = (np.where(late, 3.0, 1.0) * rng.normal(size=(240, 12, 2))).astype(np.float32)
    out = calibrated(Hindcasts({"x": members}, obs, month), "x", splits)
    assert out[:100].std() == pytest.approx(3.0, rel=0.1)
    assert out[130:].std() == pytest.approx(1.0, rel=0.1)
    np.testing.assert_allclose(out.mean(2), members.mean(2), atol=1e-5)


@pytest.mark.slow
def test_the_whole_report(tmp_path: Path) -> None:
    folder = run(Config(members=24, years=20, runs=4), tmp_path / "report")
    report = json.loads((folder / "report.json").read_text())
    metrics = report["metrics"]
    assert metrics["acc.nino34.lead06.blend"] > metrics["acc.nino34.lead06.surface"] + 0.05
    assert metrics["acc.nino34.lead06.coupled"] > 0.7
    assert metrics["acc.nino34.lead06.physics"] < metrics["acc.nino34.lead06.coupled"]
    assert 0.8 < metrics["spread_error.nino34.lead06.coupled.pastonly"] < 1.25
    assert metrics["acc.nino34.lead06.network"] > metrics["acc.nino34.lead06.learned"]
    assert metrics["rank_p.nino34.blend"] > 0.05
    assert (
        metrics["reanalysis.error.local.members010"] < metrics["reanalysis.error.filter.members010"]
    )
    assert np.isfinite(metrics["acc.nino34.lead06.local"])
    assert metrics["reanalysis.surprise"] == metrics["reanalysis.surprise.filter.members024"]
    assert (folder / "index.html").stat().st_size > 10_000
