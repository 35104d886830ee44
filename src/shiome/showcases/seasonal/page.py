"""The page of the seasonal outlook: draws the figures and writes ``index.html``."""

import datetime
from collections.abc import Callable

from shiome.grids.months import month_number, month_start, month_words
from shiome.products import Report, render
from shiome.showcases.seasonal.figures import draw_drivers, draw_indices, draw_maps, draw_rainfall
from shiome.showcases.seasonal.outlook import (
    Outlook,
    enso_headline,
    iod_headline,
    percent,
    signed,
)
from shiome.showcases.seasonal.skill_figures import draw_checks, draw_field_skill, draw_skill

# Older data than this is not about the coming season, and the page says so.
_CURRENT_MONTHS = 3


def write_outlook(
    report: Report, outlook: Outlook, advance: Callable[[], None] = lambda: None
) -> None:
    """Draw every figure of an outlook into a report and write its page.

    Parameters
    ----------
    report
        With data records, metrics and warnings complete.
    outlook
        What is to be shown.
    advance
        Called about once per second of work, ``1 + number of leads`` times or less, for a
        progress bar.
    """
    figures = draw_indices(report, outlook)
    maps = draw_maps(report, outlook, advance)
    figures |= draw_rainfall(report, outlook)
    figures |= draw_drivers(report, outlook)
    figures |= draw_skill(report, outlook)
    figures |= draw_field_skill(report, outlook)
    figures |= draw_checks(report, outlook)
    advance()
    html = render(
        report,
        "outlook.html",
        ["shiome.showcases.seasonal"],
        outlook=outlook,
        headline=enso_headline(outlook.forecast["nino34"], outlook.first_month),
        dipole=iod_headline(outlook.forecast["dmi"], outlook.first_month),
        facts=glance(outlook),
        issued=month_words(outlook.first_month),
        last_seen=month_words(outlook.last_seen),
        retrospective=_age(outlook) > _CURRENT_MONTHS,
        figures=figures,
        maps=maps,
        signed=signed,
        percent=percent,
    )
    report.write_page(html)


def glance(outlook: Outlook) -> list[tuple[str, str, str]]:
    """The outlook in a few numbers: what, value with unit, and a remark."""
    now = outlook.history.sel(time=month_start(outlook.last_seen))
    facts = [
        (
            "Niño 3.4 now",
            f"{signed(now['nino34'].item())} K",
            f"observed, {month_words(outlook.last_seen)}",
        ),
    ]
    median = outlook.forecast["nino34"].median("member")
    for lead in (3, 6):
        month = month_words(outlook.first_month + lead - 1)
        facts.append(
            (f"Niño 3.4 in {month}", f"{signed(median.sel(lead=lead).item())} K", "median forecast")
        )
    facts.append(
        (
            "Dipole Mode Index now",
            f"{signed(now['dmi'].item())} K",
            f"observed, {month_words(outlook.last_seen)}",
        )
    )
    if outlook.rainfall is not None:
        chances = outlook.rainfall.probabilities
        best = max(range(3), key=lambda third: chances[third])
        facts.append(
            (
                "East African short rains",
                f"{('drier', 'middle', 'wetter')[best]} third {percent(chances[best])}",
                outlook.rainfall.season,
            )
        )
    return facts


def _age(outlook: Outlook) -> int:
    """Months between the first forecast month and today."""
    return int(month_number(datetime.date.today())) - outlook.first_month
