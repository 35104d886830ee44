"""Run the coupled model: freely, with observations, and ahead."""

from pathlib import Path

import jax
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Array

from shiome.core.errors import DataError
from shiome.core.options import check
from shiome.data.anomalies import anomalies
from shiome.data.splits import Split, blocked, past_only
from shiome.grids.months import month_start
from shiome.products import Report, prepare_output, write_report_page
from shiome.showcases.coupled.config import TITLE, Config
from shiome.showcases.coupled.figures import (
    AIMED_RATIO,
    WORDS,
    draw_filters,
    draw_ranks,
    draw_seasons,
    draw_skill,
    draw_spread,
    draw_warm_water,
)
from shiome.showcases.coupled.filters import (
    SETTLED,
    by_filter,
    filter_table,
    leads_by,
    warm_water,
)
from shiome.showcases.coupled.free_run import free_run, table, variability
from shiome.showcases.coupled.hindcast import (
    Hindcasts,
    calibrated,
    dipole_scores,
    gain,
    hindcast,
    labelled,
    scores_by_lead,
)
from shiome.showcases.coupled.reliability import LEADS as RANKED_LEADS
from shiome.showcases.coupled.reliability import Flatness, flatness, rank_table
from shiome.showcases.seasonal.config import Config as SeasonalConfig
from shiome.showcases.seasonal.coupled import coupled_records, coupled_system, departures
from shiome.showcases.seasonal.inputs import TARGETS, Observed, observe
from shiome.showcases.seasonal.skill import enter
from shiome.simulation.coupled import Coupled, CoupledSystem, fit_coupled

SCORES = ("acc", "rmse", "crps", "spread_error")
GAINS = (
    ("local", "few"),
    ("filtered", "coupled"),
    ("learned", "physics"),
    ("network", "learned"),
    ("coupled", "network"),
    ("coupled", "surface"),
    ("coupled", "ocean"),
    ("blend", "ocean"),
)
# Metrics of the filter that forecasts start from, under names of their own.
SHORT_NAMES = {"surprise": "surprise", "correlation": "corr_filter_spun", "spread": "spread"}
# Whose reliability is shown.
RELIABLE = ("coupled", "filtered", "blend")
DIPOLE_ISSUES = (("from_jun", 6), ("from_sep", 9))


def run(
    config: Config, out: str | Path, *, overwrite: bool = False, scheduler: str | None = None
) -> Path:
    """Compute everything and write the report.

    Parameters
    ----------
    config
        What the user chose.
    out, overwrite
        Folder of the report, and whether an earlier one there is replaced.
    scheduler
        Not used: the whole takes a few minutes.

    Raises
    ------
    ShiomeError
        If an option, the data or the output folder cannot be used.
    """
    check(config)
    prepare_output(out, overwrite)
    observed = observe(SeasonalConfig(sst=config.sst, coupled=False))
    if observed.ocean is None or observed.field is None:
        raise DataError("the coupled model needs a field of surface temperature; expected --sst.")
    system = coupled_system(observed.ocean)
    keys = jax.random.split(jax.random.key(config.seed), 4)
    with Report.create(
        out, showcase="coupled", title=TITLE, config=config, seed=config.seed, overwrite=overwrite
    ) as report:
        report.data += [*observed.records, *coupled_records()]
        for note in observed.notes:
            report.warn(note)
        everything = np.ones(len(observed.month), bool)
        field = departures(observed.field, observed.month, everything)
        fitted = fit_coupled(system, field, everything)
        _free_run(report, config, observed, fitted, keys[0])
        _reanalysis(report, config, system, fitted, field, keys[1])
        skill = _hindcasts(report, config, observed, system, keys[2:])
        write_report_page(report, skill)
    return report.path


