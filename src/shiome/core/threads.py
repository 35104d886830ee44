"""A few things side by side in this process."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Apply a function to every item, on two threads, and return the results in order.

    For work that NumPy, XLA and its compiler do outside Python's lock. After an error or an
    interruption no further item is begun.
    """
    pool = ThreadPoolExecutor(2)
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(cancel_futures=True)
