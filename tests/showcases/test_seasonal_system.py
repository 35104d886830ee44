"""The forecast system of one fold: fitted on training months alone, drawn reproducibly."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from shiome.data import open_sample, open_sst
from shiome.data.splits import withheld
from shiome.grids import climate_index
from shiome.showcases.seasonal.coupled import coupled_system
from shiome.showcases.seasonal.inputs import Observed
from shiome.showcases.seasonal.members import (
    climatology_members,
    forecast_field,
    forecast_members,
    persistence,
)
from shiome.showcases.seasonal.skill import warm_water_scorecard
from shiome.showcases.seasonal.system import LEADS, fit, mapped_wind, simulated_indices
from shiome.simulation.ocean import simulated_ocean

MEMBERS, KEY = 12, jax.random.key(0)


def spoiled(observed: Observed, rows: np.ndarray) -> Observed:
    """The record with months replaced by nonsense that is present and large."""
    rng = np.random.default_rng(9)
    sst = observed.sst.copy()
    sst[rows] = rng.normal(50.0, 30.0, sst[rows].shape)
    indices = {name: values.copy() for name, values in observed.indices.items()}
    for values in indices.values():
        values[rows] = rng.normal(-40.0, 20.0, rows.sum())
    return replace(observed, sst=sst, indices=indices)


def fitted_numbers(system) -> list[np.ndarray]:
    """Everything that a fit has decided, without the states it is applied to."""
    parts = [system.baseline, system.climatology, system.field_memory]
    for c in system.components:
        parts += [c.model, c.residual_model, c.to_targets, c.to_field]
    return [np.asarray(leaf) for leaf in jax.tree.leaves(parts)]


@pytest.fixture(scope="module")
def training(observed):
    return withheld(observed.years, 1994, 1998).training(observed.month)


@pytest.fixture(scope="module")
def system(observed, training):
    return fit(observed, training)


def test_years_outside_training_change_nothing_that_is_fitted(observed, training, system):
    other = fit(spoiled(observed, ~training), training)
    ours, theirs = fitted_numbers(system), fitted_numbers(other)
    assert len(ours) == len(theirs) > 20
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    # Climatology, EOFs and scales too: what they make of a training month is the same.
    for a, b in zip(system.components, other.components, strict=True):
        np.testing.assert_array_equal(a.state[training], b.state[training])
        np.testing.assert_array_equal(a.residual[training], b.residual[training])
    np.testing.assert_array_equal(system.targets[training], other.targets[training])


def test_the_leak_test_can_fail(observed, training, system):
    inside = spoiled(observed, training & (observed.month // 12 == 1990))
    other = fit(inside, training)
    assert any(
        (a != b).any() for a, b in zip(fitted_numbers(system), fitted_numbers(other), strict=True)
    )


def test_components_explain_the_targets_they_start_from(system, training):
    """State and residual together are the observed target, so that lead zero has no error."""
    for c in system.components:
        np.testing.assert_allclose(c.state @ c.to_targets + c.residual, system.targets, atol=1e-4)
        explained = 1 - c.residual[training].var(0) / system.targets[training].var(0)
        assert (explained > 0.5).all()


def test_members_have_their_shape_and_are_finite(system):
    starts = np.array([3, 100, 239])
    drawn = forecast_members(system, starts, MEMBERS, KEY)
    assert drawn.shape == (3, LEADS, MEMBERS, 2)
    assert np.isfinite(drawn).all()
    assert drawn.dtype == np.float32


def test_a_draw_depends_on_its_start_alone(system):
    """Not on the batch it is in, its place there, or the other starts."""
    starts = np.arange(20, 200)
    together = forecast_members(system, starts, MEMBERS, KEY)
    for place in (0, 71, 72, 179):
        alone = forecast_members(system, starts[[place]], MEMBERS, KEY)
        np.testing.assert_array_equal(together[[place]], alone)
    backwards = forecast_members(system, starts[::-1], MEMBERS, KEY)
    np.testing.assert_array_equal(together, backwards[::-1])
    assert (
        (together != forecast_members(system, starts, MEMBERS, jax.random.key(1))).any(axis=2).all()
    )


def test_every_start_and_lead_draws_its_own_numbers(system):
    drawn = forecast_members(system, np.array([50, 62]), MEMBERS, KEY)
    spread = drawn - drawn.mean(2, keepdims=True)
    correlation = np.corrcoef(spread[0, 0, :, 0], spread[1, 0, :, 0])[0, 1]
    assert abs(correlation) < 0.9


def test_the_ensemble_mean_of_the_linear_components_is_their_quiet_forecast(system, observed):
    """Mirrored pairs: the mean has no sampling error, and equals a run without noise."""
    starts = np.array([40, 90])
    linear = replace(system, components=system.components[:2])
    drawn = forecast_members(linear, starts, MEMBERS, KEY).mean(2)
    quiet = np.zeros_like(drawn)
    for c in linear.components:
        path = persistence(c.model, c.state, observed.month, starts)
        rest = persistence(c.residual_model, c.residual, observed.month, starts)
        quiet += (path @ c.to_targets + rest) / 2
    np.testing.assert_allclose(drawn, quiet, atol=1e-4)


def test_a_missing_start_spoils_no_other(observed, training):
    holes = {name: values.copy() for name, values in observed.indices.items()}
    holes["nino34"][120] = np.nan
    drawn = forecast_members(
        fit(replace(observed, indices=holes), training), np.array([119, 120, 121]), MEMBERS, KEY
    )
    assert np.isnan(drawn[1, ..., 0]).all()
    assert np.isfinite(drawn[[0, 2]]).all()


def test_persistence_damps_the_last_anomaly(system, observed):
    starts = np.array([30, 31])
    path = persistence(system.baseline, system.targets, observed.month, starts)
    assert path.shape == (2, LEADS, 2)
    memory = np.asarray(system.baseline.memory)
    for s, start in enumerate(starts):
        factors = np.cumprod(memory[(observed.month[start] + np.arange(LEADS)) % 12], axis=0)
        np.testing.assert_allclose(path[s], factors * system.targets[start], rtol=1e-4)


def test_climatology_has_the_spread_of_the_target_month_whatever_the_start(system, observed):
    drawn = climatology_members(system, np.array([30, 42, 54]), 2000, KEY)
    noise = np.asarray(system.climatology.noise)
    before = (observed.month[30] + np.arange(LEADS)) % 12
    np.testing.assert_allclose(drawn[0].std(1), noise[before], rtol=0.1)
    np.testing.assert_allclose(drawn.mean(2), 0.0, atol=0.1)


def test_the_field_forecast_agrees_with_the_index_forecast(system, observed):
    """Niño 3.4 of the forecast field is the ensemble mean of Niño 3.4, nearly."""
    starts = np.arange(0, 228)
    field = forecast_field(system, starts)
    assert field.shape == (228, LEADS, observed.sst.shape[1])
    assert np.isfinite(field).all()
    points = observed.points
    inside = (np.abs(points.point_latitude) < 10) & (
        (_longitudes(points) > 190) & (_longitudes(points) < 240)
    )
    members = forecast_members(system, starts, MEMBERS, KEY).mean(2)[..., 0]
    for lead in (0, 2, 5):
        box = field[:, lead, inside].mean(1)
        assert np.corrcoef(box, members[:, lead])[0, 1] > 0.9


def _longitudes(points):
    return np.broadcast_to(points.longitude.values, points.mask.shape)[points.mask]


@pytest.fixture(scope="module")
def with_ocean(observed, files):
    """The record with a coarse simulated ocean of short memory, which is quick to build."""
    ocean = simulated_ocean(
        open_sample("relief-1deg")["surface_altitude"],
        open_sample("navy-winds"),
        spacing=(5.0, 2.5),
        steps_per_month=150,
        months=24,
    )
    return replace(observed, ocean=ocean, field=open_sst(files.sst).field)


def spoiled_ocean(observed: Observed, rows: np.ndarray) -> Observed:
    """As :func:`spoiled`, in the labelled field that drives the ocean too."""
    other = spoiled(observed, rows)
    return replace(other, field=other.field.copy(data=other.points.unpack(other.sst)))


def test_the_simulated_ocean_joins_every_model(with_ocean, training):
    system = fit(with_ocean, training)
    assert system.with_ocean
    assert [c.name for c in system.components] == [
        "lim20",
        "lim30",
        "recharge",
        "recharge_nonlinear",
    ]
    warm_water = system.components[0].state[:, -1]
    assert warm_water[training].std() == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(warm_water, system.components[2].state[:, -1])
    beside = replace(with_ocean, indices=with_ocean.indices | {"wwv": np.arange(240.0) % 7})
    assert fit(beside, training).components[2].state.shape[1] == 11


def test_years_after_training_change_nothing_that_the_ocean_tells(with_ocean):
    """Past only: the ocean has a memory, and no foresight."""
    training = with_ocean.month // 12 < 1998
    system, other = (fit(o, training) for o in (with_ocean, spoiled_ocean(with_ocean, ~training)))
    for a, b in zip(fitted_numbers(system), fitted_numbers(other), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(system.components, other.components, strict=True):
        np.testing.assert_array_equal(a.state[training], b.state[training])


def test_withheld_years_change_nothing_that_is_learned(with_ocean, training):
    """The ocean has a memory: what models learn from it must not hold the withheld years' wind."""
    withheld = np.isin(with_ocean.month // 12, range(1994, 1999))
    other = spoiled_ocean(with_ocean, withheld)
    first, second = (fit(o, training) for o in (with_ocean, other))
    for a, b in zip(fitted_numbers(first), fitted_numbers(second), strict=True):
        np.testing.assert_array_equal(a, b)
    later = np.flatnonzero(with_ocean.month // 12 == 1999)[0]
    warm_water = (system.components[0].state[later, -1] for system in (first, second))
    assert abs(np.subtract(*warm_water)) > 0.1  # while forecasts start from all that was seen


def test_an_observed_warm_water_volume_is_set_beside_the_simulated_one(with_ocean):
    everything = np.ones(len(with_ocean.month), bool)
    simulated = simulated_indices(with_ocean, mapped_wind(with_ocean, everything))["wwv"]
    volume = 2.0 * simulated + 3.0  # in another unit
    volume[40] = np.nan
    given = replace(with_ocean, indices=with_ocean.indices | {"wwv": volume})
    card = warm_water_scorecard(given, KEY, 50)
    assert float(card["acc"].sel(estimate="value")) == pytest.approx(1.0, abs=0.01)
    assert float(card["missing"]) == 1


@pytest.fixture(scope="module")
def with_coupled(with_ocean):
    """The record with coupled models too, whose ocean has a memory of its own."""
    ocean = simulated_ocean(
        open_sample("relief-1deg")["surface_altitude"], open_sample("navy-winds"), months=2
    )
    return replace(with_ocean, ocean=ocean, coupled=coupled_system(ocean))


@pytest.fixture(scope="module")
def coupled(with_coupled, training):
    return fit(with_coupled, training)


def test_every_kind_of_forecast_supplies_a_third_of_the_members(with_coupled, coupled):
    assert coupled.kinds == ("statistical", "coupled", "filtered")
    names = ["coupled10", "coupled20", "filtered10", "filtered20"]
    assert [c.name for c in coupled.components[4:]] == names
    assert coupled.weights.tolist() == [1 / 12] * 4 + [1 / 6] * 4
    assert coupled.shares(21).tolist() == [2, 2, 2, 1, 4, 3, 4, 3]
    members = np.arange(21.0, dtype=np.float32)[:, None]
    assert [len(part) for part in coupled.by_kind(members)] == [7, 7, 7]
    start = np.array([100])
    drawn = forecast_members(coupled, start, 24, KEY)
    assert np.isfinite(drawn).all()
    first, *rest = (part[0, 0, :, 0].mean() for part in coupled.by_kind(drawn))
    assert rest == pytest.approx([first, first], abs=0.5)  # K, one month ahead of the same start
    mean = with_coupled.field[0].copy(
        data=with_coupled.points.unpack(forecast_field(coupled, start)[0, 0])
    )
    assert float(climate_index(mean, "nino34")) == pytest.approx(drawn[0, 0, :, 0].mean(), abs=0.3)


def test_members_start_from_the_filter_with_its_mean(coupled):
    spun, filtered = coupled.components[4], coupled.components[6]
    batch = np.array([60, 100])
    assert (spun.starts(batch, 5) == spun.state[batch][:, None]).all()
    states = filtered.starts(batch, 5)
    assert states.shape == (2, 5, spun.state.shape[1])
    np.testing.assert_allclose(states.mean(1), filtered.ensemble[batch].mean(1), atol=1e-4)
    assert (states.std(1) > 0).all()
    # The surface was observed, the ocean below it was not: there the filter and the winds differ.
    k = filtered.model.modes
    leading = np.corrcoef(filtered.state[36:, 0], spun.state[36:, 0])[0, 1]
    assert leading > 0.99
    assert (np.abs(filtered.state - spun.state)[36:, k:] > 0.01).any()


def test_what_coupled_models_learn_holds_nothing_of_withheld_years(with_coupled, coupled, training):
    other = spoiled_ocean(with_coupled, np.isin(with_coupled.month // 12, range(1994, 1999)))
    second = fit(other, training)
    for a, b in zip(fitted_numbers(coupled), fitted_numbers(second), strict=True):
        np.testing.assert_array_equal(a, b)
    earlier = with_coupled.month // 12 < 1994
    for a, b in zip(coupled.components[6:], second.components[6:], strict=True):
        np.testing.assert_array_equal(a.ensemble[earlier], b.ensemble[earlier])
