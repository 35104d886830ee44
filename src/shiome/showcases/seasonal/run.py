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
from shiome.showcases.seasonal.components import COUPLED, FILTERED, STATISTICAL
from shiome.showcases.seasonal.config import TITLE, Config
from shiome.showcases.seasonal.forecast import (
    analogues_of,
    drivers_of,
    field_forecast,
    history_of,
    index_forecast,
    issue_split,
)
from shiome.showcases.seasonal.hindcast import Hindcast, Scheme, Verified, run_raw, run_schemes
from shiome.showcases.seasonal.inputs import (
    TARGETS,
    Observed,
    can_fit,
    last_seen,
    observe,
    without_ocean,
)
from shiome.showcases.seasonal.outlook import Outlook
from shiome.showcases.seasonal.page import write_outlook
from shiome.showcases.seasonal.rainfall import rainfall_forecast, rainfall_skill, season_rainfall
from shiome.showcases.seasonal.skill import (
    dipole_season,
    enter,
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
from shiome.showcases.seasonal.system import ForecastSystem, fit

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
        "The same with the product of warm water volume and Niño 3.4, and quadratic terms.",
    ),
    "coupled10": (
        "Coupled model, 20°S–20°N",
        "Surface temperature in ten patterns drives winds, winds the simulated ocean, the ocean "
        "the surface: a heat budget (Zebiak & Cane 1987) and a closure fitted to what it lacks.",
    ),
    "coupled20": (
        "Coupled model, 50°S–50°N",
        "The same with twenty patterns of a wider belt, whose subtropics warn earlier.",
    ),
    "filtered10": (
        "Coupled model from a filter, 20°S–20°N",
        "The first of these from the states of an ensemble filter, in which the observed surface "
        "corrects the ocean.",
    ),
    "filtered20": (
        "Coupled model from a filter, 50°S–50°N",
        "The second of these from such states.",
    ),
}
OCEAN = (
    "Simulated ocean",
    "A reduced-gravity ocean of the tropical Indian and Pacific, driven by the winds that go with "
    "the observed surface temperature. Its warm water volume is a predictor of every statistical "
    "model.",
)
DEFAULT_TRAIN_TO = 1999
# Suffix of the metrics of each scheme of verification.
SCHEMES = {"": "cv", ".pastonly": "pastonly"}
# Months of issue whose forecasts of the October–December dipole are scored.
ISSUES = {"from_jun": 6, "from_sep": 9}


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
    if config.rainfall is not None:
        season_rainfall(config.rainfall, observed.years)  # refused before the long work, or never
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
    if not all(can_fit(observed, split) for split in (*blocks, past, issue)):
        report.warn(
            "The simulated ocean is left out: its wind map needs the observed winds of 1982–1992, "
            "and some training years do not hold two years of them."
        )
        observed = without_ocean(observed)
    schemes = {
        "cv": Scheme(tuple(blocks), with_field=observed.sst is not None),
        "pastonly": Scheme((past,)),
        "issue": Scheme((issue,)),
    }
    settings: dict[str, Any] = {
        "members": config.members,
        "seed": config.seed,
        "scheduler": scheduler,
    }
    verified = run_schemes(observed, schemes, blocks, **settings)
    parts: dict[str, Hindcast] = {}
    if observed.ocean is not None:
        for suffix, name in SCHEMES.items():
            surface = run_raw(without_ocean(observed), schemes[name].splits, **settings)
            parts |= _parts(surface, verified[name].hindcast, suffix)
    draw_key, rain_key, skill_key = jax.random.split(jax.random.key(config.seed), 3)
    training = issue.training(observed.month)
    system = fit(observed, training, config.seed)
    calibration = verified["issue"].calibrations[0]
    forecast = index_forecast(system, calibration, start, config.members, draw_key)
    skill = _verify(report, config, observed, verified, parts, skill_key)
    sums = verified["cv"].hindcast.field
    if sums is not None and observed.points is not None:
        forecast = forecast.merge(field_forecast(observed, system, sums, training, start))
        skill["field_skill"] = forecast["sst_anomaly"].copy(data=observed.points.unpack(sums.acc))
    if observed.ocean is not None and "wwv" in observed.indices:
        card = warm_water_scorecard(observed, skill_key, config.resamples)
        enter(report, "corr.wwv", "forecast", card["acc"])
    if config.rainfall is not None:
        _verify_rainfall(report, config, observed, blocks, verified["cv"].hindcast, skill_key)
    return Outlook(
        forecast=forecast,
        history=history_of(system),
        models=_models(system),
        verified=_how_verified(blocks, past, issue, config),
        analogues=analogues_of(system, start),
        drivers=drivers_of(observed, system, forecast, start, draw_key),
        rainfall=rainfall_forecast(
            system, training, start, forecast["dmi"], config.rainfall, rain_key
        ),
        **skill,
    )


