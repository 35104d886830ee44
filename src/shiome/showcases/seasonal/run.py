"""Run the seasonal outlook: observe, hindcast, verify, forecast, report."""

from pathlib import Path
from typing import Any

import jax
import xarray as xr
from jaxtyping import Array

from shiome.core.options import check
from shiome.core.progress import progress_bar
from shiome.data.splits import Split, blocked, past_only
from shiome.products import Report, prepare_output
from shiome.showcases.seasonal.config import TITLE, Config
from shiome.showcases.seasonal.forecast import (
    analogues_of,
    field_forecast,
    history_of,
    index_forecast,
    issue_split,
)
from shiome.showcases.seasonal.hindcast import Scheme, Verified, run_schemes
from shiome.showcases.seasonal.inputs import TARGETS, Observed, last_seen, observe
from shiome.showcases.seasonal.outlook import Outlook
from shiome.showcases.seasonal.page import write_outlook
from shiome.showcases.seasonal.rainfall import rainfall_forecast, rainfall_skill
from shiome.showcases.seasonal.skill import (
    dipole_season,
    month_skill,
    pairs_of,
    ranks_of,
    reliability_of,
    report_cards,
    report_season,
    scorecards,
)
from shiome.showcases.seasonal.system import fit

MODELS = {
    "lim20": (
        "Linear inverse model, 20°S–20°N",
        "The leading 20 EOFs of tropical sea-surface temperature, stepped by one propagator a "
        "calendar month (Shin et al. 2021).",
    ),
    "lim30": (
        "Linear inverse model, 30°S–30°N",
        "The same with EOFs of a wider domain, which also sees the subtropical precursors.",
    ),
    "recharge": (
        "Recharge oscillator, linear",
        "Climate indices of all basins, coupled with seasonally varying coefficients "
        "(Zhao et al. 2024), linear terms.",
    ),
    "recharge_nonlinear": (
        "Recharge oscillator, nonlinear",
        "The same with warm water volume, its product with Niño 3.4, and quadratic terms.",
    ),
}
DEFAULT_TRAIN_TO = 1999


def run(
    config: Config,
    out: str | Path,
    *,
    overwrite: bool = False,
    scheduler: str | None = None,
) -> Path:
    """Compute the outlook and write its report.

    Parameters
    ----------
    config
        What the user chose.
    out
        Folder of the report.
    overwrite
        Whether an earlier report there is replaced.
    scheduler
        Address of a Dask scheduler for the hindcasts; by default they run here.

    Returns
    -------
    The report's folder.

    Raises
    ------
    ShiomeError
        If an option, the data or the output folder cannot be used.
    """
    check(config)
    prepare_output(out, overwrite)
    observed = observe(config)
    start = last_seen(observed, config.start)
    with Report.create(
        out, showcase="seasonal", title=TITLE, config=config, seed=config.seed, overwrite=overwrite
    ) as report:
        report.data.extend(observed.records)
        for note in observed.notes:
            report.warn(note)
        outlook = _outlook(report, config, observed, start, scheduler)
        with progress_bar("figures", 1 + outlook.forecast.sizes["lead"]) as advance:
            write_outlook(report, outlook, advance)
    return report.path


def _outlook(
    report: Report, config: Config, observed: Observed, start: int, scheduler: str | None
) -> Outlook:
    """Hindcast, verify and forecast; the scores go into the report's tables."""
    blocks = blocked(observed.years, config.block_years, config.margin_years)
    issue = issue_split(observed, start, config.margin_years)
    past = _past_split(observed, config)
    schemes = {
        "cv": Scheme(tuple(blocks), with_field=observed.sst is not None),
        "pastonly": Scheme((past,)),
        "issue": Scheme((issue,)),
    }
    verified = run_schemes(
        observed, schemes, blocks, members=config.members, seed=config.seed, scheduler=scheduler
    )
    draw_key, rain_key, skill_key = jax.random.split(jax.random.key(config.seed), 3)
    training = issue.training(observed.month)
    system = fit(observed, training)
    calibration = verified["issue"].calibrations[0]
    forecast = index_forecast(system, calibration, start, config.members, draw_key)
    sums = verified["cv"].hindcast.field
    if sums is not None:
        forecast = forecast.merge(field_forecast(observed, system, sums, training, start))
    skill = _verify(report, config, observed, blocks, verified, skill_key)
    return Outlook(
        forecast=forecast,
        history=history_of(system),
        models=dict(MODELS[component.name] for component in system.components),
        verified=_how_verified(blocks, past, issue, config),
        analogues=analogues_of(system, start),
        rainfall=rainfall_forecast(
            system, training, start, forecast["dmi"], config.rainfall, rain_key
        ),
        **skill,
    )


