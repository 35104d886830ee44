"""Run independent tasks here or on a Dask cluster."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from shiome.core.errors import ConfigError
from shiome.core.progress import progress_bar

Item = TypeVar("Item")
Result = TypeVar("Result")
# Seconds that a scheduler may take to answer, and its first worker to come.
PATIENCE = 10.0


def map_tasks(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    label: str,
    scheduler: str | None = None,
) -> list[Result]:
    """Apply a function to every item and return the results in order.

    Parameters
    ----------
    function
        Of one item; importable by workers where a scheduler is used.
    items
        Independent tasks.
    label
        What the progress bar says.
    scheduler
        Address of a Dask scheduler; by default the tasks run in this process.

    Raises
    ------
    ConfigError
        If the scheduler cannot be reached or has no workers, or Dask is not installed.
    """
    with progress_bar(label, len(items)) as advance:
        if scheduler is not None:
            return _on_dask(function, items, scheduler, advance)
        results = []
        for item in items:
            results.append(function(item))
            advance()
        return results


def _on_dask(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    scheduler: str,
    advance: Callable[[], None],
) -> list[Result]:
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ConfigError(
            "--scheduler needs Dask; install it with: pip install 'shiome[dask]'."
        ) from None
    try:
        # Not as Dask's default: what computes later in this process has nothing to do with it.
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(
            f"--scheduler {scheduler} cannot be reached ({type(error).__name__}); expected the "
            "address of a running Dask scheduler, for example tcp://127.0.0.1:8786."
        ) from None
    with client, client.as_current():
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise ConfigError(
                f"the Dask scheduler at {scheduler} has no workers; expected at least one, for "
                f"example: dask worker {scheduler}."
            ) from None
        futures = client.map(function, items, pure=False)
        for _ in as_completed(futures):
            advance()
        return client.gather(futures)
