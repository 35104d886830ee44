"""Filters of few members, global and local, on the shipped record."""

import jax
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from shiome.showcases.coupled import filters
from shiome.showcases.coupled.filters import by_filter, filter_table, leads_by
from shiome.showcases.coupled.localised import local_surface
from shiome.simulation.coupled import Coupled, CoupledSystem
from tests.simulation.coupled.conftest import (  # noqa: F401
    climate,
    departures,
    fitted,
    record,
    system,
    training,
)


@pytest.fixture(scope="module")
def field(record: xr.DataArray, training: np.ndarray) -> xr.DataArray:  # noqa: F811
    return departures(record, training)


def by_box(
    fitted: Coupled,  # noqa: F811
    field: xr.DataArray,
    system: CoupledSystem,  # noqa: F811
    **reach: float,
) -> np.ndarray:
    """(variable, box) weights in the order of the boxes."""
    near = local_surface(fitted, field, system.ocean, **reach).near
    weights = np.zeros((near.weights.shape[0], int(near.indices.max()) + 1))
    np.put_along_axis(weights, np.asarray(near.indices), np.asarray(near.weights), 1)
    return weights


def test_every_variable_feels_one_box_in_full_and_none_too_far(
    fitted: Coupled,  # noqa: F811
    field: xr.DataArray,
    system: CoupledSystem,  # noqa: F811
) -> None:
    weights = by_box(fitted, field, system)
    assert weights.shape[0] == fitted.state.shape[1]
    np.testing.assert_allclose(weights.max(1), 1.0, rtol=1e-6)
    assert weights.min() == 0.0
    # without distance everything is felt, as by the global filter
    np.testing.assert_allclose(by_box(fitted, field, system, reach=1e9), 1.0, atol=1e-5)


def test_what_acts_in_the_indian_ocean_feels_it(
    fitted: Coupled,  # noqa: F811
    field: xr.DataArray,
    system: CoupledSystem,  # noqa: F811
) -> None:
    """The number of the ocean that does most off Java there, beside the one of the warm water."""
    rows = np.abs(system.ocean.rows(["java", "indian55", "pacific230", "pacific260"]))
    share = rows[:2].sum(0) / rows.sum(0)
    k = fitted.model.modes
    weights = by_box(fitted, field, system)[k:]
    boxes = np.asarray(local_surface(fitted, field, system.ocean).boxes)
    assert weights.shape[1] == boxes.shape[0]
    alike = np.corrcoef(weights[[share.argmax(), share.argmin()]])[0, 1]
    assert alike < 0.8


def test_localisation_helps_a_filter_of_few(
    fitted: Coupled,  # noqa: F811
    field: xr.DataArray,
    system: CoupledSystem,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filters, "FEW", ())
    analyses = by_filter(fitted, field, system, 10, jax.random.key(0))
    table = filter_table(analyses, fitted, system).set_index("filter")
    assert (table["members"] == 10).all()
    assert table.loc["local", "error"] < 0.95 * table.loc["filter", "error"]
    assert table.loc["local", "correlation"] > table.loc["filter", "correlation"]
    # ten members think they know the ocean better than they do
    assert table.loc["local", "spread"] > 1.2 * table.loc["filter", "spread"]
    assert abs(table.loc["local", "surprise"] - 1) < abs(table.loc["filter", "surprise"] - 1)


def test_a_lead_is_found_where_it_was_observed() -> None:
    volume = np.sin(np.arange(120) / 7)
    nino = pd.Series(volume).shift(6).to_numpy()  # NaN before the first
    assert leads_by(volume, nino, 6) == pytest.approx(1.0)
    assert leads_by(volume, nino, 17) < 0.5
