"""Means over a season of the calendar, observed and forecast."""

import numpy as np
import numpy.typing as npt

from shiome.showcases.seasonal.system import LEADS

OND = (10, 11, 12)


def observed_season(
    values: npt.NDArray, month: npt.NDArray[np.int64], season: tuple[int, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Mean of each complete season of the record.

    Parameters
    ----------
    values
        (time, ...), NaN where missing.
    month
        (time,) contiguous month numbers.
    season
        Calendar months (1–12) in order; a season that crosses the new year bears the year of its
        first month.

    Returns
    -------
    years (n,) and means (n, ...); NaN where a month is missing.
    """
    offsets = (np.array(season) - season[0]) % 12
    first = np.flatnonzero(month % 12 == season[0] - 1)
    first = first[first + offsets[-1] < len(month)]
    return month[first] // 12, values[first[:, None] + offsets].mean(1)


def leads_of_season(issue_month: int, season: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Leads (1 = the month of issue) of the next such season that is still wholly ahead.

    Raises
    ------
    ValueError
        If it ends more than ``LEADS`` months ahead.
    """
    first = (season[0] - issue_month) % 12 + 1
    leads = first + (np.array(season) - season[0]) % 12
    if leads[-1] > LEADS:
        raise ValueError(f"season {season} from month {issue_month} ends at lead {leads[-1]}.")
    return leads


def forecast_season(
    forecasts: npt.NDArray,
    obs: npt.NDArray,
    month: npt.NDArray[np.int64],
    issue_month: int,
    season: tuple[int, ...],
) -> tuple[npt.NDArray[np.int64], npt.NDArray, npt.NDArray]:
    """Hindcasts of a season's mean from one month of issue.

    Parameters
    ----------
    forecasts, obs
        (time, LEADS, ...) and (time, LEADS, ...), ``time`` the last month seen, NaN where there is
        none.
    month
        (time,) month numbers.
    issue_month
        Calendar month (1–12) of issue; the month before is the last one seen.
    season
        As in :func:`observed_season`.

    Returns
    -------
    years (n,) of the season's first month, forecasts (n, ...) and observations (n, ...), where
    there are both.
    """
    leads = leads_of_season(issue_month, season)
    starts = np.flatnonzero((month + 1) % 12 == issue_month - 1)
    f = forecasts[starts][:, leads - 1].mean(1)
    o = obs[starts][:, leads - 1].mean(1)
    known = np.isfinite(np.concatenate([f.reshape(len(f), -1), o.reshape(len(o), -1)], 1)).all(1)
    return (month[starts] + leads[0])[known] // 12, f[known], o[known]
