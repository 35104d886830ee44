"""Run the impact forecast: observe, hindcast the indices, regress, verify, forecast, report."""

import re
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.core.options import check
from shiome.data import open_series, user_record
from shiome.data.splits import blocked
from shiome.grids.months import MONTH_INITIALS, month_words
from shiome.products import Report, distribution, prepare_output, write_report_page
from shiome.showcases.impact.config import TITLE, Config
from shiome.showcases.impact.figures import draw_hindcasts, hindcast_table
from shiome.showcases.seasonal.config import Config as SeasonalConfig
from shiome.showcases.seasonal.forecast import index_forecast, issue_split
from shiome.showcases.seasonal.hindcast import Scheme, run_schemes
from shiome.showcases.seasonal.inputs import TARGETS, Observed, last_seen, observe
from shiome.showcases.seasonal.response import (
    DRAWS_PER_MEMBER,
    ResponseHindcast,
    hindcast_response,
    response_scorecards,
    season_predictors,
)
from shiome.showcases.seasonal.season import leads_of_season, observed_season
from shiome.showcases.seasonal.skill import enter
from shiome.showcases.seasonal.system import LEADS, fit
from shiome.simulation.empirical import LinearResponse

SCORES = ("acc", "rmse", "crps", "rpss")


def run(
    config: Config,
    out: str | Path,
    *,
    overwrite: bool = False,
    scheduler: str | None = None,
) -> Path:
    """Forecast the series and write the report; parameters and errors as the seasonal outlook."""
    check(config)
    if config.series is None:
        raise ConfigError("--series is missing; give a file with one value a year or a month.")
    season, predictors = parse_season(config.season), _predictors(config.predictors)
    prepare_output(out, overwrite)
    series = open_series(config.series, config.column)
    observed = observe(SeasonalConfig(sst=config.sst, indices=config.indices))
    start = last_seen(observed, config.start)
    leads = _leads(int(observed.month[start] + 1) % 12 + 1, season)
    with Report.create(
        out, showcase="impact", title=TITLE, config=config, seed=config.seed, overwrite=overwrite
    ) as report:
        report.data += [*observed.records, user_record(config.series, {}, {}, ())]
        for note in (*observed.notes, series.attrs["notes"]):
            if note:
                report.warn(note)
        forecast = _forecast(config, observed, series, start, leads, season, predictors, scheduler)
        _enter_scores(report, forecast)
        _draw(report, config, forecast, series)
    return report.path


@dataclass(frozen=True)
class ImpactForecast:
    """What was computed.

    Parameters
    ----------
    issued, season
        Month of issue and season of the forecast, in words.
    year
        Year of the season's first month.
    hindcast, cards
        Past forecasts and their scores.
    response
        The regression used for the coming forecast.
    draws
        (D,) its predictive distribution.
    known
        Observed values of the years it was fitted on.
    """

    issued: str
    season: str
    year: int
    hindcast: ResponseHindcast
    cards: dict[str, xr.Dataset]
    response: LinearResponse
    draws: npt.NDArray[np.float64]
    known: npt.NDArray[np.float64]


def _forecast(
    config: Config,
    observed: Observed,
    series: xr.DataArray,
    start: int,
    leads: npt.NDArray[np.int64],
    season: tuple[int, ...],
    predictors: tuple[str, ...],
    scheduler: str | None,
) -> ImpactForecast:
    """Hindcast the indices and the series, verify, and forecast."""
    blocks = blocked(observed.years, config.block_years, config.margin_years)
    issue = issue_split(observed, start, config.margin_years)
    schemes = {"cv": Scheme(tuple(blocks)), "issue": Scheme((issue,))}
    verified = run_schemes(
        observed, schemes, blocks, members=config.members, seed=config.seed, scheduler=scheduler
    )
    keys = jax.random.split(jax.random.key(config.seed), 4)
    training = issue.training(observed.month)
    years, means, usable = season_predictors(observed, training, predictors, season)
    impact = yearly_impact(series, season, years + config.year_lag, str(config.series))
    first = int(observed.month[start]) + 1
    hindcast = hindcast_response(
        observed,
        blocks,
        verified["cv"].hindcast,
        impact,
        predictors=predictors,
        season=season,
        issue_month=first % 12 + 1,
        key=keys[0],
    )
    calibration = verified["issue"].calibrations[0]
    system = fit(observed, training, config.seed)
    members = index_forecast(system, calibration, start, config.members, keys[1])
    ahead = [members[name].sel(lead=leads).mean("lead").values for name in predictors]
    response = LinearResponse.fit(means[usable], impact[usable])
    return ImpactForecast(
        issued=month_words(first),
        season="".join(MONTH_INITIALS[month - 1] for month in season),
        year=(first - 1 + int(leads[0])) // 12,
        hindcast=hindcast,
        cards=response_scorecards(hindcast, keys[2], config.resamples),
        response=response,
        draws=response.draws(np.stack(ahead, axis=1), keys[3], DRAWS_PER_MEMBER),
        known=impact[usable & np.isfinite(impact)],
    )


