"""The figures of the seasonal outlook: each drawn, captioned and filed with its numbers."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from shiome.grids import REGIONS, area_weights
from shiome.grids.months import month_label, month_number, month_words
from shiome.products import (
    INDIAN_OCEAN,
    AnomalyMap,
    Frame,
    Report,
    TercileMap,
    category_bars,
    distribution,
    plume,
)
from shiome.showcases.seasonal.outlook import (
    ENSO_THRESHOLD,
    IOD_THRESHOLD,
    Outlook,
    RainfallForecast,
    season_table,
    season_words,
    signed,
)

Figures = dict[str, dict[str, Any]]

INDEX_NAMES: Final = {"nino34": "Niño 3.4", "dmi": "Dipole Mode Index"}
_LEVELS: Final = (0.2, 0.5, 1.0, 1.5, 2.0, 3.0)  # K
_FINE_LEVELS: Final = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)  # K, for the quieter Indian Ocean
_DRIVER_LEVELS: Final = (0.05, 0.1, 0.2, 0.3, 0.5)  # K
_ANOMALY: Final = "Sea-surface temperature anomaly (K)"
_BOXES: Final = [REGIONS[name] for name in ("nino34", "iod_west", "iod_east")]


def draw_indices(report: Report, outlook: Outlook) -> Figures:
    """Plumes of both indices and the probabilities of El Niño and La Niña by season."""
    marks: dict[str, Mapping[float, str]] = {
        "nino34": {ENSO_THRESHOLD: "El Niño", -ENSO_THRESHOLD: "La Niña"},
        "dmi": {IOD_THRESHOLD: "positive", -IOD_THRESHOLD: "negative"},
    }
    figures: Figures = {}
    for index, name in INDEX_NAMES.items():
        members = outlook.forecast[index]
        drawn = plume(
            members,
            outlook.history[index],
            outlook.analogues[index] if outlook.analogues is not None else None,
            title=f"{name} to {month_words(outlook.first_month + members.sizes['lead'] - 1)}",
            label=f"{name} anomaly (K)",
            thresholds=marks[index],
        )
        median = members.median("member")
        peak = int(np.abs(median.values).argmax())
        figures[f"plume_{index}"] = report.add_figure(
            f"plume_{index}",
            drawn,
            caption=f"{name}: observed to {month_words(outlook.last_seen)}, then "
            f"{members.sizes['member']} forecast members, their median, and the ranges that hold "
            "50 and 90 % of them."
            + (
                " Dashed: the most similar past years, by the month that followed their start."
                if outlook.analogues is not None
                else ""
            ),
            alt=f"The median forecast of {name} is {signed(float(median[0]))} K in "
            f"{month_words(outlook.first_month)}, furthest from zero with "
            f"{signed(float(median[peak]))} K in {month_words(outlook.first_month + peak)}, and "
            f"{signed(float(median[-1]))} K at the end.",
            data=plume_table(members, outlook.history[index]),
        )
    table = season_table(outlook.forecast["nino34"], outlook.first_month, ENSO_THRESHOLD)
    names = {"below": "La Niña", "neutral": "neutral", "above": "El Niño"}
    figures["seasons"] = report.add_figure(
        "enso_by_season",
        category_bars(
            table,
            title="El Niño, neutral, La Niña",
            names=names,
            label="Season (initials of months)",
        ),
        caption="Probability of each state by season: the share of members whose three-month mean "
        "Niño 3.4 is at or above +0.5 K (El Niño), at or below −0.5 K (La Niña), or between.",
        alt="; ".join(
            f"{row['months']}: El Niño {row['above']:.0%}, neutral {row['neutral']:.0%}, "
            f"La Niña {row['below']:.0%}"
            for row in table.to_dict("records")
        ),
        data=table,
    )
    return figures


def plume_table(members: xr.DataArray, history: xr.DataArray) -> pd.DataFrame:
    """Observed months, then each forecast month with its quantiles and all members."""
    past = pd.DataFrame(
        {
            "month": [month_label(m) for m in month_number(history["time"].values)],
            "observed": history.values,
        }
    ).tail(36)
    values = members.transpose("lead", "member").values
    ahead: dict[str, Any] = {
        "month": [month_label(m) for m in month_number(members["valid_time"].values)],
        "lead": members["lead"].values,
    }
    for share in (5, 25, 50, 75, 95):
        ahead[f"q{share:02d}"] = np.nanpercentile(values, share, axis=1)
    for number in range(values.shape[1]):
        ahead[f"member_{number + 1:03d}"] = values[:, number]
    # Months observed after the start stand in the row of their forecast.
    return past.merge(pd.DataFrame(ahead), on="month", how="outer").sort_values("month")


def draw_maps(
    report: Report, outlook: Outlook, advance: Callable[[], None]
) -> list[dict[str, Any]]:
    """Anomaly and tercile maps of every lead; empty without a forecast field.

    Parameters
    ----------
    advance
        Called after each lead.

    Returns
    -------
    One entry per lead: ``lead``, ``month`` in words, and the figures ``anomaly`` and ``terciles``.
    """
    if "sst_anomaly" not in outlook.forecast:
        return []
    forecast = outlook.forecast
    numbers = report.add_numbers("forecast", forecast)
    grid = (forecast["latitude"].values, forecast["longitude"].values)
    anomaly = AnomalyMap(Frame(*grid, regions=_BOXES), _LEVELS, _ANOMALY)
    terciles = TercileMap(Frame(*grid, regions=_BOXES))
    pages = []
    for lead in forecast["lead"].values.tolist():
        month = month_words(outlook.first_month + lead - 1)
        field = forecast["sst_anomaly"].sel(lead=lead)
        chances = forecast["tercile_probability"].sel(lead=lead)
        pages.append(
            {
                "lead": lead,
                "month": month,
                "anomaly": report.add_figure(
                    f"anomaly_lead{lead:02d}",
                    anomaly.draw(field, f"Temperature anomaly, {month}"),
                    caption=f"Predicted anomaly of sea-surface temperature in {month} (mean of "
                    "all members). White: within ±0.2 K; dotted: no data.",
                    alt=f"Map of the predicted anomaly in {month}: {extremes(field)}.",
                    data=numbers,
                ),
                "terciles": report.add_figure(
                    f"terciles_lead{lead:02d}",
                    terciles.draw(chances, f"Most likely third, {month}"),
                    caption=f"Most likely third of the climatology in {month} and its "
                    "probability. White: none reaches 40 %; dotted: no data.",
                    alt=f"Map of the most likely third in {month}: {shares(chances)}.",
                    data=numbers,
                ),
            }
        )
        advance()
    return pages


def extremes(field: xr.DataArray) -> str:
    """Words for where a field (latitude, longitude) is highest and lowest."""
    values = field.transpose("latitude", "longitude").values
    if not np.isfinite(values).any():
        return "no data"
    words = []
    for name, flat in (("highest", np.nanargmax(values)), ("lowest", np.nanargmin(values))):
        row, column = np.unravel_index(flat, values.shape)
        latitude, longitude = float(field["latitude"][row]), float(field["longitude"][column])
        east = longitude if longitude <= 180 else longitude - 360
        words.append(
            f"{name} {signed(float(values[row, column]))} K near {abs(latitude):.0f}°"
            f"{'N' if latitude >= 0 else 'S'}, {abs(east):.0f}°{'E' if east >= 0 else 'W'}"
        )
    return "; ".join(words)


def shares(chances: xr.DataArray) -> str:
    """Words for how much of the mapped ocean leans to which third at 40 % and more."""
    weight = area_weights(chances["latitude"]).where(chances.notnull().all("category"))
    leans = (chances >= 0.4) & (chances == chances.max("category"))
    part = (leans * weight).sum(("latitude", "longitude")) / weight.sum()
    words = {"above": "warmer", "below": "colder", "normal": "middle"}
    return (
        ", ".join(f"{words[name]} third on {float(part.sel(category=name)):.0%}" for name in words)
        + " of the ocean shown"
    )


def draw_drivers(report: Report, outlook: Outlook) -> Figures:
    """Maps of what went with the members' spread of each index."""
    drivers = outlook.drivers
    if drivers is None:
        return {}
    numbers = report.add_numbers("drivers", drivers)
    frame = Frame(drivers["latitude"].values, drivers["longitude"].values, regions=_BOXES)
    drawing = AnomalyMap(frame, _DRIVER_LEVELS, "K per standard deviation of the index")
    figures: Figures = {}
    for case in drivers["case"].values.tolist():
        index, when = case.split()
        part = drivers.sel(case=case)
        month = outlook.first_month + int(part["lead"]) - 1
        period = month_words(month) if when == "before" else season_words(month)
        shown = part["regression"].where(
            (part["p_value"] < 0.05) | part["regression"].isnull(), 0.0
        )
        figures[f"drivers_{index}_{when}"] = report.add_figure(
            f"drivers_{index}_{when}",
            drawing.draw(shown, f"{INDEX_NAMES[index]}: {period}"),
            caption=f"Temperature of {period} that went with a higher {INDEX_NAMES[index]} "
            f"{'three months later' if when == 'before' else 'of the same season'}, across the "
            "members of this forecast; white where not significant at 5 %.",
            data=numbers,
        )
    return figures


