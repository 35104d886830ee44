"""Time-blocked splits that cannot leak: whole years, a gap on each side."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shiome.core.errors import DataError


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
