"""Publish a training set: a folder that says what it holds, and can be checked.

============================== ================================================================
``data.zarr``                  the samples
``datasheet.md``               why, what, how, for what, under which licence (Gebru et al. 2021)
``croissant.json``             the same for machines: schema.org ``Dataset`` with the terms of
                               Croissant 1.1 (Akhtar et al. 2024, doi:10.1145/3650203.3663326)
``statistics.json``            counts and moments by part and class
``manifest-sha256.txt``        checksum of every file; ``sha256sum -c`` reads it
============================== ================================================================
"""

import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from shiome.core.errors import DataError, OutputError
from shiome.data.catalog import DataRecord
from shiome.data.datasheet import croissant, datasheet
from shiome.data.statistics import sample_statistics
from shiome.data.store import append_blocks, blocks_of, open_store

DATA, SHEET, CROISSANT = "data.zarr", "datasheet.md", "croissant.json"
STATISTICS, MANIFEST = "statistics.json", "manifest-sha256.txt"


@dataclass(frozen=True)
class DataCard:
    """What a person must tell about a training set; the rest is counted.

    Parameters
    ----------
    name
        Short name: letters, digits and hyphens.
    title
        One line.
    motivation, composition, collection, preprocessing, uses
        Answers to the questions of a datasheet (Gebru et al. 2021): why it was made; what a
        sample is and what is missing; where the values come from; what was done to them; what it
        is good for, and what not.
    license
        Address or SPDX name.
    citation, creator
        How to cite it; who made it.
    rebuild
        Commands or code that make it again.
    version, date
        Of the data set; the date as 2001-08-01.
    sources
        Data sets that went in.
    """

    name: str
    title: str
    motivation: str
    composition: str
    collection: str
    preprocessing: str
    uses: str
    license: str
    citation: str
    creator: str
    rebuild: str
    version: str = "1.0.0"
    date: str = ""
    sources: tuple[DataRecord, ...] = ()

    def __post_init__(self) -> None:
        empty = [k for k, v in vars(self).items() if k not in ("date", "sources") and not v.strip()]
        if empty:
            raise DataError(f"the data card lacks {', '.join(empty)}; expected text in each field.")


def publish(dataset: xr.Dataset, folder: str | os.PathLike[str], card: DataCard) -> Path:
    """Write a training set with everything that explains it.

    Parameters
    ----------
    dataset
        Samples as :func:`~shiome.data.patches.labelled_patches` gives them, in memory or lazily
        opened, with ``label`` and, where it is divided, ``part`` along ``sample``.
    folder
        Where it will be; it appears when it is complete.
    card
        What a person must tell.

    Returns
    -------
    The folder's absolute path.

    Raises
    ------
    OutputError
        If something is there already, or the place cannot be written.
    DataError
        If there are no samples, or they have no ``label``.
    """
    path = Path(folder).expanduser().resolve()
    if path.exists():
        raise OutputError(f"{path} exists already; expected a new name for the training set.")
    if "sample" not in dataset.dims or "label" not in dataset.variables:
        raise DataError(
            f"the data set has dimensions {tuple(dataset.dims)} and variables "
            f"{tuple(dataset.variables)}; expected 'label' along 'sample'."
        )
    if not dataset.sizes["sample"]:
        raise DataError("the data set has no samples; expected at least one.")
    work = path.with_name(f".{path.name}.unfinished-{secrets.token_hex(4)}")
    try:
        work.mkdir(parents=True)
        _write(dataset, work, card)
        work.rename(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); expected a new name in a writable place."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return path


def open_published(folder: str | os.PathLike[str]) -> xr.Dataset:
    """Open a published training set after checking every file against its checksum.

    Returns
    -------
    The samples, read when they are asked for; ``attrs`` carries name, licence and citation.

    Raises
    ------
    DataError
        If a file is missing, added or changed, or the metadata do not fit the content.
    """
    path = Path(folder).expanduser()
    expected = _manifest(path)
    present = {name for name in _files(path) if name != MANIFEST}
    for names, what in ((expected.keys() - present, "missing"), (present - expected.keys(), "new")):
        if names:
            raise DataError(
                f"{path}: {len(names)} file(s) {what}, the first {min(names)}; expected what "
                f"{MANIFEST} lists: fetch the training set again."
            )
    for name, checksum in expected.items():
        if _sha256(path / name) != checksum:
            raise DataError(
                f"{path}: {name} differs from its checksum in {MANIFEST}; expected the file as "
                "published: fetch the training set again."
            )
    described, counted = _json(path / CROISSANT), _json(path / STATISTICS)
    dataset = open_store(path / DATA)
    if dataset.sizes["sample"] != counted["samples"]:
        raise DataError(
            f"{path}: {DATA} holds {dataset.sizes['sample']} samples, {STATISTICS} counts "
            f"{counted['samples']}; expected the same number."
        )
    told = {name: described[name] for name in ("name", "version", "license", "citeAs")}
    return dataset.assign_attrs(told)


def _write(dataset: xr.Dataset, work: Path, card: DataCard) -> None:
    """Fill the folder; the manifest comes last."""
    data = dataset.drop_encoding()
    append_blocks(blocks_of(data), work / DATA)
    statistics = sample_statistics(open_store(work / DATA))
    _dump(statistics, work / STATISTICS)
    notes = [str(note) for note in dataset.attrs.get("notes", ())]
    sheet = datasheet(vars(card), statistics, notes)
    (work / SHEET).write_text(sheet, encoding="utf-8")
    checksums = {name: _sha256(work / name) for name in (SHEET, STATISTICS)}
    _dump(croissant(vars(card), open_store(work / DATA), checksums), work / CROISSANT)
    lines = [f"{_sha256(work / name)}  {name}\n" for name in _files(work)]
    (work / MANIFEST).write_text("".join(lines), encoding="utf-8")


def _manifest(path: Path) -> dict[str, str]:
    """Checksum by file, as published."""
    if not path.is_dir():
        raise DataError(f"{path}: no such folder; expected a published training set.")
    try:
        lines = (path / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(
            f"{path}: {MANIFEST} cannot be read; expected a published training set."
        ) from None
    pairs = [line.split("  ", 1) for line in lines]
    needed = {SHEET, CROISSANT, STATISTICS}
    if any(len(pair) != 2 for pair in pairs) or not needed <= {pair[-1] for pair in pairs}:
        raise DataError(
            f"{path}: {MANIFEST} is not a list of checksums and files; expected it as published."
        )
    return {name: checksum for checksum, name in pairs}


def _files(folder: Path) -> list[str]:
    """Names of all files below a folder, sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _dump(value: Any, path: Path) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