def _verify(
    report: Report,
    config: Config,
    observed: Observed,
    blocks: list[Split],
    verified: dict[str, Verified],
    key: Array,
) -> dict[str, Any]:
    """Score both schemes into the report; returns the outlook's parts that show skill."""
    skill: dict[str, dict[str, xr.Dataset]] = {}
    months: dict[str, xr.DataArray] = {}
    for i, index in enumerate(TARGETS):
        pairs = pairs_of(verified["cv"].hindcast, observed.month, i)
        past = pairs_of(verified["pastonly"].hindcast, observed.month, i)
        cards = scorecards(pairs, key, config.resamples)
        past_cards = scorecards(past, key, config.resamples)
        report_cards(report, index, cards)
        report_cards(report, index, past_cards, ".pastonly")
        skill[index] = {
            "forecast": cards["forecast"],
            "persistence": cards["persistence"],
            "climatology": cards["climatology"],
            "pastonly": past_cards["forecast"],
        }
        months[index] = month_skill(pairs, key, config.resamples)
    for name, issue_month in (("from_jun", 6), ("from_sep", 9)):
        for scheme, suffix in (("cv", ""), ("pastonly", ".pastonly")):
            hindcast = verified[scheme].hindcast
            cards = dipole_season(hindcast, observed.month, issue_month, key, config.resamples)
            report_season(report, f"acc.dmi.ond.{name}", cards, suffix)
        if config.rainfall is not None:
            cards = rainfall_skill(
                observed,
                blocks,
                verified["cv"].hindcast,
                issue_month,
                config.rainfall,
                key,
                config.resamples,
            )
            report_season(report, f"acc.rainfall.ond.{name}", cards)
    pairs = pairs_of(verified["cv"].hindcast, observed.month, TARGETS.index("nino34"))
    return {
        "skill": skill,
        "month_skill": months,
        "reliability": reliability_of(pairs),
        "ranks": ranks_of(pairs, key),
    }


def _past_split(observed: Observed, config: Config) -> Split:
    """Past-only split at the year asked for, or at 1999, or at three fifths of the record."""
    years = observed.years
    if config.train_to is not None:
        return past_only(years, config.train_to)
    room = 3 * config.block_years
    usual = years[0] + room <= DEFAULT_TRAIN_TO <= years[-1] - config.block_years
    return past_only(years, DEFAULT_TRAIN_TO if usual else int(years[len(years) * 3 // 5]))


def _how_verified(blocks: list[Split], past: Split, issue: Split, config: Config) -> str:
    """One paragraph: how skill, spread and the forecast's own training years were chosen."""
    margin = f"{config.margin_years} year{'s' if config.margin_years != 1 else ''} on each side"
    withheld = (
        f" This forecast starts in the past: {issue.verify[0]}–{issue.verify[-1]} and {margin} "
        "were left out of its training."
        if issue.verify
        else ""
    )
    return (
        f"Skill is out of sample: {len(blocks)} blocks of {config.block_years} years, each "
        f"forecast by models, climatology and scales fitted without it and without {margin}; "
        "and past-only, trained to "
        f"{past.train[-1]} and verified in {past.verify[0]}–{past.verify[-1]}. The spread is "
        "calibrated inside the training years. Intervals hold 90 % of bootstrap resamples of "
        f"whole years.{withheld}"
    )
