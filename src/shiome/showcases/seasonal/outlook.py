"""What a seasonal outlook holds, and how it is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from shiome.grids.months import MONTH_INITIALS, MONTH_NAMES, month_number, month_words

# Half a kelvin parts El Niño and La Niña from neutral (Trenberth 1997; NOAA uses the same value).
ENSO_THRESHOLD: Final = 0.5
# The Bureau of Meteorology's threshold for events of the Indian Ocean Dipole.
IOD_THRESHOLD: Final = 0.4
# Calibrated language of the IPCC (Mastrandrea et al. 2010), from most to least certain.
_LIKELIHOOD: Final = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.50, "more likely than not"),
)
# El Niño and La Niña peak in November–January; further ahead than this the peak is not headlined.
_PEAK: Final = 11
_LAST_PEAK_LEAD: Final = 10


@dataclass(frozen=True)
class RainfallForecast:
    """Hybrid forecast of the East African short rains from the predicted dipole.

    Parameters
    ----------
    season
        The season in words, for example "October–December 1997".
    dmi
        Predicted DMI of that season, one value per member, K. Shape (member,).
    draws
        Draws from the predictive distribution of the rainfall index, mm/day; they carry the
        ensemble of the DMI and the error of the regression. Shape (draw,).
    terciles
        Values that part the observed climatology of the index into thirds, mm/day.
    slope, intercept, correlation
        The regression: mm/day per K, mm/day, and its correlation with observed rainfall.
    source
        Where the coefficients come from, one sentence.
    """

    season: str
    dmi: xr.DataArray
    draws: xr.DataArray
    terciles: tuple[float, float]
    slope: float
    intercept: float
    correlation: float
    source: str

    @property
    def probabilities(self) -> tuple[float, float, float]:
        """Probability of the drier, middle and wetter third."""
        third = np.searchsorted(np.asarray(self.terciles), self.draws.values)
        dry, middle, wet = np.bincount(third, minlength=3) / third.size
        return float(dry), float(middle), float(wet)


@dataclass(frozen=True)
class Outlook:
    """Everything the page shows, in xarray with month starts as times.

    Parameters
    ----------
    forecast
        ``nino34`` and ``dmi`` (member, lead) in K, coordinate ``valid_time`` (lead); and, where a
        field was forecast, ``sst_anomaly`` and ``sst_spread`` (lead, latitude, longitude) in K and
        ``tercile_probability`` (category, lead, latitude, longitude), categories "below",
        "normal", "above".
    history
        ``nino34`` and ``dmi`` (time) observed, to the last observed month at least. Months after
        it, where known, are drawn as observed later.
    skill
        For each of "nino34" and "dmi" the scorecards (:func:`shiome.verification.scorecard`:
        lead, estimate) of "forecast" and, where there are, "pastonly", "persistence" and
        "climatology"; and, of the ensemble mean, "surface" (without the simulated ocean), "ocean"
        (statistical models with it), "coupled" (coupled models), "filtered" (these from an
        ensemble filter) and "blend" (all).
    month_skill
        For each index the ACC by target month and lead: (month, lead), or with ``estimate``.
    analogues
        ``nino34`` and ``dmi`` (analogue, offset): observed paths of the most similar past years,
        ``offset`` in months from the last observed month, ``analogue`` their labels.
    reliability
        (group, bin) ``probability``, ``frequency``, ``count``; attribute ``event`` in words.
    ranks
        (lead, rank) ``count`` and (rank,) ``expected``, of Niño 3.4.
    field_skill
        (lead, latitude, longitude) out-of-sample correlation of the field forecast, where there is
        one.
    drivers
        Co-variability across the members: ``regression`` and ``p_value`` (case, latitude,
        longitude), see :func:`shiome.showcases.seasonal.forecast.drivers_of`.
    rainfall
        The hybrid forecast, where its season lies ahead.
    models
        The models used: name and one sentence each.
    verified
        How the skill was measured, one sentence.
    """

    forecast: xr.Dataset
    history: xr.Dataset
    skill: Mapping[str, Mapping[str, xr.Dataset]]
    month_skill: Mapping[str, xr.DataArray]
    models: Mapping[str, str]
    verified: str
    analogues: xr.Dataset | None = None
    reliability: xr.Dataset | None = None
    ranks: xr.Dataset | None = None
    field_skill: xr.DataArray | None = None
    drivers: xr.Dataset | None = None
    rainfall: RainfallForecast | None = None

    @property
    def first_month(self) -> int:
        """Month number of lead 1, in whose first days the outlook is issued."""
        return int(month_number(self.forecast["valid_time"].values)[0])

    @property
    def last_seen(self) -> int:
        """Month number of the last observed month."""
        return self.first_month - 1


@dataclass(frozen=True)
class Headline:
    """A statement of probability in words.

    Parameters
    ----------
    words
        For example "El Niño likely: 87 %".
    probability
        Of the outcome that the words name, from 0 to 1.
    season
        What it is about, for example "November 1997 – January 1998".
    detail
        One sentence with the numbers behind it.
    """

    words: str
    probability: float
    season: str
    detail: str


def likelihood(probability: float) -> str:
    """Word for a probability above one half; empty below.

    Source: IPCC guidance note on the treatment of uncertainties (Mastrandrea et al. 2010).
    """
    for floor, word in _LIKELIHOOD:
        if probability >= floor:
            return word
    return ""


def percent(probability: float) -> str:
    """Whole percent; an ensemble never says exactly 0 or 100."""
    if probability > 0.99:
        return "> 99 %"
    if probability < 0.01:
        return "< 1 %"
    return f"{100 * probability:.0f} %"


def outcomes(
    members: xr.DataArray, leads: tuple[int, ...], threshold: float
) -> tuple[float, float, float]:
    """Probabilities that a season's mean is at or below −threshold, between, at or above it.

    Parameters
    ----------
    members
        Shape (member, lead).
    leads
        Leads of the season's months.
    threshold
        In the unit of ``members``.
    """
    mean = members.sel(lead=list(leads)).mean("lead").values
    below = float(np.mean(mean <= -threshold))
    above = float(np.mean(mean >= threshold))
    return below, 1.0 - below - above, above


def enso_headline(members: xr.DataArray, first_month: int) -> Headline:
    """Put the Niño 3.4 forecast into words.

    The headline is about the coming November–January, when events peak, if it lies within leads 1
    to 10; otherwise about the first three months.

    Parameters
    ----------
    members
        Niño 3.4 in K, shape (member, lead).
    first_month
        Month number of lead 1.
    """
    peak = (_PEAK - 1 - first_month) % 12 + 1
    start = peak if peak + 2 <= _LAST_PEAK_LEAD else 1
    leads = (start, start + 1, start + 2)
    chances = outcomes(members, leads, ENSO_THRESHOLD)
    words, probability = _statement(chances, ("La Niña", "ENSO-neutral", "El Niño"))
    middle = float(members.sel(lead=list(leads)).mean("lead").median())
    size = members.sizes["member"]
    season = season_words(first_month + start - 1)
    detail = (
        f"In {season}, Niño 3.4 is at or above +0.5 K in {round(chances[2] * size)} of {size} "
        f"members and at or below −0.5 K in {round(chances[0] * size)}; the median is "
        f"{signed(middle)} K."
    )
    return Headline(words, probability, season, detail)


def iod_headline(members: xr.DataArray, first_month: int) -> Headline | None:
    """Put the Dipole Mode Index of the coming September–November, its peak, into words.

    None where the forecast does not reach all of it.
    """
    start = (9 - 1 - first_month) % 12 + 1
    leads = (start, start + 1, start + 2)
    if leads[-1] > int(members["lead"].max()):
        return None
    chances = outcomes(members, leads, IOD_THRESHOLD)
    names = ("Negative Indian Ocean Dipole", "Neutral Indian Ocean Dipole",
             "Positive Indian Ocean Dipole")  # fmt: skip
    words, probability = _statement(chances, names)
    season = season_words(first_month + start - 1)
    middle = float(members.sel(lead=list(leads)).mean("lead").median())
    detail = f"{season}; the median of the Dipole Mode Index is {signed(middle)} K."
    return Headline(words, probability, season, detail)


def _statement(
    chances: tuple[float, float, float], names: tuple[str, str, str]
) -> tuple[str, float]:
    """Words and probability of the most likely outcome; of all three if none reaches one half."""
    best = int(np.argmax(chances))
    word = likelihood(chances[best])
    if word:
        return f"{names[best]} {word}: {percent(chances[best])}", chances[best]
    ranked = sorted(zip(chances, names, strict=True), reverse=True)
    parts = ", ".join(f"{name} {percent(chance)}" for chance, name in ranked)
    return f"No clear signal: {parts}", chances[best]


def season_table(members: xr.DataArray, first_month: int, threshold: float) -> pd.DataFrame:
    """Probabilities of the three outcomes for every three-month season of the forecast.

    Returns
    -------
    Columns ``season`` (initials), ``months`` (words), ``below``, ``neutral``, ``above``.
    """
    rows = []
    for lead in range(1, members.sizes["lead"] - 1):
        month = first_month + lead - 1
        below, neutral, above = outcomes(members, (lead, lead + 1, lead + 2), threshold)
        rows.append(
            {
                "season": "".join(MONTH_INITIALS[(month + i) % 12] for i in range(3)),
                "months": season_words(month),
                "below": below,
                "neutral": neutral,
                "above": above,
            }
        )
    return pd.DataFrame(rows)


def season_words(first: int) -> str:
    """Write the three months from month number ``first``, as "November 1997 – January 1998"."""
    last = first + 2
    if first // 12 == last // 12:
        return f"{MONTH_NAMES[first % 12]}–{MONTH_NAMES[last % 12]} {first // 12}"
    return f"{month_words(first)} – {month_words(last)}"


def signed(value: float, digits: int = 1) -> str:
    """Write a number with its sign, with a true minus."""
    return f"{value:+.{digits}f}".replace("-", "−")
