"""A Report: the folder a run leaves behind, which explains itself.

It holds ``report.json``, ``index.html``, ``figures/``, the numbers behind each figure in ``data/``
and ``ro-crate-metadata.json``. Everything is written into a hidden sibling folder that takes the
final name only when complete.
"""

import os
import platform
import re
import secrets
import shutil
import time
from collections import UserDict
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from shiome.core.errors import OutputError
from shiome.data import DataRecord
from shiome.products.crate import write_crate
from shiome.products.jsonable import plain, write_json
from shiome.products.style import save

METRIC_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_VERSIONED = ("shiome", "jax", "equinox", "numpy", "scipy", "xarray", "matplotlib", "cartopy")


class MetricTable(UserDict[str, Any]):
    """Numbers under dotted lower-case keys, for example ``acc.nino34.lead06``."""

    def __setitem__(self, key: str, item: Any) -> None:
        if METRIC_KEY.fullmatch(key) is None:
            raise ValueError(
                f"metric key {key!r} is not dotted lower case; "
                "expected for example 'pod' or 'acc.nino34.lead06'."
            )
        super().__setitem__(key, item)


def prepare_output(path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Check that a report can be written at ``path``; to be called before a long computation.

    Parameters
    ----------
    path
        Folder to be written. Missing parents are made.
    overwrite
        Whether a report that is already there may be replaced.

    Returns
    -------
    The absolute path, with symbolic links resolved.

    Raises
    ------
    OutputError
        If the path is a file, its parent cannot be written, or the folder holds something.
    """
    folder = Path(path).expanduser().resolve()
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"output {folder} is a file; expected a folder to be made.")
    if folder.is_dir() and any(folder.iterdir()):
        if not overwrite:
            raise OutputError(
                f"output folder {folder} is not empty; "
                "give another folder, or allow it to be replaced (--overwrite)."
            )
        if not (folder / "report.json").is_file():
            raise OutputError(
                f"output folder {folder} is not a report (no report.json in it) and is left "
                "alone; expected an empty folder or an earlier report."
            )
    _check_writable(folder)
    return folder


def _check_writable(folder: Path) -> None:
    """Try out what finishing a report will need: making and renaming folders beside it."""
    trial = _sibling(folder, "trial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        trial.mkdir()
        trial.rmdir()
    except OSError as error:
        raise OutputError(
            f"cannot write in {folder.parent} ({error.strerror}); expected a writable folder."
        ) from None
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"output folder {folder} is read-only; expected a writable folder.")


def _sibling(folder: Path, role: str) -> Path:
    return folder.with_name(f".{folder.name}.{role}-{secrets.token_hex(4)}")


class Report:
    """Builder of a report folder; use :meth:`create` in a ``with`` statement.

    Leaving the block normally completes the folder; leaving it by an exception (Ctrl-C too)
    removes what was written, and an earlier report at the same place stays as it was.

    Attributes
    ----------
    metrics, baselines, intervals
        Tables under dotted lower-case keys; an interval is a pair (lower, upper).
    data
        Records of the data sets that went in.
    figures
        What :meth:`add_figure` has collected: file, caption and data file of each figure.
    warnings
        Sentences that a reader must know.
    """

    def __init__(
        self, path: Path, work: Path, showcase: str, title: str, config: Any, seed: int
    ) -> None:
        self.path, self.work = path, work
        self.showcase, self.title, self.seed = showcase, title, seed
        self.config: dict[str, Any] = plain(config)
        self.data: list[DataRecord] = []
        self.metrics, self.baselines, self.intervals = MetricTable(), MetricTable(), MetricTable()
        self.figures: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self._started = time.perf_counter()

    @classmethod
    def create(
        cls,
        out: str | os.PathLike[str],
        *,
        showcase: str,
        title: str,
        config: Any,
        seed: int = 0,
        overwrite: bool = False,
    ) -> Self:
        """Start a report that will appear at ``out``.

        Parameters
        ----------
        out
            Folder to be written.
        showcase, title
            Name of the showcase, and words for the head of the page.
        config
            The configuration of the run: a dataclass or a mapping.
        seed
            Seed of all random numbers of the run.
        overwrite
            Whether an earlier report at ``out`` is replaced.

        Raises
        ------
        OutputError
            As :func:`prepare_output`.
        """
        path = prepare_output(out, overwrite)
        work = _sibling(path, "unfinished")
        (work / "figures").mkdir(parents=True)
        (work / "data").mkdir()
        return cls(path, work, showcase, title, config, seed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._write_records()
                self._publish()
        finally:
            shutil.rmtree(self.work, ignore_errors=True)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the report was started."""
        return round(time.perf_counter() - self._started, 2)

    @property
    def versions(self) -> dict[str, str]:
        """Versions of Python and of the libraries that made the numbers."""
        return {"python": platform.python_version()} | {
            name: metadata.version(name) for name in _VERSIONED
        }

    @property
    def is_synthetic(self) -> bool:
        """Whether any of the data is synthetic; the page then says so at its top."""
        return any(data_entry(record)["kind"] == "synthetic" for record in self.data)

    def warn(self, sentence: str) -> None:
        """Add a warning that readers of the report see; a repeated one counts once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def add_numbers(self, name: str, data: pd.DataFrame | xr.Dataset | xr.DataArray) -> str:
        """Write a table as ``data/NAME.csv`` or a labelled array as ``data/NAME.nc``.

        Returns
        -------
        The file's path relative to the report.
        """
        if isinstance(data, pd.DataFrame):
            file = f"data/{name}.csv"
            data.to_csv(self.work / file, index=False, float_format="%.6g")
            return file
        dataset = data.to_dataset(name=name) if isinstance(data, xr.DataArray) else data
        encoding = {
            key: {"zlib": True, "complevel": 4}
            for key, variable in dataset.variables.items()
            if variable.dtype.kind in "fiu" and variable.ndim
        }
        file = f"data/{name}.nc"
        dataset.to_netcdf(self.work / file, engine="netcdf4", encoding=encoding)
        return file

    def add_figure(
        self,
        name: str,
        figure: Figure,
        *,
        caption: str,
        data: str | pd.DataFrame | xr.Dataset | xr.DataArray,
        alt: str = "",
    ) -> dict[str, Any]:
        """Save a figure as ``figures/NAME.png`` with its caption and the numbers behind it.

        Parameters
        ----------
        name
            File name without ending, also of the file of numbers.
        figure
            A matplotlib figure; it is drawn at once and may be reused afterwards.
        caption
            What the figure shows, in one or two sentences.
        data
            The numbers behind it, or the path :meth:`add_numbers` returned for them.
        alt
            What a reader who cannot see the figure should know; the caption by default.

        Returns
        -------
        The figure's record with ``file``, ``caption``, ``data``, ``alt``, and ``width`` and
        ``height`` in pixels.
        """
        file = f"figures/{name}.png"
        width, height = save(figure, self.work / file, alt or caption)
        numbers = data if isinstance(data, str) else self.add_numbers(name, data)
        record = {
            "file": file,
            "caption": caption,
            "data": numbers,
            "alt": alt or caption,
            "width": width,
            "height": height,
        }
        self.figures.append(record)
        return record

    def write_page(self, html: str) -> None:
        """Write ``index.html``."""
        (self.work / "index.html").write_text(html, encoding="utf-8")

    def summary(self) -> dict[str, Any]:
        """Everything that ``report.json`` says."""
        listed = ("file", "caption", "data")
        return {
            "showcase": self.showcase,
            "title": self.title,
            "config": self.config,
            "seed": self.seed,
            "data": [data_entry(record) for record in self.data],
            "metrics": self.metrics.data,
            "baselines": self.baselines.data,
            "intervals": self.intervals.data,
            "figures": [{key: figure[key] for key in listed} for figure in self.figures],
            "warnings": self.warnings,
            "elapsed_s": self.elapsed_s,
            "versions": self.versions,
        }

    def _write_records(self) -> None:
        if not (self.work / "index.html").is_file():
            raise ValueError("the report has no page; call write_page before leaving the block.")
        summary = plain(self.summary())
        write_json(summary, self.work / "report.json")
        write_crate(self.work, summary)

    def _publish(self) -> None:
        """Give the finished folder its name; an earlier report is put back if that fails."""
        old = _sibling(self.path, "replaced")
        try:
            if self.path.exists():
                self.path.rename(old)
            self.work.rename(self.path)
        except OSError as error:
            if old.exists() and not self.path.exists():
                old.rename(self.path)
            raise OutputError(
                f"cannot put the finished report at {self.path} ({error.strerror}); "
                "expected a writable place."
            ) from None
        shutil.rmtree(old, ignore_errors=True)


def data_entry(record: DataRecord) -> dict[str, str]:
    """What ``report.json`` says of one data set."""
    return {
        "id": record.id,
        "kind": record.kind,
        "license": record.license,
        "citation": record.citation,
    }
