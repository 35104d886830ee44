"""Progress bars for long work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar with an estimate of the time left; call the value given once per step.

    Parameters
    ----------
    label
        What is being done.
    total
        Number of steps.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # On standard error, so that what a command prints can be piped.
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)
        try:
            yield lambda: bar.advance(task)
        except BaseException:
            # What went wrong is told in one line, without half a bar above it.
            bar.live.transient = True
            raise
        bar.update(task, completed=total)
