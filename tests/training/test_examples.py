import numpy as np
import pytest

from shiome.core.errors import DataError
from shiome.training.examples import check_examples
from tests.training.patterns import discs

X, Y, _ = discs(20)
HOLE = X.copy()
HOLE[7, 3, 3] = np.nan


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (X[:0], Y[:0], "validation split is empty"),
        (X[:, :10], Y, r"patches of shape \(10, 12, 1\); expected \(12, 12, 1\)"),
        (X, Y[:19], r"labels of shape \(19,\) for 20 patches"),
        (HOLE, Y, "patch 7 holds values that are not finite"),
        (X, Y + 1, "labels 1 … 2 .*; expected integers 0 … 1"),
        (X, Y.astype(float), "float64.*expected integers"),
        (X, Y * 0, "all 20 patches are of class 0"),
    ],
)
def test_examples_that_cannot_be_learned_from_are_refused(x, y, said):
    with pytest.raises(DataError, match=said) as refused:
        check_examples(x, y, shape=(12, 12, 1), classes=2, name="validation")
    assert "\n" not in str(refused.value)


def test_good_examples_pass():
    check_examples(X, Y, shape=(12, 12, 1), classes=2)
