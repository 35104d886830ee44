"""The figures of skill: scores by lead and season, and whether the probabilities hold."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import xarray as xr

from shiome.products import (
    AnomalyMap,
    Frame,
    Report,
    by_lead,
    month_by_lead,
    rank_histogram,
    reliability,
    spread_error,
)
from shiome.showcases.seasonal.figures import INDEX_NAMES, Figures
from shiome.showcases.seasonal.outlook import Outlook

_SCHEMES: Final = {
    "forecast": "this system, cross-validated",
    "pastonly": "this system, past only",
    "persistence": "damped persistence",
    "climatology": "climatology",
}
_PARTS: Final = {
    "blend": "this system: all",
    "filtered": "coupled models, from the filter",
    "coupled": "coupled models",
    "ocean": "statistical, with ocean",
    "surface": "statistical, surface alone",
}
_SCORES: Final[dict[str, dict[str, Any]]] = {
    "acc": {
        "words": "Correlation",
        "label": "Correlation (1 is perfect)",
        "bottom": -0.2,
        "top": 1.0,
        "without": ("climatology",),
    },
    "rmse": {"words": "Error", "label": "RMSE (K)", "bottom": 0.0, "top": None, "without": ()},
    "rpss": {
        "words": "Probability skill",
        "label": "RPSS (1 perfect, 0 climatology)",
        "bottom": -0.1,
        "top": 1.0,
        "without": ("climatology", "persistence"),
    },
    "crps": {
        "words": "Probability error",
        "label": "CRPS (K)",
        "bottom": 0.0,
        "top": None,
        "without": (),
    },
}
_SKILL_LEVELS: Final = (0.2, 0.4, 0.6, 0.8)
_SKILL_LEADS: Final = (3, 6)


def draw_skill(report: Report, outlook: Outlook) -> Figures:
    """Scores by lead with intervals and baselines, and by target month."""
    figures: Figures = {}
    for index, name in INDEX_NAMES.items():
        cards = outlook.skill[index]
        numbers = report.add_numbers(f"skill_{index}", skill_table(cards))
        for score, look in _SCORES.items():
            figures[f"{score}_{index}"] = _draw_score(report, cards, index, score, look, numbers)
        figures |= _draw_parts(report, cards, index, numbers)
        table = outlook.month_skill[index]
        if "estimate" in table.dims:
            table = table.sel(estimate="value")
        figures[f"months_{index}"] = report.add_figure(
            f"acc_by_month_{index}",
            month_by_lead(
                table, title=f"{name}: by target month", label="Correlation (below 0 shown as 0)"
            ),
            caption=f"Correlation of forecast and observed {name} by the month that is forecast "
            "and the lead, cross-validated.",
            data=table.rename("acc").to_dataset(),
        )
    return figures


def draw_field_skill(report: Report, outlook: Outlook) -> Figures:
    """Maps of where the temperature forecast has skill, at a few leads."""
    skill = outlook.field_skill
    if skill is None:
        return {}
    numbers = report.add_numbers("field_skill", skill.rename("acc"))
    frame = Frame(skill["latitude"].values, skill["longitude"].values)
    drawing = AnomalyMap(frame, _SKILL_LEVELS, "Correlation of forecast and observed")
    return {
        f"field_skill{lead}": report.add_figure(
            f"field_skill_lead{lead:02d}",
            drawing.draw(
                skill.sel(lead=lead), f"Skill {lead} month{'s' if lead > 1 else ''} ahead"
            ),
            caption=f"Correlation of the temperature anomaly forecast at lead {lead} with the "
            "observed one over all start months, cross-validated. White: within ±0.2.",
            data=numbers,
        )
        for lead in _SKILL_LEADS
    }


def _draw_score(
    report: Report,
    cards: Mapping[str, xr.Dataset],
    index: str,
    score: str,
    look: Mapping[str, Any],
    numbers: str,
) -> dict[str, Any]:
    words, axis = look["words"], {key: look[key] for key in ("label", "bottom", "top")}
    card = cards["forecast"][score]
    curves = {
        scheme: (name, cards[scheme][score].sel(estimate="value"))
        for scheme, name in _SCHEMES.items()
        if scheme in cards and score in cards[scheme]
    }
    # Climatology has no correlation, and is the zero of the skill score; what persistence says
    # of a category it says with certainty, which no skill score was made for.
    for scheme in look["without"]:
        curves.pop(scheme, None)
    value = card.sel(estimate="value")
    drawn = by_lead(
        curves,
        (card.sel(estimate="lower"), card.sel(estimate="upper")),
        title=f"{INDEX_NAMES[index]}: {words.lower()}",
        **axis,
    )
    return report.add_figure(
        f"{score}_{index}",
        drawn,
        caption=f"{words} of the {INDEX_NAMES[index]} forecast by lead; band: 90 % interval from "
        "resampled years.",
        alt=f"{words} of {INDEX_NAMES[index]} from {float(value[0]):.2f} at lead "
        f"{int(value['lead'][0])} to {float(value[-1]):.2f} at lead {int(value['lead'][-1])}.",
        data=numbers,
    )


def _draw_parts(
    report: Report, cards: Mapping[str, xr.Dataset], index: str, numbers: str
) -> Figures:
    """How well each part of the system does by itself; nothing where there is one part only."""
    if "surface" not in cards:
        return {}
    named = _PARTS if "blend" in cards else {"forecast": _PARTS["ocean"], **_PARTS}
    curves = {k: (name, cards[k]["acc"]) for k, name in named.items() if k in cards}
    whole = next(iter(curves.values()))[1]
    drawn = by_lead(
        {k: (name, acc.sel(estimate="value")) for k, (name, acc) in curves.items()},
        (whole.sel(estimate="lower"), whole.sel(estimate="upper")),
        title=f"{INDEX_NAMES[index]}: what each part adds",
        label="Correlation (1 is perfect)",
        bottom=-0.2,
        top=1.0,
    )
    figure = report.add_figure(
        f"parts_{index}",
        drawn,
        caption=f"Correlation of the {INDEX_NAMES[index]} forecast by lead, cross-validated: by "
        "statistical models that see the surface alone, with the simulated ocean's warm water, by "
        "coupled models, by these from an ensemble filter, and by all together; band: 90 % "
        "interval of all together.",
        data=numbers,
    )
    return {f"parts_{index}": figure}


def skill_table(cards: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """All scores as a table: one row per lead, a column for each scheme, score and estimate."""
    columns: dict[str, Any] = {"lead": cards["forecast"]["lead"].values}
    for scheme, card in cards.items():
        for score, values in card.data_vars.items():
            if "estimate" not in values.dims or "lead" not in values.dims:
                continue
            for estimate in values["estimate"].values:
                columns[f"{score}.{scheme}.{estimate}"] = values.sel(estimate=estimate).values
    return pd.DataFrame(columns)


def draw_checks(report: Report, outlook: Outlook) -> Figures:
    """Whether probabilities and spread can be believed."""
    figures: Figures = {}
    if outlook.reliability is not None:
        event = str(outlook.reliability.attrs["event"])
        figures["reliability"] = report.add_figure(
            "reliability",
            reliability(outlook.reliability, title="Do the probabilities hold?"),
            caption=f"How often the outcome ({event}) followed each forecast probability; on the "
            "diagonal the probabilities hold. Below: how often each was given.",
            data=outlook.reliability,
        )
    if outlook.ranks is not None:
        leads = [lead for lead in (1, 3, 6, 12) if lead in outlook.ranks["lead"].values]
        figures["ranks"] = report.add_figure(
            "ranks_nino34",
            rank_histogram(outlook.ranks, leads, title="Where the observation fell"),
            caption="Rank of the observed Niño 3.4 among the members. High at both ends: too "
            "little spread; high in the middle: too much.",
            data=outlook.ranks,
        )
    pairs, columns = {}, dict[str, Any]()
    for index, name in INDEX_NAMES.items():
        card = outlook.skill[index]["forecast"].sel(estimate="value")
        spread = card["spread_error"] * card["rmse"]
        pairs[name] = (spread, card["rmse"])
        columns |= {f"spread_{index}": spread.values, f"rmse_{index}": card["rmse"].values}
    figures["spread"] = report.add_figure(
        "spread_error",
        spread_error(pairs, title="Spread and error", label="Spread and RMSE (K)"),
        caption="Spread of the members and error of their mean by lead. Where they agree, the "
        "ensemble knows its uncertainty.",
        data=pd.DataFrame({"lead": card["lead"].values} | columns),
    )
    return figures
