"""Hindcasts of an impact from hindcasts of the climate indices it responds to."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.data.anomalies import anomalies
from shiome.data.splits import Split
from shiome.showcases.seasonal.hindcast import Hindcast
from shiome.showcases.seasonal.inputs import TARGETS, Observed
from shiome.showcases.seasonal.season import forecast_season, observed_season
from shiome.simulation.empirical import LinearResponse
from shiome.verification import scorecard

# Points that stand for the climatological distribution of the training years.
CLIMATOLOGY_SIZE = 100
DRAWS_PER_MEMBER = 5


@dataclass(frozen=True)
class ResponseHindcast:
    """Out-of-sample forecasts of an impact, one a year.

    Parameters
    ----------
    years
        (n,) year of the season's first month.
    obs
        (n,) observed impact.
    draws
        (n, D) draws from the predictive distribution.
    perfect
        (n,) forecast by the same regression from the observed index: what a perfect forecast of
        the index would give.
    climatology
        (n, C) the training years' distribution.
    edges
        (n, 2) its terciles.
    """

    years: npt.NDArray[np.int64]
    obs: npt.NDArray[np.float64]
    draws: npt.NDArray[np.float64]
    perfect: npt.NDArray[np.float64]
    climatology: npt.NDArray[np.float64]
    edges: npt.NDArray[np.float64]


def season_predictors(
    observed: Observed,
    training: npt.NDArray[np.bool_],
    predictors: Sequence[str],
    season: tuple[int, ...],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Observed seasonal means of the predicted indices.

    Returns years (n,), anomalies from the training climatology (n, predictors), and whether every
    month of the season may be trained on (n,).
    """
    columns = [TARGETS.index(name) for name in predictors]
    targets = anomalies(observed.targets, observed.month, training)[:, columns]
    years, means = observed_season(targets, observed.month, season)
    _, share = observed_season(training.astype(np.float64), observed.month, season)
    return years, means, share == 1


def hindcast_response(
    observed: Observed,
    splits: Sequence[Split],
    hindcast: Hindcast,
    impact: npt.NDArray[np.float64],
    *,
    predictors: Sequence[str],
    season: tuple[int, ...],
    issue_month: int,
    key: jax.Array,
) -> ResponseHindcast:
    """Forecast the impact of every year, by a regression that has not seen it.

    Parameters
    ----------
    observed, splits, hindcast
        The record, and the cross-validated hindcast of its target indices with its splits.
    impact
        (years,) by the year of the season's first month, aligned with the years that
        :func:`season_predictors` gives; NaN where missing.
    predictors, season, issue_month
        Indices, calendar months they are averaged over, month of issue.
    key
        Random key.

    Raises
    ------
    DataError
        If no year can be verified.
    """
    columns = [TARGETS.index(name) for name in predictors]
    issued, members, _ = forecast_season(
        hindcast.members[..., columns],
        hindcast.obs[..., columns],
        observed.month,
        issue_month,
        season,
    )
    rows = []
    for split in splits:
        years, means, usable = season_predictors(
            observed, split.training(observed.month), predictors, season
        )
        response = LinearResponse.fit(means[usable], impact[usable])
        trained = impact[usable & np.isfinite(impact)]
        steps = (np.arange(CLIMATOLOGY_SIZE) + 0.5) / CLIMATOLOGY_SIZE
        spread, edges = np.quantile(trained, steps), np.quantile(trained, [1 / 3, 2 / 3])
        for position in np.flatnonzero(np.isin(years, split.verify) & np.isfinite(impact)):
            year = years[position]
            place = np.flatnonzero(issued == year)
            if len(place):
                draws = response.draws(
                    members[place[0]], jax.random.fold_in(key, year), DRAWS_PER_MEMBER
                )
                perfect = float(response.mean(means[position]))
                rows.append((year, impact[position], draws, perfect, spread, edges))
    if not rows:
        raise DataError(
            "no year has both the series and a forecast to verify; expected a series that overlaps "
            "the years of the hindcast."
        )
    rows.sort(key=lambda row: row[0])
    return ResponseHindcast(*(np.array(column) for column in zip(*rows, strict=True)))


def response_scorecards(
    hindcast: ResponseHindcast, key: jax.Array, resamples: int
) -> dict[str, xr.Dataset]:
    """Scores of the forecast, of climatology, and of the regression on the observed index."""
    start = {"start": hindcast.years}
    obs = xr.DataArray(hindcast.obs, start, "start")
    years = xr.DataArray(hindcast.years, start, "start")
    edges = xr.DataArray(hindcast.edges, start, ("start", "edge"))
    forecasts = {
        "forecast": xr.DataArray(hindcast.draws, start, ("start", "member")),
        "climatology": xr.DataArray(hindcast.climatology, start, ("start", "member")),
        "observed_index": xr.DataArray(hindcast.perfect, start, "start"),
    }
    return {
        name: scorecard(values, obs, years=years, key=key, edges=edges, resamples=resamples)
        for name, values in forecasts.items()
    }
