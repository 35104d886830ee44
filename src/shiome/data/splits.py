"""Time-blocked splits that cannot leak: whole years or whole storms, with a gap between."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from shiome.core.errors import DataError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Years to verify in, and the years that may be used for fitting.

    Parameters
    ----------
    name
        For messages and files, for example "1979-1983".
    verify
        Calendar years whose months are forecast targets.
    train
        Calendar years that every fit, climatology and scaling may use.
    """

    name: str
    verify: tuple[int, ...]
    train: tuple[int, ...]

    def training(self, month: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(time,) True for the month numbers that lie in training years."""
        return np.isin(month // 12, self.train)

    def verifying(self, month: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(time,) True for the month numbers that lie in verification years."""
        return np.isin(month // 12, self.verify)

    def within(self, other: "Split") -> "Split":
        """The split with this one's verification years, fitted on years both may train on."""
        shared = tuple(sorted(set(self.train) & set(other.train)))
        return Split(f"{self.name} within {other.name}", self.verify, shared)


def blocked(years: npt.NDArray[np.int64], length: int = 5, margin: int = 1) -> list[Split]:
    """Cut the years into contiguous blocks; verify in each, train on the rest less a margin.

    Parameters
    ----------
    years
        Distinct calendar years, ascending.
    length
        Years in a block; the last block also takes what remains.
    margin
        Years dropped on each side of the verified block, so that a forecast that starts just
        before it or a slow anomaly that outlives it is not in the training data.

    Raises
    ------
    DataError
        If there are not at least two blocks.
    """
    count = len(years) // length
    if count < 2:
        raise DataError(
            f"{len(years)} years of data; expected at least {2 * length} for cross-validation in "
            f"blocks of {length} years."
        )
    bounds = [years[0] + length * i for i in range(count)] + [years[-1] + 1]
    return [_around(years, bounds[i], bounds[i + 1], margin) for i in range(count)]


def withheld(years: npt.NDArray[np.int64], first: int, last: int, margin: int = 1) -> Split:
    """One split that verifies in ``first`` … ``last`` and trains on the rest less a margin."""
    return _around(years, first, last + 1, margin)


def past_only(years: npt.NDArray[np.int64], last_training_year: int) -> Split:
    """Train up to and including one year, verify in all later ones.

    Raises
    ------
    DataError
        If either side is empty.
    """
    train = tuple(int(y) for y in years if y <= last_training_year)
    verify = tuple(int(y) for y in years if y > last_training_year)
    if not train or not verify:
        raise DataError(
            f"splitting {years[0]}–{years[-1]} after {last_training_year} leaves one side empty; "
            f"expected a year between {years[0]} and {years[-1] - 1}."
        )
    return Split(f"past only, to {last_training_year}", verify, train)


def _around(years: npt.NDArray[np.int64], start: int, stop: int, margin: int) -> Split:
    verify = tuple(int(y) for y in years if start <= y < stop)
    train = tuple(int(y) for y in years if y < start - margin or y >= stop + margin)
    return Split(f"{start}-{stop - 1}", verify, train)


def time_parts(
    time: npt.NDArray[np.datetime64],
    storm: npt.NDArray,
    boundaries: Sequence[np.datetime64 | str],
    *,
    gap: np.timedelta64 | None = None,
    label: npt.NDArray | None = None,
) -> npt.NDArray[np.object_]:
    """Divide samples by contiguous time so that no storm is in two parts.

    A storm with samples on both sides of a boundary is left out as a whole, and so is every
    sample within the gap after a boundary: the clouds of the day before are in it.

    Parameters
    ----------
    time, storm
        Of each sample, (sample,); storm is empty where a sample belongs to none.
    boundaries
        One or two ascending times: first time of validation and test, or of test alone.
    gap
        Time left out after each boundary; three days by default.
    label
        Class of each sample, (sample,): with it, every part must have at least two classes.

    Returns
    -------
    "train", "validation" or "test" for each sample, empty where it is left out.

    Raises
    ------
    DataError
        If a part is empty or has one class only, or the boundaries are not in order.
    """
    edges = np.array(boundaries, "datetime64[ns]")
    if len(edges) not in (1, 2) or (np.diff(edges) <= np.timedelta64(0)).any():
        raise DataError(
            f"the boundaries are {', '.join(map(str, boundaries)) or 'none'}; expected one or two "
            "ascending times."
        )
    names = PARTS if len(edges) == 2 else (PARTS[0], PARTS[2])
    gap = np.timedelta64(3, "D") if gap is None else gap
    side = np.searchsorted(edges, time, side="right")
    part = np.array(names, object)[side]
    sides = pd.Series(side).groupby(storm).agg(["min", "max"])
    straddling = sides.index[sides["min"] != sides["max"]]
    part[np.isin(storm, straddling[straddling != ""])] = ""
    for edge in edges:
        part[(time >= edge) & (time < edge + gap)] = ""
    for name in names:
        inside = part == name
        if not inside.any():
            raise DataError(
                f"no sample is left for {name}: times run from {_day(time, 'min')} to "
                f"{_day(time, 'max')}, boundaries are {', '.join(map(str, boundaries))}, the gap "
                f"is {gap}; expected boundaries with whole storms on each side."
            )
        if label is not None and np.unique(label[inside]).size < 2:
            raise DataError(
                f"all {int(inside.sum())} samples for {name} have the label "
                f"{label[inside][0]}; expected at least two classes: move the boundaries."
            )
    return part


def _day(time: npt.NDArray[np.datetime64], which: str) -> str:
    """First or last day among times, for messages."""
    return str(getattr(time, which)().astype("datetime64[D]")) if time.size else "none"
