"""A few things side by side in this process."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Apply a function to every item, on two threads, and return the results in order.

    For work that NumPy, XLA and its compiler do outside Python's lock. The first error, of
    whichever item, is raised at once; what had not begun by then never does.
    """
    pool = ThreadPoolExecutor(2)
    try:
        begun = [pool.submit(function, item) for item in items]
        for done in as_completed(begun):
            done.result()
        return [done.result() for done in begun]
    finally:
        pool.shutdown(cancel_futures=True)
