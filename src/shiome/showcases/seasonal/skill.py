"""From hindcasts to scorecards, and from scorecards to the metrics of the report."""

from dataclasses import dataclass

import jax
import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.data.anomalies import anomalies
from shiome.grids import month_start
from shiome.products import Report
from shiome.showcases.seasonal.hindcast import Hindcast
from shiome.showcases.seasonal.inputs import TARGETS, Observed
from shiome.showcases.seasonal.season import OND, forecast_season
from shiome.showcases.seasonal.system import LEADS, mapped_wind, simulated_indices
from shiome.verification import (
    category_probabilities,
    observed_category,
    rank_histogram,
    reliability_diagram,
    scorecard,
    season_by_lead,
)

REPORTED = ("acc", "rmse", "crps", "crps_fair", "rpss", "spread_error")
# Ranks are merged into this many groups: a few hundred starts cannot fill 109.
RANK_GROUPS = 12
# Leads whose probabilities are pooled in the reliability diagram.
LEAD_GROUPS = {"leads 1–3": (1, 2, 3), "leads 4–6": (4, 5, 6), "leads 7–9": (7, 8, 9)}


@dataclass(frozen=True)
class Pairs:
    """Forecasts of one index beside what was observed, ready to be verified.

    Parameters
    ----------
    members, persistence, climatology
        (start, lead, member), (start, lead), (start, lead, member) in K.
    obs
        (start, lead).
    edges
        (start, lead, edge) terciles.
    years
        (start,) calendar year in which the forecast starts.
    target_month
        (start, lead) calendar month, 1–12.
    """

    members: xr.DataArray
    persistence: xr.DataArray
    climatology: xr.DataArray
    obs: xr.DataArray
    edges: xr.DataArray
    years: xr.DataArray
    target_month: xr.DataArray


