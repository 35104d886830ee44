"""Hindcasts: every cell once, nothing seen in advance, spread calibrated in training."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from shiome.core import DataError
from shiome.data.splits import Split, blocked
from shiome.showcases.seasonal.hindcast import (
    Calibration,
    FieldSums,
    Hindcast,
    Scheme,
    Task,
    inner_splits,
    merge,
    run_raw,
    run_schemes,
    run_task,
)
from shiome.showcases.seasonal.members import forecast_field
from shiome.showcases.seasonal.system import LEADS, fit
from tests.showcases.conftest import MEMBERS, SEED

PARTS = ("members", "obs", "edges", "baseline", "climatology")


def target_year(observed):
    """(time, LEADS) year of the target month of each cell, 0 beyond the record."""
    target = observed.month[:, None] + np.arange(1, LEADS + 1)
    return np.where(target <= observed.month[-1], target // 12, 0)


def spoiled(observed, years):
    """The record with whole years replaced by nonsense that is present and large."""
    rows = np.isin(observed.month // 12, years)
    rng = np.random.default_rng(5)
    sst = observed.sst.copy()
    sst[rows] = rng.normal(60.0, 30.0, sst[rows].shape)
    indices = {
        name: np.where(rows, rng.normal(-40, 20, len(rows)), values)
        for name, values in observed.indices.items()
    }
    return replace(observed, sst=sst, indices=indices)


def test_each_cell_is_forecast_once_and_nothing_else(observed, verified):
    within = target_year(observed) > 0
    hindcast = verified["cv"].hindcast
    for name in PARTS:
        values = getattr(hindcast, name)
        finite = np.isfinite(values.reshape(*within.shape, -1))
        if name == "edges":
            assert finite[within].all()
        else:
            np.testing.assert_array_equal(finite.all(2), within, err_msg=name)
            np.testing.assert_array_equal(finite.any(2), within, err_msg=name)


def test_past_only_verifies_later_years_alone(observed, verified):
    hindcast = verified["pastonly"].hindcast
    np.testing.assert_array_equal(
        np.isfinite(hindcast.members).all((2, 3)), target_year(observed) >= 1998
    )
    assert hindcast.field is None


def test_each_cell_holds_what_was_observed_in_its_target_month(observed, verified, blocks):
    hindcast = verified["cv"].hindcast
    for split in blocks:
        targets = fit(observed, split.training(observed.month)).targets
        for start, lead in ((7, 3), (70, 12), (130, 1), (200, 6)):
            if (observed.month[start] + lead) // 12 in split.verify:
                np.testing.assert_allclose(
                    hindcast.obs[start, lead - 1], targets[start + lead], atol=1e-6
                )


def test_terciles_are_those_of_the_target_month(observed, verified, blocks):
    edges = verified["cv"].hindcast.edges
    within = edges[target_year(observed) > 0]
    assert (within[:, 0] < within[:, 1]).all()
    # Within one block, cells with equal target months have equal edges.
    target = (observed.month[:, None] + np.arange(1, LEADS + 1))[100:110]
    same = edges[100:110][target == target[3, 4]]
    np.testing.assert_array_equal(same, np.broadcast_to(same[0], same.shape))


def test_forecasts_and_calibration_do_not_see_the_years_they_are_judged_on(observed, blocks):
    """Nonsense in the verified years and the margins leaves the fold's calibration unchanged.

    Nonsense in the verified years alone leaves every forecast from before them unchanged too.
    """
    split = blocks[2]
    scheme, draw = {"one": Scheme((split,))}, {"members": MEMBERS, "seed": SEED}
    untrained = sorted(set(observed.years) - set(split.train))
    first = run_schemes(observed, scheme, blocks, **draw)["one"]
    without = run_schemes(spoiled(observed, untrained), scheme, blocks, **draw)["one"]
    np.testing.assert_array_equal(first.calibrations[0].spread, without.calibrations[0].spread)
    verifying = run_schemes(spoiled(observed, split.verify), scheme, blocks, **draw)["one"]
    before = np.flatnonzero(observed.month // 12 < split.verify[0])
    for name in ("members", "edges", "baseline", "climatology"):
        np.testing.assert_array_equal(
            getattr(first.hindcast, name)[before], getattr(verifying.hindcast, name)[before]
        )
    assert np.isfinite(first.hindcast.members[before[-1]]).all()
    assert (first.hindcast.obs[before[-1]] != verifying.hindcast.obs[before[-1]]).all()


def test_inner_splits_stay_inside_the_outer_training_years(observed, blocks):
    for outer in blocks:
        inner = inner_splits(observed, outer, blocks)
        assert inner
        for split in inner:
            assert set(split.verify) <= set(outer.train)
            assert set(split.train) <= set(outer.train)
            distance = np.abs(np.subtract.outer(split.train, [*split.verify, *outer.verify]))
            assert distance.min() > 1


def test_calibration_matches_spread_to_error_where_it_was_fitted():
    rng = np.random.default_rng(0)
    error = np.linspace(0.5, 2.0, LEADS)[:, None]
    obs = rng.normal(size=(300, LEADS, 2)) * error
    members = 0.3 * rng.normal(size=(300, LEADS, 20, 2))
    obs[:5] = np.nan
    fields = (x.astype(np.float32) for x in (members, obs, obs, obs, members, members))
    hindcast = Hindcast(*fields, kinds=("statistical",))
    calibration = Calibration.fit(hindcast)
    calibrated = calibration.apply(hindcast.members)
    np.testing.assert_allclose(calibrated.mean(2), members.mean(2), atol=1e-6)
    again = Calibration.fit(replace(hindcast, members=calibrated))
    # The observations are missing in a few starts, whose spread counts none the less.
    np.testing.assert_allclose(again.spread, 1.0, atol=1e-3)
    one = calibration.apply(hindcast.members[7])
    np.testing.assert_allclose(one, calibrated[7], atol=1e-6)


def test_spread_is_near_the_error_out_of_sample(verified):
    """In a synthetic world of 20 years, so within wide bounds."""
    hindcast = verified["cv"].hindcast
    error = np.nanmean((hindcast.members.mean(2) - hindcast.obs) ** 2, axis=0)
    spread = np.nanmean(hindcast.members.var(2, ddof=1), axis=0)
    ratio = np.sqrt(spread / error)
    assert (ratio > 0.7).all()
    assert (ratio < 1.5).all()


def test_there_is_skill_where_there_is_predictability(verified):
    """Niño 3.4 of the synthetic oscillator up to three months ahead, from its surface alone."""
    hindcast = verified["cv"].hindcast

    obs, mean = hindcast.obs[..., 0], hindcast.members[..., 0].mean(2)
    known = np.isfinite(obs)
    for lead, least in ((1, 0.8), (3, 0.5)):
        rows = known[:, lead - 1]
        assert np.corrcoef(mean[rows, lead - 1], obs[rows, lead - 1])[0, 1] > least


def test_a_task_survives_its_way_to_a_worker(observed, blocks):
    task = Task(observed, blocks[1], MEMBERS, SEED)
    there = pickle.loads(pickle.dumps(task))
    first, second = run_task(task), pickle.loads(pickle.dumps(run_task(there)))
    for name in PARTS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@pytest.mark.slow
def test_a_cluster_of_two_workers_gives_the_same_numbers(observed, schemes, blocks, verified):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        there = run_schemes(
            observed,
            schemes,
            blocks,
            members=MEMBERS,
            seed=SEED,
            scheduler=cluster.scheduler_address,
        )
    for name, scheme in verified.items():
        for part in PARTS:
            np.testing.assert_allclose(
                getattr(there[name].hindcast, part), getattr(scheme.hindcast, part), atol=1e-5
            )
        for here, far in zip(scheme.calibrations, there[name].calibrations, strict=True):
            np.testing.assert_allclose(far.spread, here.spread, rtol=1e-5)


def test_two_workers_in_this_process_give_the_same_numbers(
    observed, schemes, blocks, verified, scheduler
):
    there = run_schemes(observed, schemes, blocks, members=MEMBERS, seed=SEED, scheduler=scheduler)
    for name, scheme in verified.items():
        for part in PARTS:
            np.testing.assert_array_equal(
                getattr(there[name].hindcast, part), getattr(scheme.hindcast, part)
            )


def test_the_same_seed_gives_the_same_draws_and_another_does_not(observed, blocks):
    first, again, other = (
        run_raw(observed, blocks[:1], members=MEMBERS, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.members, again.members)
    np.testing.assert_array_equal(first.obs, other.obs)
    known = np.isfinite(first.members)
    assert (first.members != other.members)[known].mean() > 0.99


def test_calibration_needs_a_block_and_says_so_before_the_long_work(observed, capsys, monkeypatch):
    short = replace(
        observed,
        month=observed.month[:120],
        sst=observed.sst[:120],
        indices={k: v[:120] for k, v in observed.indices.items()},
    )
    blocks = blocked(short.years)
    monkeypatch.setattr("shiome.showcases.seasonal.hindcast.run_task", pytest.fail)
    with pytest.raises(DataError, match=r"'1985-1989' hold no complete block .*--block-years"):
        run_schemes(short, {"cv": Scheme(tuple(blocks))}, blocks, members=MEMBERS, seed=0)
    assert "hindcasts" not in capsys.readouterr().err


def test_restriction_keeps_the_cells_of_the_split(observed, verified):
    split = Split("x", (1991, 1992), ())
    kept = verified["cv"].hindcast.restricted(observed.month, split)
    expected = np.isin(target_year(observed), (1991, 1992))
    np.testing.assert_array_equal(np.isfinite(kept.members).all((2, 3)), expected)
    np.testing.assert_array_equal(kept.members[expected], verified["cv"].hindcast.members[expected])


def test_merging_restrictions_restores_the_whole(observed, verified):
    whole = verified["cv"].hindcast
    halves = [
        whole.restricted(observed.month, Split("x", tuple(range(first, first + 10)), ()))
        for first in (1985, 1995)
    ]
    merged = merge(halves)
    for name in PARTS:
        ours = getattr(merged, name)
        known = np.isfinite(whole.obs[..., 0])
        np.testing.assert_array_equal(ours[known], getattr(whole, name)[known])


def test_field_sums_are_the_sums_over_all_verified_cells(observed, verified, blocks):
    """Correlation and error of the field against a plain loop over folds and starts."""
    sums, lead = verified["cv"].hindcast.field, 2
    forecasts, truths, seasons = [], [], []
    for split in blocks:
        system = fit(observed, split.training(observed.month))
        cells = np.isin(target_year(observed)[:, lead], split.verify)
        starts = np.flatnonzero(cells)
        forecasts.append(forecast_field(system, starts)[:, lead])
        truths.append(system.field[starts + lead + 1])
        target = (observed.month[starts] + lead + 1) % 12 + 1  # December begins the first season
        seasons.append(target % 12 // 3)
    f, o, s = np.concatenate(forecasts), np.concatenate(truths), np.concatenate(seasons)
    for point in (0, 50, 200):
        expected = np.corrcoef(f[:, point], o[:, point])[0, 1]
        assert sums.acc[lead, point] == pytest.approx(expected, abs=1e-4)
    for season in range(4):
        assert sums.count[season, lead] == (s == season).sum()
        expected = ((f - o)[s == season].astype(float) ** 2).sum(0)
        np.testing.assert_allclose(sums.square_error[season, lead], expected, rtol=1e-4)


def test_field_sums_add_up():
    one = FieldSums(np.full((5, 12, 3), 4.0), np.ones((4, 12, 3)), np.ones((4, 12), int))
    two = one + one
    assert (two.moments == 8).all()
    assert (two.square_error == 2).all()
    assert (two.count == 2).all()
    # A field that is always the same has no correlation.
    assert np.isnan(two.acc).all()
