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

    Workers without a limit of memory: they measure that of all tests before them as their own, and
    beyond a limit they pause. Without Dask's profiler: it reads the frames of other threads, in
    which Python 3.11 may wait for itself without end (CPython issue 106883).
    """
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    with (
        dask.config.set({"distributed.worker.profile.enabled": False}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            dashboard_address=":0",
            memory_limit=0,
        ) as cluster,
    ):
        yield cluster.scheduler_address
