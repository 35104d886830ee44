"""Tasks give the same results in the same order wherever they run."""

import operator

import pytest

from shiome.core import ConfigError, schedule
from shiome.core.schedule import map_tasks


def fail_at_two(item):
    if item == 2:
        raise ValueError("task 2")
    return item


def test_results_come_in_the_order_of_the_items(capsys):
    assert map_tasks(operator.neg, [3, 1, 2], label="negation") == [-3, -1, -2]
    printed = capsys.readouterr()
    assert printed.out == ""  # the bar is on standard error
    assert "negation" in printed.err


def test_no_items():
    assert map_tasks(operator.neg, [], label="nothing") == []


def test_an_error_of_a_task_is_raised():
    with pytest.raises(ValueError, match="task 2"):
        map_tasks(fail_at_two, [1, 2, 3], label="failing")


def test_a_cluster_gives_the_same_and_passes_errors_on(scheduler):
    items = list(range(20))
    there = map_tasks(operator.neg, items, label="negation", scheduler=scheduler)
    assert there == map_tasks(operator.neg, items, label="negation")
    with pytest.raises(ValueError, match="task 2"):
        map_tasks(fail_at_two, [1, 2, 3], label="failing", scheduler=scheduler)


def test_a_cluster_without_workers_is_refused(monkeypatch):
    """Tasks that nobody would ever take are an error at once, not a wait without end."""
    from distributed import LocalCluster

    monkeypatch.setattr(schedule, "PATIENCE", 0.2)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster,
        pytest.raises(ConfigError, match="has no workers"),
    ):
        map_tasks(operator.neg, [1], label="negation", scheduler=cluster.scheduler_address)


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:1"])
def test_an_address_without_a_scheduler_is_refused(address, monkeypatch):
    monkeypatch.setattr(schedule, "PATIENCE", 0.2)
    with pytest.raises(ConfigError, match="cannot be reached") as caught:
        map_tasks(operator.neg, [1], label="negation", scheduler=address)
    assert address in str(caught.value)
    assert "\n" not in str(caught.value)


def test_dask_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'shiome\[dask\]'"):
        map_tasks(operator.neg, [1], label="negation", scheduler="tcp://127.0.0.1:1")


def test_nothing_of_dask_stays_behind(scheduler):
    """Whether a cluster was reached or not, later work of this process does not look for it."""
    import dask.base

    map_tasks(operator.neg, [1], label="negation", scheduler=scheduler)
    assert dask.base.get_scheduler() is None
