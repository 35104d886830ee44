"""Provenance of a report as an RO-Crate: what ran, on what, with what settings.

Source: RO-Crate 1.1 specification (Sefton et al. 2023), with the run described in the manner of
its Process Run Crate profile: a ``CreateAction`` with instrument, objects and results.
"""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".nc": "application/netcdf",
    ".png": "image/png",
}


def write_crate(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write ``ro-crate-metadata.json`` for a finished report folder.

    Parameters
    ----------
    folder
        The folder, with all its files in place.
    summary
        What ``report.json`` says, in plain JSON types.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    crate.name = summary["title"]
    crate.description = f"Report of the Shiome showcase '{summary['showcase']}'."
    terms = ContextEntity(crate, "#terms", _terms(summary["data"]))
    crate.license = crate.add(terms)

    files = _add_files(crate, folder, summary["figures"])
    software = crate.add(ContextEntity(crate, "#shiome", _software(summary["versions"])))
    inputs = [
        crate.add(ContextEntity(crate, "#data-" + quote(entry["id"], safe=""), _dataset(entry)))
        for entry in summary["data"]
    ]
    settings = {"seed": summary["seed"]} | dict(summary["config"])
    parameters = [
        crate.add(ContextEntity(crate, "#config-" + quote(name, safe=""), _setting(name, value)))
        for name, value in sorted(settings.items())
    ]
    crate.add_action(
        software,
        identifier="#run",
        object=inputs + parameters,
        result=files,
        properties={
            "name": f"shiome run {summary['showcase']}",
            "endTime": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        },
    )
    crate.metadata.write(folder)


def _add_files(crate: Any, folder: Path, figures: list[dict[str, Any]]) -> list[Any]:
    captions = {figure["file"]: figure["caption"] for figure in figures}
    entities = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        properties = {"name": name, "contentSize": str(path.stat().st_size)}
        if path.suffix in _MEDIA_TYPES:
            properties["encodingFormat"] = _MEDIA_TYPES[path.suffix]
        if name in captions:
            properties["description"] = captions[name]
        entities.append(crate.add_file(path, dest_path=name, properties=properties))
    return entities


def _terms(data: list[dict[str, str]]) -> dict[str, Any]:
    licences = "; ".join(f"{entry['id']}: {entry['license']}" for entry in data) or "none"
    return {
        "@type": "CreativeWork",
        "name": "Terms of the input data",
        "description": f"The report carries the terms of the data it was made from: {licences}.",
    }


def _software(versions: Mapping[str, str]) -> dict[str, Any]:
    requirements = [f"{name} {version}" for name, version in versions.items() if name != "shiome"]
    return {
        "@type": "SoftwareApplication",
        "name": "Shiome",
        "softwareVersion": versions["shiome"],
        "softwareRequirements": requirements,
        "license": "https://spdx.org/licenses/Apache-2.0",
    }


def _dataset(entry: Mapping[str, str]) -> dict[str, Any]:
    return {
        "@type": "Dataset",
        "name": entry["id"],
        "additionalType": entry["kind"],
        "license": entry["license"],
        "citation": entry["citation"],
    }


def _setting(name: str, value: Any) -> dict[str, Any]:
    text = "" if value is None else str(value)
    return {"@type": "PropertyValue", "name": name, "value": text}
