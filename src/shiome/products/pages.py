"""Pages of reports: self-contained HTML from templates, readable offline."""

import re
from collections.abc import Sequence
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from shiome.products.report import Report


def render(report: Report, template: str, packages: Sequence[str] = (), **words: Any) -> str:
    """Fill a template that extends ``base.html``.

    Parameters
    ----------
    report
        Whose title, data, warnings, configuration and versions the page shows.
    template
        Name of the template.
    packages
        Packages whose ``templates`` folder is searched before that of the products.
    words
        What else the template asks for.

    Returns
    -------
    The page, with all styles and scripts inside it.
    """
    loaders = [PackageLoader(package) for package in (*packages, "shiome.products")]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["tied"] = _tied
    return environment.get_template(template).render(report=report, **words)


def write_report_page(report: Report, summary: str = "") -> None:
    """Write the plain page of any report: its figures, then its numbers.

    Parameters
    ----------
    report
        With metrics and figures complete.
    summary
        What came out, in one or two sentences.
    """
    report.write_page(render(report, "report.html", summary=summary))


def _tied(text: str) -> str:
    """Keep numbers and their units on one line."""
    return re.sub(r"(?<=\d) (?=[%K°])|(?<=[<>]) (?=\d)", "\N{NO-BREAK SPACE}", text)


def _number(value: Any) -> str:
    """Three decimals with a true minus sign; a dash for nothing."""
    if value is None or value != value:
        return "–"
    return f"{float(value):.3f}".replace("-", "−")
