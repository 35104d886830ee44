"""From hindcasts to the metrics of the report."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from shiome.grids import month_number
from shiome.products.report import MetricTable
from shiome.showcases.seasonal.skill import (
    LEAD_GROUPS,
    RANK_GROUPS,
    dipole_season,
    mean_scorecard,
    month_skill,
    pairs_of,
    ranks_of,
    reliability_of,
    report_cards,
    report_season,
    scorecards,
    warm_water_scorecard,
)
from shiome.showcases.seasonal.system import LEADS

KEY, RESAMPLES = jax.random.key(0), 50


class Tables:
    """The part of a report that scores go into."""

    def __init__(self):
        self.metrics, self.baselines, self.intervals = MetricTable(), MetricTable(), MetricTable()


@pytest.fixture(scope="module")
def pairs(observed, verified):
    return pairs_of(verified["cv"].hindcast, observed.month, 0)


@pytest.fixture(scope="module")
def cards(pairs):
    return scorecards(pairs, KEY, RESAMPLES)


def test_pairs_are_labelled_by_start_lead_and_target(observed, verified, pairs):
    hindcast = verified["cv"].hindcast
    assert pairs.members.dims == ("start", "lead", "member")
    # Start June 1997: last seen in May.
    start = np.datetime64("1997-06-01", "ns")
    position = 12 * 12 + 4
    np.testing.assert_array_equal(
        pairs.members.sel(start=start, lead=3), hindcast.members[position, 2, :, 0]
    )
    assert float(pairs.obs.sel(start=start, lead=3)) == hindcast.obs[position, 2, 0]
    assert int(pairs.target_month.sel(start=start, lead=1)) == 6
    assert int(pairs.target_month.sel(start=start, lead=12)) == 5
    assert int(pairs.years.sel(start=start)) == 1997
    assert pairs.obs.sizes["start"] == 239  # nothing is verified after the last month


def test_past_only_pairs_begin_where_targets_do(observed, verified):
    past = pairs_of(verified["pastonly"].hindcast, observed.month, 0)
    first = month_number(past.obs["start"].values[0])
    # Twelve months before January 1998, which only its longest lead reaches.
    assert first == 12 * 1998 - LEADS + 1


def test_scores_are_those_of_plain_arithmetic(pairs, cards):
    mean = pairs.members.mean("member")
    for lead in (1, 4, 12):
        f, o = (x.sel(lead=lead).values for x in (mean, pairs.obs))
        known = np.isfinite(f) & np.isfinite(o)
        card = cards["forecast"].sel(lead=lead, estimate="value")
        assert float(card["acc"]) == pytest.approx(np.corrcoef(f[known], o[known])[0, 1], abs=1e-5)
        assert float(card["rmse"]) == pytest.approx(((f - o)[known] ** 2).mean() ** 0.5, rel=1e-5)
        assert int(card["pairs"]) == known.sum()


def test_the_mean_alone_has_the_same_correlation_and_error(pairs, cards):
    card = mean_scorecard(pairs, KEY, RESAMPLES)
    assert set(card) == {"acc", "rmse"}
    for name in card:
        np.testing.assert_allclose(card[name], cards["forecast"][name], atol=1e-6)


def test_climatology_has_no_skill_and_the_forecast_some(cards):
    first = {name: card.sel(lead=1, estimate="value") for name, card in cards.items()}
    assert float(first["forecast"]["crps"]) < float(first["climatology"]["crps"])
    assert float(first["forecast"]["rpss"]) > 0.2
    assert abs(float(first["climatology"]["rpss"])) < 0.25


def test_metrics_have_their_public_names(cards):
    tables = Tables()
    report_cards(tables, "nino34", cards)
    report_cards(tables, "nino34", cards, ".pastonly")
    for lead in range(1, LEADS + 1):
        for score in ("acc", "rmse", "crps", "rpss", "spread_error"):
            for suffix in ("", ".pastonly"):
                key = f"{score}.nino34.lead{lead:02d}{suffix}"
                assert key in tables.metrics
                low, high = tables.intervals[key]
                assert low <= high
        assert f"acc.nino34.lead{lead:02d}.persistence" in tables.baselines
        assert f"rmse.nino34.lead{lead:02d}.pastonly.climatology" in tables.baselines
        # Its mean differs only between folds.
        assert f"acc.nino34.lead{lead:02d}.climatology" not in tables.baselines


def test_the_dipole_season_is_scored_from_its_month_of_issue(observed, verified):
    hindcast, tables = verified["cv"].hindcast, Tables()
    card = dipole_season(hindcast, observed.month, 9, KEY, RESAMPLES)
    report_season(tables, "acc.dmi.ond.from_sep", card)
    starts = np.flatnonzero(observed.month % 12 == 7)  # last seen in August
    f = hindcast.members[starts][:, 1:4, :, 1].mean((1, 2))
    o = hindcast.obs[starts][:, 1:4, 1].mean(1)
    expected = np.corrcoef(f, o)[0, 1]
    assert tables.metrics["acc.dmi.ond.from_sep"] == pytest.approx(expected, abs=1e-4)
    assert set(tables.baselines) == {"acc.dmi.ond.from_sep.persistence"}


def test_skill_by_month_covers_the_year(pairs):
    skill = month_skill(pairs, KEY, RESAMPLES)
    assert skill.sizes["month"] == 12
    values = skill.sel(estimate="value")
    assert np.isfinite(values).all()
    november = pairs.target_month == 11
    f, o = pairs.members.mean("member"), pairs.obs
    rows = (november.sel(lead=2) & np.isfinite(o.sel(lead=2))).values
    expected = np.corrcoef(f.sel(lead=2)[rows], o.sel(lead=2)[rows])[0, 1]
    assert float(values.sel(month=11, lead=2)) == pytest.approx(expected, abs=1e-4)


def test_reliability_and_ranks_count_every_pair(pairs):
    known = np.isfinite(pairs.obs)
    diagram = reliability_of(pairs)
    for group, leads in LEAD_GROUPS.items():
        count = float(diagram["count"].sel(group=group).sum())
        assert count == int(known.sel(lead=list(leads)).sum())
    ranks = ranks_of(pairs, KEY)
    counts = next(ranks[name] for name in ranks if ranks[name].ndim == 2)
    assert RANK_GROUPS in counts.shape


def test_simulated_warm_water_is_compared_with_the_users_without_its_seasons(observed, record):
    class SimulatedOcean:
        def wind(self, sst, training):
            return None if sst is None else "wind"

        def respond(self, wind):
            season = 5.0 * np.sin(2 * np.pi * np.arange(len(record.wwv)) / 12)
            return (3.0 * record.wwv + season)[:, None]

    with_volume = replace(
        observed, ocean=SimulatedOcean(), indices=observed.indices | {"wwv": record.wwv}
    )
    card = warm_water_scorecard(with_volume, jax.random.key(0), 50)
    assert float(card["acc"].sel(estimate="value")) == pytest.approx(1.0, abs=1e-6)