def draw_rainfall(report: Report, outlook: Outlook) -> Figures:
    """The rainfall distribution and the Indian Ocean of the same season."""
    rain = outlook.rainfall
    if rain is None:
        return {}
    draws = rain.draws.values
    dry, middle, wet = rain.probabilities
    table = pd.DataFrame(
        {
            "quantile": np.arange(1, 100) / 100,
            "rainfall_mm_per_day": np.percentile(draws, range(1, 100)),
        }
    )
    figures = {
        "rainfall": report.add_figure(
            "short_rains",
            distribution(
                draws,
                rain.terciles,
                title=f"East African short rains, {rain.season}",
                label="East African rainfall index, anomaly (mm/day)",
                names=("drier", "middle", "wetter"),
            ),
            caption=f"Predicted distribution of the rainfall index in {rain.season} over the "
            "thirds of its climatology (dashed).",
            alt=f"Drier third {dry:.0%}, middle third {middle:.0%}, wetter third {wet:.0%}.",
            data=table,
        )
    }
    leads = [(9 - outlook.first_month) % 12 + 1 + i for i in range(3)]
    if "sst_anomaly" in outlook.forecast and leads[-1] <= outlook.forecast.sizes["lead"]:
        figures["indian_ocean"] = _draw_indian_ocean(report, outlook, leads, rain)
    return figures


def _draw_indian_ocean(
    report: Report, outlook: Outlook, leads: list[int], rain: RainfallForecast
) -> dict[str, Any]:
    field = outlook.forecast["sst_anomaly"].sel(lead=leads).mean("lead")
    frame = Frame(
        field["latitude"].values, field["longitude"].values, INDIAN_OCEAN, regions=_BOXES[1:]
    )
    drawn = AnomalyMap(frame, _FINE_LEVELS, _ANOMALY).draw(field, f"Indian Ocean, {rain.season}")
    return report.add_figure(
        "indian_ocean",
        drawn,
        caption=f"Predicted anomaly of sea-surface temperature in {rain.season}. The Dipole Mode "
        "Index is the mean over the western box minus that over the eastern one.",
        alt=f"Map of the Indian Ocean: {extremes(_part(field))}.",
        data=field.rename("sst_anomaly").to_dataset(),
    )


def _part(field: xr.DataArray) -> xr.DataArray:
    w = INDIAN_OCEAN
    return field.sel(latitude=slice(w.south, w.north), longitude=slice(w.west, w.east))
