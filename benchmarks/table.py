"""What all benchmarks share: the row, the table, and processes whose cost is their own."""

import importlib.metadata
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

# Wide enough for one line a row where the output is a file or a log.
LOG_WIDTH = 150


class MissingPeerError(Exception):
    """The library to compare with is not installed; the message is its name."""


@dataclass
class Cost:
    """What some work took.

    Parameters
    ----------
    seconds, cpu_seconds
        Wall-clock time, and processor time over all threads.
    mib
        Peak resident memory of the process so far; None where it says nothing of the work.
    """

    seconds: float = float("nan")
    cpu_seconds: float | None = None
    mib: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    what, size
        What is done, and how much of it. Synthetic data is called so.
    ours
        What Shiome took.
    peer
        Name and version of the library beside it; empty where the row has only a goal.
    theirs
        What the peer took for the same work.
    note
        What else a reader must know: a goal, the largest difference of the results.
    """

    what: str
    size: str
    ours: Cost
    peer: str = ""
    theirs: Cost | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times faster than the peer, by the clock."""
        return self.theirs.seconds / self.ours.seconds if self.theirs else None


def peer(distribution: str) -> str:
    """Name and version of an installed library.

    Raises
    ------
    MissingPeerError
        If it is not installed.
    """
    try:
        return f"{distribution} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:
        raise MissingPeerError(distribution) from None


@contextmanager
def measured() -> Iterator[Cost]:
    """Fill in the cost of the block; the peak is that of the whole process up to its end."""
    cost = Cost()
    begun, begun_cpu = time.perf_counter(), time.process_time()
    yield cost
    cost.seconds = time.perf_counter() - begun
    cost.cpu_seconds = time.process_time() - begun_cpu
    cost.mib = _peak_mib()


def _peak_mib() -> float:
    try:
        # Unlike getrusage, which a new process inherits from the one that started it.
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1024**2 if sys.platform == "darwin" else peak / 1024


def in_own_process(function: Callable[..., Any], *arguments: object) -> Any:
    """``function(*arguments)`` in a fresh Python, so that imports and memory are its own.

    The function is one of a module's top level; it takes and returns what can be pickled.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def show(rows: Sequence[Row]) -> None:
    """Print the table, and the notes below it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("what", "size"):
        table.add_column(column, overflow="fold")
    for column in ("ours, s", "CPU, s", "peer, s", "CPU, s", "ratio", "MiB", "peer, MiB"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("peer", overflow="fold")
    for row in rows:
        theirs = row.theirs or Cost(float("nan"))
        table.add_row(
            row.what,
            row.size,
            _number(row.ours.seconds),
            _number(row.ours.cpu_seconds),
            _number(theirs.seconds),
            _number(theirs.cpu_seconds),
            _number(row.ratio),
            _number(row.ours.mib, ".0f"),
            _number(theirs.mib, ".0f"),
            row.peer or "–",
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=LOG_WIDTH)
    console.print(table)
    for row in rows:
        if row.note:
            console.print(f"{row.what}, {row.size}: {row.note}", markup=False)


def _number(value: float | None, form: str = ".3g") -> str:
    if value is None or value != value:
        return "–"
    return f"{value:.0f}" if form == ".3g" and abs(value) >= 1000 else f"{value:{form}}"
