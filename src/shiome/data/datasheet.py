"""A training set described for people (Markdown) and for machines (JSON-LD)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

# The terms of the metadata and where they are defined (Croissant 1.1, appendix 1). Validators
# expect all of them, used or not.
_CROISSANT_TERMS = (
    "citeAs column equivalentProperty extract field fileObject fileProperty fileSet format "
    "includes isArray arrayShape isLiveDataset jsonPath key md5 parentField path recordSet "
    "references regex repeated replace samplingRate separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _CROISSANT_TERMS.split()},
}
_TYPES = {
    "f": "sc:Float",
    "i": "sc:Integer",
    "u": "sc:Integer",
    "b": "sc:Boolean",
    "M": "sc:DateTime",
}
_QUESTIONS = (
    ("motivation", "Why was it made?"),
    ("composition", "What is in it?"),
    ("collection", "Where do the values come from?"),
    ("preprocessing", "What was done to them?"),
    ("uses", "What is it for, and what not?"),
)


def datasheet(card: Mapping[str, Any], statistics: Mapping[str, Any], notes: list[str]) -> str:
    """Datasheet in the order of Gebru et al. (2021), doi:10.1145/3458723.

    Parameters
    ----------
    card
        The fields of a :class:`~shiome.data.publish.DataCard`.
    statistics
        As :func:`~shiome.data.statistics.sample_statistics` gives them.
    notes
        What was left out or worked around.

    Returns
    -------
    Markdown.
    """
    lines = [f"# {card['title']}", "", f"`{card['name']}` {card['version']} {card['date']}", ""]
    if any(record.kind == "synthetic" for record in card["sources"]):
        lines += ["**Made with synthetic data.**", ""]
    for field, question in _QUESTIONS:
        lines += [f"## {field.capitalize()}", "", f"*{question}*", "", card[field], ""]
        if field == "composition":
            lines += [*_tables(statistics), ""]
        if field == "preprocessing" and notes:
            lines += [*(f"- {note}" for note in notes), ""]
    lines += ["## Sources", ""]
    for record in card["sources"]:
        lines.append(
            f"- {record.title} ({record.kind}). {record.citation} Licence: {record.license}"
        )
    lines += [] if card["sources"] else ["None named."]
    lines += ["", "## Licence and citation", "", card["license"], "", card["citation"], ""]
    lines += [f"Made by {card['creator']}.", "", "## How to make it again", ""]
    lines += ["```", card["rebuild"], "```", "", "## How to check it", "", "```"]
    return "\n".join([*lines, "sha256sum -c manifest-sha256.txt", "```", ""])


def croissant(
    card: Mapping[str, Any], dataset: xr.Dataset, checksums: Mapping[str, str]
) -> dict[str, Any]:
    """Metadata as JSON-LD: a schema.org ``Dataset`` with Croissant's files and fields.

    Parameters
    ----------
    card
        The fields of a :class:`~shiome.data.publish.DataCard`.
    dataset
        The samples.
    checksums
        SHA-256 by name of the files beside the samples.
    """
    files = [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "encodingFormat": "application/json" if name.endswith("json") else "text/markdown",
            "sha256": checksum,
        }
        for name, checksum in checksums.items()
    ]
    samples = {
        "@type": "cr:FileSet",
        "@id": "samples",
        "name": "samples",
        "description": "Zarr version 2 store with the dimension 'sample'",
        "encodingFormat": "application/vnd+zarr",
        "includes": "data.zarr/**",
    }
    fields = [_field(str(name), variable) for name, variable in dataset.variables.items()]
    metadata = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": card["name"],
        "description": f"{card['title']}. {card['composition']}",
        "version": card["version"],
        "license": card["license"],
        "citeAs": card["citation"],
        "creator": {"@type": "Organization", "name": card["creator"]},
        "isBasedOn": [record.title for record in card["sources"]],
        "distribution": [*files, samples],
        "recordSet": [
            {"@type": "cr:RecordSet", "@id": "sample", "name": "sample", "field": fields}
        ],
    }
    return metadata | ({"datePublished": card["date"]} if card["date"] else {})


def _field(name: str, variable: xr.Variable) -> dict[str, Any]:
    """One variable as a Croissant field: its values for one sample."""
    attrs = variable.attrs
    words = [str(attrs[key]) for key in ("long_name", "units", "flag_meanings") if key in attrs]
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"sample/{name}",
        "name": name,
        "description": ", ".join(words) or name,
        "dataType": _TYPES.get(np.dtype(variable.dtype).kind, "sc:Text"),
        "source": {"fileSet": {"@id": "samples"}, "extract": {"column": name}},
    }
    shape = [size for dim, size in variable.sizes.items() if dim != "sample"]
    if shape:
        field |= {"isArray": True, "arrayShape": ",".join(map(str, shape))}
    return field


def _tables(statistics: Mapping[str, Any]) -> list[str]:
    """Counts and moments as Markdown tables."""
    classes = list(statistics["classes"])
    lines = [f"{statistics['samples']:,} samples."]
    if "storms" in statistics:
        lines[0] += f" {statistics['storms']:,} storms and clusters."
    if "hard_negatives" in statistics:
        lines[0] += f" {statistics['hard_negatives']:,} hard negatives."
    if "time" in statistics:
        lines[0] += f" From {statistics['time'][0]} to {statistics['time'][1]}."
    rows = {**statistics.get("parts", {}), "all": statistics["classes"]}
    lines += ["", _row("part", *classes), _row(*["---"] * (len(classes) + 1))]
    lines += [_row(part, *(f"{row[name]:,}" for name in classes)) for part, row in rows.items()]
    moments = {k: v for k, v in statistics.get("image", {}).items() if k != "unit"}
    if moments:
        keys = ("mean", "standard_deviation", "smallest", "largest")
        unit = statistics["image"]["unit"]
        lines += ["", f"Pixels{f' in {unit}' if unit else ''}:", ""]
        lines += [_row("class", *keys).replace("_", " "), _row(*["---"] * 5)]
        lines += [_row(name, *(f"{row[k]:g}" for k in keys)) for name, row in moments.items()]
    return lines


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