def _parts(surface: Hindcast, whole: Hindcast, suffix: str) -> dict[str, Hindcast]:
    """What each part of the system forecasts, by suffix of its metrics."""
    parts = {f".surface{suffix}": surface}
    if COUPLED in whole.kinds:
        parts[f".ocean{suffix}"] = whole.of_kind(STATISTICAL)
        parts[f".coupled{suffix}"] = whole.of_kind(COUPLED)
        parts[f".filtered{suffix}"] = whole.of_kind(FILTERED)
        parts[f".blend{suffix}"] = whole
    return parts


def _verify(
    report: Report,
    config: Config,
    observed: Observed,
    verified: dict[str, Verified],
    parts: dict[str, Hindcast],
    key: Array,
) -> dict[str, Any]:
    """Score all schemes into the report; returns the outlook's parts that show skill."""
    hindcasts = {"": verified["cv"].hindcast, ".pastonly": verified["pastonly"].hindcast}
    skill: dict[str, dict[str, xr.Dataset]] = {}
    months: dict[str, xr.DataArray] = {}
    for i, index in enumerate(TARGETS):
        skill[index] = {}
        for suffix, hindcast in hindcasts.items():
            cards = scorecards(pairs_of(hindcast, observed.month, i), key, config.resamples)
            report_cards(report, index, cards, suffix)
            skill[index] |= cards if not suffix else {"pastonly": cards["forecast"]}
        for suffix, hindcast in parts.items():
            card = mean_scorecard(pairs_of(hindcast, observed.month, i), key, config.resamples)
            report_cards(report, index, {"forecast": card}, suffix)
            skill[index] |= {suffix[1:]: card} if suffix.count(".") == 1 else {}
        pairs = pairs_of(hindcasts[""], observed.month, i)
        months[index] = month_skill(pairs, key, config.resamples)
    for name, issue_month in ISSUES.items():
        for suffix, hindcast in (hindcasts | parts).items():
            cards = dipole_season(hindcast, observed.month, issue_month, key, config.resamples)
            if suffix in parts:
                cards = {"forecast": cards["forecast"]}
            report_season(report, f"acc.dmi.ond.{name}", cards, suffix)
    pairs = pairs_of(hindcasts[""], observed.month, TARGETS.index("nino34"))
    return {
        "skill": skill,
        "month_skill": months,
        "reliability": reliability_of(pairs),
        "ranks": ranks_of(pairs, key),
    }


def _verify_rainfall(
    report: Report,
    config: Config,
    observed: Observed,
    blocks: list[Split],
    hindcast: Hindcast,
    key: Array,
) -> None:
    """Score the hybrid forecast refitted on the user's rainfall."""
    assert config.rainfall is not None
    for name, issue_month in ISSUES.items():
        cards = rainfall_skill(
            observed, blocks, hindcast, issue_month, config.rainfall, key, config.resamples
        )
        report_season(report, f"acc.rainfall.ond.{name}", cards)


def _models(system: ForecastSystem) -> dict[str, str]:
    """Names and descriptions of the models used, for the page."""
    models = dict(MODELS[component.name] for component in system.components)
    return models | ({OCEAN[0]: OCEAN[1]} if system.with_ocean else {})


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