def parse_season(text: str) -> tuple[int, ...]:
    """Read ``"10-12"`` or ``"12-2"`` as calendar months.

    Raises
    ------
    ConfigError
        If it is not FIRST-LAST with months from 1 to 12.
    """
    match = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", text.strip())
    first = int(match[1]) if match else 0
    last = int(match[2] or match[1]) if match else 0
    if not (1 <= first <= 12 and 1 <= last <= 12):
        raise ConfigError(
            f"--season {text!r} cannot be read; expected calendar months FIRST-LAST, for example "
            "10-12, or 12-2 across the new year."
        )
    return tuple((first - 1 + i) % 12 + 1 for i in range((last - first) % 12 + 1))


def yearly_impact(
    series: xr.DataArray, season: tuple[int, ...], years: npt.NDArray[np.int64], where: str
) -> npt.NDArray[np.float64]:
    """Values of the series by year, a monthly one averaged over the season; NaN where missing.

    Raises
    ------
    DataError
        If the series has no value in any of the years.
    """
    time = series["time"].values.astype("datetime64[M]").astype(np.int64) + 12 * 1970
    if series.attrs["frequency"] == "monthly":
        month = np.arange(time.min(), time.max() + 1)
        values = np.full(len(month), np.nan)
        values[time - month[0]] = series.values
        own_years, own = observed_season(values, month, season)
    else:
        own_years, own = time // 12, series.values
    found = dict(zip(own_years.tolist(), own.tolist(), strict=True))
    impact = np.array([found.get(int(year), np.nan) for year in years])
    if not np.isfinite(impact).any():
        raise DataError(
            f"{where}: no value in {years[0]}–{years[-1]}, the years of the predicted indices; "
            "expected a series that overlaps them."
        )
    return impact


def _predictors(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(","))
    if not names or any(name not in TARGETS for name in names) or len(set(names)) < len(names):
        raise ConfigError(f"--predictors {text!r}; expected nino34, dmi, or nino34,dmi.")
    return names


def _leads(issue_month: int, season: tuple[int, ...]) -> npt.NDArray[np.int64]:
    try:
        return leads_of_season(issue_month, season)
    except ValueError:
        raise ConfigError(
            f"the next whole season {season[0]}-{season[-1]} after the start ends more than "
            f"{LEADS} months ahead; choose another --start or a shorter --season."
        ) from None


def _enter_scores(report: Report, forecast: ImpactForecast) -> None:
    for score in SCORES:
        for name, card in forecast.cards.items():
            if score in card:
                enter(report, f"{score}.impact", name, card[score])
    report.metrics["regression.correlation"] = forecast.response.correlation


def _draw(report: Report, config: Config, forecast: ImpactForecast, series: xr.DataArray) -> None:
    """Draw the figures and write the page."""
    name, unit = str(series.name), series.attrs["units"]
    label = f"{name} ({unit})" if unit else name
    words = f"{forecast.season} {forecast.year}"
    table = hindcast_table(forecast.hindcast, forecast.year, forecast.draws)
    report.add_figure(
        "hindcasts",
        draw_hindcasts(table, title=f"{name}: forecast and observed", label=label),
        caption=f"{name} as observed, and as forecast in the same month of each year by a system "
        f"and a regression that had not seen it; last, the forecast for {words}.",
        data=table,
    )
    terciles = tuple(np.quantile(forecast.known, [1 / 3, 2 / 3]).tolist())
    report.add_figure(
        "forecast",
        distribution(
            forecast.draws,
            terciles,
            title=f"{name}, {words}",
            label=label,
            names=("lower third", "middle", "upper third"),
        ),
        caption=f"Predicted distribution of {name} for {words} over the thirds of the observed "
        "years.",
        data=pd.DataFrame({"draw": forecast.draws}),
    )
    lower, middle, upper = (
        np.bincount(np.searchsorted(terciles, forecast.draws), minlength=3) / forecast.draws.size
    )
    skill = forecast.cards["forecast"]["acc"]
    value, low, high = (float(skill.sel(estimate=e)) for e in ("value", "lower", "upper"))
    write_report_page(
        report,
        f"Issued {forecast.issued} from {config.predictors} of {words}: lower third {lower:.0%}, "
        f"middle {middle:.0%}, upper third {upper:.0%}. Correlation of past forecasts with what "
        f"was observed: {value:.2f} (90 % interval {low:.2f} to {high:.2f}).",
    )
