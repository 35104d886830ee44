import threading

import pytest

from shiome.core.threads import side_by_side


def test_results_come_in_order():
    assert side_by_side(lambda x: x * x, range(7)) == [0, 1, 4, 9, 16, 25, 36]


def test_two_run_at_once():
    both = threading.Barrier(2, timeout=30)
    assert sorted(side_by_side(lambda _: both.wait(), range(2))) == [0, 1]


def test_an_error_is_raised_while_an_earlier_item_still_runs():
    begun, failed = [], threading.Event()

    def one(item):
        begun.append(item)
        if item == 1:
            failed.set()
            raise ValueError("the second")
        if item == 0:
            assert failed.wait(30)
        # Time for the error to be seen; without it a thousand items would be begun meanwhile.
        threading.Event().wait(0.01)
        return item

    with pytest.raises(ValueError, match="the second"):
        side_by_side(one, range(1000))
    assert len(begun) < 1000


def test_what_runs_long_is_told_to_stop():
    stop = threading.Event()

    def one(item):
        if item:
            raise ValueError("the second")
        assert stop.wait(30)

    with pytest.raises(ValueError, match="the second"):
        side_by_side(one, range(2), stop=stop)