def pairs_of(hindcast: Hindcast, month: npt.NDArray[np.int64], index: int) -> Pairs:
    """Label the forecasts of one index; starts without any verified target are left out."""
    known = np.isfinite(hindcast.obs[..., index]).any(1)
    coords = {"start": month_start(month[known] + 1), "lead": np.arange(1, LEADS + 1)}

    def label(values: npt.NDArray, *dims: str) -> xr.DataArray:
        return xr.DataArray(values[known], coords, ("start", "lead", *dims))

    targets = (month[:, None] + np.arange(1, LEADS + 1)) % 12 + 1
    return Pairs(
        members=label(hindcast.members[..., index], "member"),
        persistence=label(hindcast.baseline[..., index]),
        climatology=label(hindcast.climatology[..., index], "member"),
        obs=label(hindcast.obs[..., index]),
        edges=label(hindcast.edges[..., index], "edge"),
        years=xr.DataArray((month[known] + 1) // 12, {"start": coords["start"]}, "start"),
        target_month=label(targets),
    )


def scorecards(pairs: Pairs, key: jax.Array, resamples: int) -> dict[str, xr.Dataset]:
    """Scores of the forecast and of its baselines, on the same resampled years."""

    def card(forecast: xr.DataArray) -> xr.Dataset:
        return scorecard(
            forecast,
            pairs.obs,
            years=pairs.years,
            key=key,
            edges=pairs.edges,
            scores=REPORTED,
            resamples=resamples,
        )

    return {
        "forecast": card(pairs.members),
        "persistence": card(pairs.persistence),
        "climatology": card(pairs.climatology),
    }


def mean_scorecard(pairs: Pairs, key: jax.Array, resamples: int) -> xr.Dataset:
    """Scores of the ensemble mean alone: of a hindcast whose spread is not calibrated."""
    mean = pairs.members.mean("member")
    scores = ["acc", "rmse"]
    card = scorecard(
        mean, pairs.obs, years=pairs.years, key=key, scores=scores, resamples=resamples
    )
    return card[scores]


def month_skill(pairs: Pairs, key: jax.Array, resamples: int) -> xr.DataArray:
    """ACC of the ensemble mean by target month and lead, with intervals."""
    return season_by_lead(
        pairs.members.mean("member"),
        pairs.obs,
        target_month=pairs.target_month,
        years=pairs.years,
        key=key,
        resamples=resamples,
    )


def reliability_of(pairs: Pairs) -> xr.Dataset:
    """Reliability of the probability of the upper tercile, for groups of leads."""
    probability = category_probabilities(pairs.members, pairs.edges).isel(category=2)
    happened = observed_category(pairs.obs, pairs.edges).isel(category=2)
    groups = [
        reliability_diagram(
            probability.sel(lead=list(leads)), happened.sel(lead=list(leads)), dim=("start", "lead")
        )
        for leads in LEAD_GROUPS.values()
    ]
    names = xr.DataArray(list(LEAD_GROUPS), dims="group", name="group")
    diagram = xr.concat(groups, dim=names)
    return diagram.assign_attrs(event="Niño 3.4 in the upper third of its climatology")


def ranks_of(pairs: Pairs, key: jax.Array) -> xr.Dataset:
    """Rank histogram by lead."""
    return rank_histogram(pairs.members, pairs.obs, dim="start", key=key, groups=RANK_GROUPS)


def dipole_season(
    hindcast: Hindcast,
    month: npt.NDArray[np.int64],
    issue_month: int,
    key: jax.Array,
    resamples: int,
) -> dict[str, xr.Dataset]:
    """Scores of the October–December DMI from one month of issue, and of persistence."""
    index = TARGETS.index("dmi")
    obs = hindcast.obs[..., index]
    cards = {}
    for name, values in (
        ("forecast", hindcast.members[..., index].mean(-1)),
        ("persistence", hindcast.baseline[..., index]),
    ):
        years, f, o = forecast_season(values, obs, month, issue_month, OND)
        coords = {"start": years}
        cards[name] = scorecard(
            xr.DataArray(f, coords, "start"),
            xr.DataArray(o, coords, "start"),
            years=xr.DataArray(years, coords, "start"),
            key=key,
            scores=("acc",),
            resamples=resamples,
        )
    return cards


def warm_water_scorecard(observed: Observed, key: jax.Array, resamples: int) -> xr.Dataset:
    """Scores of the simulated warm water volume beside the user's, over the whole record."""
    every = np.ones(len(observed.month), bool)
    simulated = simulated_indices(observed, mapped_wind(observed, every))["simulated_wwv"]
    start = {"start": month_start(observed.month)}

    def anomaly(values: npt.NDArray) -> xr.DataArray:
        return xr.DataArray(anomalies(values, observed.month, every), start, "start")

    return scorecard(
        anomaly(simulated),
        anomaly(observed.indices["wwv"]),
        years=xr.DataArray(observed.month // 12, start, "start"),
        key=key,
        scores=("acc",),
        resamples=resamples,
    )


def report_cards(
    report: Report, index: str, cards: dict[str, xr.Dataset], suffix: str = ""
) -> None:
    """Enter one index's scores by lead into the report's tables."""
    for score in REPORTED:
        for lead in cards["forecast"]["lead"].values:
            key = f"{score}.{index}.lead{lead:02d}"
            for name, card in cards.items():
                if score in card:
                    enter(report, key, name, card[score].sel(lead=lead), suffix)


def report_season(report: Report, key: str, cards: dict[str, xr.Dataset], suffix: str = "") -> None:
    """Enter the ACC of a season's mean into the report's tables."""
    for name, card in cards.items():
        enter(report, key, name, card["acc"], suffix)


def enter(report: Report, key: str, name: str, score: xr.DataArray, suffix: str = "") -> None:
    """Enter one score with its interval as a metric, or as a baseline under its name.

    Parameters
    ----------
    report
        Whose tables are filled.
    key, suffix
        Together the metric's key.
    name
        "forecast", or the name of a baseline.
    score
        Value, lower and upper along ``estimate``; left out where it is undefined.
    """
    if name == "climatology" and score.name == "acc":
        return  # Its mean differs only between folds: that correlation is an artefact.
    value, low, high = score.transpose("estimate").values.tolist()
    if not np.isfinite(value):
        return
    if name == "forecast":
        report.metrics[key + suffix] = value
        report.intervals[key + suffix] = [low, high]
    else:
        report.baselines[f"{key}{suffix}.{name}"] = value