def _free_run(
    report: Report, config: Config, observed: Observed, fitted: Coupled, key: Array
) -> None:
    """Enter how the model varies by itself, beside what was observed."""
    everything = np.ones(len(observed.month), bool)
    seen = anomalies(observed.targets, observed.month, everything)
    seen = seen[(-int(observed.month[0])) % 12 :]
    complete = np.nan_to_num(seen[: len(seen) // 12 * 12])
    runs = free_run(fitted, config.years, config.runs, key)
    nature, model = variability(complete[None]), variability(runs)
    for name in ("std", "dmi_std", "skewness", "period"):
        key_name = f"free.{name}"
        report.metrics[key_name] = getattr(model, name)
        report.baselines[f"{key_name}.observed"] = getattr(nature, name)
        each = [getattr(variability(one[None]), name) for one in runs]
        report.intervals[key_name] = np.quantile(each, [0.05, 0.95]).tolist()
    numbers = table(nature, model)
    report.add_figure(
        "seasons",
        draw_seasons(numbers),
        caption=f"Standard deviation by calendar month, observed and in {config.runs} runs of "
        f"{config.years} years that see no observations (simulation).",
        data=numbers,
    )


def _reanalysis(
    report: Report,
    config: Config,
    system: CoupledSystem,
    fitted: Coupled,
    field: xr.DataArray,
    key: Array,
) -> None:
    """Enter the ocean as filters see it, beside the ocean that mapped winds spin."""
    analyses = by_filter(fitted, field, system, config.members, key)
    numbers = filter_table(analyses, fitted, system)
    for row in numbers.itertuples():
        for score in ("error", "surprise", "correlation", "spread"):
            metric = f"reanalysis.{score}.{row.filter}.members{row.members:03d}"
            report.metrics[metric] = getattr(row, score)
            if row.filter == "filter" and row.members == config.members and score in SHORT_NAMES:
                report.metrics[f"reanalysis.{SHORT_NAMES[score]}"] = getattr(row, score)
    nino = fitted.surface.indices[:, 0]
    for name in ("filter", "local"):
        volume = warm_water(analyses[name, config.members], fitted, system)
        report.metrics[f"reanalysis.std.{name}"] = float(volume.mean[SETTLED].std())
        report.metrics[f"reanalysis.leads_nino34_by_6.{name}"] = leads_by(volume.mean, nino, 6)
    volume = warm_water(analyses["filter", config.members], fitted, system)
    report.metrics["reanalysis.std.spun"] = float(volume.spun[SETTLED].std())
    report.metrics["reanalysis.leads_nino34_by_6.spun"] = leads_by(volume.spun, nino, 6)
    course = pd.DataFrame(
        {
            "time": month_start(fitted.surface.month),
            "spun": volume.spun,
            "filter_mean": volume.mean,
            "filter_spread": volume.spread,
        }
    )
    report.add_figure(
        "warm_water",
        draw_warm_water(course),
        caption="Thickness of the warm layer over 5°S–5°N, 120°E–80°W: spun by the winds that go "
        f"with the surface, and as {config.members} members see it to which the surface's own "
        "changes tell of other winds. No observation below the surface went in (simulation).",
        data=course,
    )
    report.add_figure(
        "filters",
        draw_filters(numbers),
        caption="Root-mean-square error of the filters' own forecasts of Niño 3.4, one month "
        "ahead, by the number of members: the square-root filter, and the local one, in which "
        "temperature far from where a number of the state acts does not change it. The model was "
        "fitted on these years.",
        data=numbers,
    )


def _hindcasts(
    report: Report, config: Config, observed: Observed, system: CoupledSystem, keys: Array
) -> str:
    """Verify in withheld blocks and past-only; returns the page's summary."""
    blocks = blocked(observed.years, config.block_years, config.margin_years)
    schemes: list[tuple[str, list[Split]]] = [("", blocks)]
    past = _past_split(observed)
    if past is not None:
        schemes.append((".pastonly", [past]))
    shown: dict[str, xr.Dataset] = {}
    ranks: dict[str, Flatness] = {}
    for suffix, splits in schemes:
        done = hindcast(observed, system, splits, members=config.members, key=keys[0])
        cards = _enter_scores(report, config, done, splits, keys[1], suffix)
        pooled = _enter_ranks(report, done, splits, keys[1], suffix)
        shown, ranks = shown or cards, ranks or pooled
    lines = pd.concat(
        [card["acc"].to_dataframe().reset_index().assign(variant=n) for n, card in shown.items()]
    )
    report.add_figure(
        "skill",
        draw_skill(shown),
        caption="Correlation of the ensemble mean with what was observed, in blocks of "
        f"{config.block_years} years withheld with {config.margin_years} on each side; the shading "
        "holds 90 % of bootstrap resamples of years for the blend.",
        data=lines,
    )
    _draw_reliability(report, config, shown, ranks)
    six = {name: float(card["acc"].sel(lead=6, estimate="value")) for name, card in shown.items()}
    return (
        f"Half a year ahead, forecasts of Niño 3.4 correlate {six['surface']:.2f} with what was "
        f"observed from surface temperature alone, {six['coupled']:.2f} by the coupled model and "
        f"{six['blend']:.2f} by its blend with the seasonal system, in years that no fit has seen. "
        f"Theory alone reaches {six['physics']:.2f}, its parameters fitted through time "
        f"{six['learned']:.2f}, and with a network taught through time {six['network']:.2f}."
    )


def _past_split(observed: Observed) -> Split | None:
    """Trained to 1999 and verified after, where the record allows it."""
    years = observed.years
    return past_only(years, 1999) if years[0] + 15 <= 1999 <= years[-1] - 5 else None


def _enter_scores(
    report: Report,
    config: Config,
    done: Hindcasts,
    splits: list[Split],
    key: Array,
    suffix: str,
) -> dict[str, xr.Dataset]:
    """Enter the scores of every variant as ``SCORE.nino34.leadNN.VARIANT``."""
    cards = {}
    for name in done.members:
        members = calibrated(done, name, splits)
        cards[name] = scores_by_lead(members, done, key, config.resamples)
        for score in SCORES:
            for lead in cards[name]["lead"].values:
                value = cards[name][score].sel(lead=lead)
                metric = f"{score}.nino34.lead{lead:02d}.{name}"
                enter(report, metric, "forecast", value, suffix)
        for issue, month in DIPOLE_ISSUES:
            card = dipole_scores(members, done, month, key, config.resamples)
            enter(report, f"acc.dmi.ond.{issue}.{name}", "forecast", card["acc"], suffix)
    for name, baseline in GAINS:
        more = gain(done, name, baseline, key, config.resamples)
        for lead in more["lead"].values:
            metric = f"gain.nino34.lead{lead:02d}.{name}_over_{baseline}"
            enter(report, metric, "forecast", more.sel(lead=lead).rename("gain"), suffix)
    return cards


def _enter_ranks(
    report: Report, done: Hindcasts, splits: list[Split], key: Array, suffix: str
) -> dict[str, Flatness]:
    """Enter p-values of flat rank histograms as ``rank_p.INDEX.leadNN.VARIANT``, and pooled.

    Returns the pooled histograms of Niño 3.4.
    """
    pooled: dict[str, Flatness] = {}
    for name in RELIABLE:
        members = calibrated(done, name, splits)
        for i, index in enumerate(TARGETS):
            f, o, years = labelled(done, members, done.obs, index=i)
            for lead in RANKED_LEADS:
                found = flatness(f.sel(lead=[lead]), o.sel(lead=[lead]), years, key)
                report.metrics[f"rank_p.{index}.lead{lead:02d}.{name}{suffix}"] = found.p_value
            leads = list(RANKED_LEADS)
            found = flatness(f.sel(lead=leads), o.sel(lead=leads), years, key)
            report.metrics[f"rank_p.{index}.{name}{suffix}"] = found.p_value
            pooled.setdefault(name, found)
    return pooled


def _draw_reliability(
    report: Report, config: Config, cards: dict[str, xr.Dataset], ranks: dict[str, Flatness]
) -> None:
    """Draw spread over error by lead, and the ranks pooled over leads."""
    chosen = {name: cards[name] for name in RELIABLE}
    report.add_figure(
        "spread",
        draw_spread(chosen),
        caption=f"Standard deviation of the {config.members} members over the error of their mean, "
        "calibrated by other years; bars hold 90 % of bootstrap resamples of years, the grey band "
        f"is {AIMED_RATIO[0]} to {AIMED_RATIO[1]}.",
        data=pd.concat(
            [
                card["spread_error"].to_dataframe().reset_index().assign(variant=n)
                for n, card in chosen.items()
            ]
        ),
    )
    numbers = rank_table(ranks)
    p_values = ", ".join(f"{WORDS[name]} {found.p_value:.2f}" for name, found in ranks.items())
    report.add_figure(
        "ranks",
        draw_ranks(numbers, RELIABLE),
        caption=f"How often the observation was in each sixth of the {config.members} members, "
        f"leads 1 to {RANKED_LEADS[-1]} together; grey bars hold 90 % of flat histograms, as years "
        f"differ. p-values of flatness, which take that into account: {p_values}.",
        data=numbers,
    )
