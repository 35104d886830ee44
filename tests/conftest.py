"""What holds for every test."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

# No timing in tests: a busy machine is no failure. And the same examples on every run.
settings.register_profile("shiome", deadline=None, derandomize=True)
settings.load_profile("shiome")


@pytest.fixture
def scheduler() -> Iterator[str]:
    """Address of a Dask cluster of two workers in this process.

    Workers in this process measure the memory of all tests before them as their own; beyond a limit
    they would pause, and whoever waits for them would wait forever.
    """
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        dashboard_address=":0",
        memory_limit=0,
    ) as cluster:
        yield cluster.scheduler_address
