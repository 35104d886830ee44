"""A few things side by side in this process."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(
    function: Callable[[Item], Result], items: Iterable[Item], *, stop: Event | None = None
) -> list[Result]:
    """Apply a function to every item, on two threads, and return the results in order.

    For work that NumPy, XLA and its compiler do outside Python's lock. The first error, of
    whichever item, is raised; what had not begun by then never does.

    Parameters
    ----------
    function, items
        What to do, and with what.
    stop
        Set after an error or an interruption. What has begun is waited for: where that may take
        long, the function looks at this now and then, and gives up.
    """
    pool = ThreadPoolExecutor(2)
    try:
        begun = [pool.submit(function, item) for item in items]
        for done in as_completed(begun):
            done.result()
        return [done.result() for done in begun]
    except BaseException:
        if stop is not None:
            stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
