"""Hybrid forecast of the East African short rains: predicted dipole, observed regression.

Doi, Behera and Yamagata (2022, Geophysical Research Letters, "On the predictability of the extreme
drought in East Africa during the short rains season"): the October–December rainfall index (mm/day)
is 1.24 × DMI − 0.05, with a correlation of 0.84 over the observed years.
"""

from collections.abc import Sequence

import jax
import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.data import open_series
from shiome.data.splits import Split
from shiome.showcases.seasonal.hindcast import Hindcast
from shiome.showcases.seasonal.inputs import TARGETS, Observed
from shiome.showcases.seasonal.outlook import RainfallForecast
from shiome.showcases.seasonal.response import hindcast_response, response_scorecards
from shiome.showcases.seasonal.season import OND, observed_season
from shiome.showcases.seasonal.system import LEADS, ForecastSystem
from shiome.simulation.empirical import LinearResponse

PUBLISHED_SLOPE = 1.24  # mm/day per K
PUBLISHED_INTERCEPT = -0.05  # mm/day
PUBLISHED_CORRELATION = 0.84
PUBLISHED_SOURCE = (
    "Published regression (Doi, Behera and Yamagata 2022, Geophysical Research Letters); refit it "
    "on your own rainfall with --rainfall."
)


def season_rainfall(path: str, years: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Rainfall of October–December from a yearly or monthly file, by year; NaN where missing.

    Raises
    ------
    DataError
        If no year of the file is in ``years``.
    """
    series = open_series(path)
    time = series["time"].dt
    if series.attrs["frequency"] == "monthly":
        series = series[time.month.isin(OND).values]
        grouped = series.groupby("time.year")
        complete = grouped.count() == len(OND)
        yearly = grouped.mean().where(complete)
        found = dict(zip(yearly["year"].values, yearly.values, strict=True))
    else:
        found = dict(zip(time.year.values, series.values, strict=True))
    values = np.array([found.get(year, np.nan) for year in years], np.float64)
    if not np.isfinite(values).any():
        raise DataError(
            f"{path}: no October–December value in {years[0]}–{years[-1]}; expected a series that "
            "overlaps the sea-surface temperature record."
        )
    return values


def rainfall_response(dmi: npt.NDArray, rain: npt.NDArray | None) -> tuple[LinearResponse, str]:
    """Regression of rainfall on the October–December DMI, and where it comes from.

    Parameters
    ----------
    dmi
        (years,) observed DMI of October–December, K, of the training years.
    rain
        (years,) rainfall index in mm/day, or None for the published regression.
    """
    if rain is None:
        published = LinearResponse.published(
            PUBLISHED_SLOPE, PUBLISHED_INTERCEPT, PUBLISHED_CORRELATION, float(np.nanstd(dmi))
        )
        return published, PUBLISHED_SOURCE
    fitted = LinearResponse.fit(dmi[:, None], rain)
    pairs = int((np.isfinite(dmi) & np.isfinite(rain)).sum())
    return fitted, f"Regression refitted on the rainfall given, {pairs} years."


def rainfall_forecast(
    system: ForecastSystem,
    training: npt.NDArray[np.bool_],
    start: int,
    members: xr.DataArray,
    path: str | None,
    key: jax.Array,
) -> RainfallForecast:
    """Forecast the next short rains that are not wholly observed yet.

    Parameters
    ----------
    system, training, start
        The fitted system, its training months, and the position of the last month seen.
    members
        DMI (member, lead) in K.
    path
        Rainfall to refit on; None for the published regression.
    key
        Random key.
    """
    dmi = system.targets[:, TARGETS.index("dmi")]
    years, observed = observed_season(dmi, system.month, OND)
    _, trained = observed_season(training.astype(float), system.month, OND)
    used = trained == 1
    rain = None if path is None else season_rainfall(path, years)[used]
    response, source = rainfall_response(observed[used], rain)
    last = int(system.month[start])
    year = last // 12 if last % 12 != OND[-1] - 1 else last // 12 + 1
    months = 12 * year + np.array(OND) - 1
    # Months of the season that are past are known; the others come from each member.
    known = [
        np.full(members.sizes["member"], dmi[m - system.month[0]]) for m in months if m <= last
    ]
    ahead = [members.sel(lead=m - last).values for m in months if last < m <= last + LEADS]
    season_mean = np.mean([*known, *ahead], axis=0)
    # Without rainfall to count, its climatology is what the regression makes of the observed DMI.
    climatology_key, forecast_key = jax.random.split(key)
    climatology = response.draws(observed[used][:, None], climatology_key) if rain is None else rain
    low, high = np.nanquantile(climatology, [1 / 3, 2 / 3])
    return RainfallForecast(
        season=f"October–December {year}",
        dmi=xr.DataArray(season_mean, dims="member", attrs={"units": "K"}),
        draws=xr.DataArray(
            response.draws(season_mean[:, None], forecast_key),
            dims="draw",
            attrs={"units": "mm/day"},
        ),
        terciles=(float(low), float(high)),
        slope=float(response.slope[0]),
        intercept=response.intercept,
        correlation=response.correlation,
        source=source,
    )


def rainfall_skill(
    observed: Observed,
    splits: Sequence[Split],
    hindcast: Hindcast,
    issue_month: int,
    path: str,
    key: jax.Array,
    resamples: int,
) -> dict[str, xr.Dataset]:
    """Scores of past hybrid forecasts issued in one calendar month, refitted without each block.

    Parameters
    ----------
    observed, splits, hindcast
        The record, and its cross-validated hindcast with the splits.
    issue_month
        Calendar month (1–12) of issue.
    path
        Rainfall to fit and verify on.
    key, resamples
        Random key, and bootstrap resamples of the intervals.
    """
    years, _ = observed_season(observed.targets, observed.month, OND)
    past = hindcast_response(
        observed,
        splits,
        hindcast,
        season_rainfall(path, years),
        predictors=("dmi",),
        season=OND,
        issue_month=issue_month,
        key=key,
    )
    return response_scorecards(past, key, resamples)
