"""Whatever science code holds becomes valid JSON."""

import datetime
import json
import math
from enum import Enum
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiome.products.jsonable import plain, write_json


class Size(Enum):
    SMALL = "small"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int16(3), 3),
        (np.bool_(True), True),
        (float("nan"), None),
        (np.float64("inf"), None),
        (np.array([1.0, np.nan]), [1.0, None]),
        (jnp.arange(2), [0, 1]),
        (np.datetime64("1997-06"), "1997-06"),
        (np.datetime64("NaT"), None),
        (Path("a") / "b", "a/b"),
        (datetime.date(1997, 6, 1), "1997-06-01"),
        (Size.SMALL, "small"),
        ({1: (1, 2)}, {"1": [1, 2]}),
        ({"b", "a"}, ["a", "b"]),
        (None, None),
    ],
)
def test_plain_forms(value, expected):
    assert plain(value) == expected


def test_unknown_things_are_refused_by_name():
    with pytest.raises(TypeError, match="object"):
        plain(object())


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
trees = st.recursive(leaves, lambda t: st.lists(t) | st.dictionaries(st.text(), t), max_leaves=20)


@given(trees)
def test_every_tree_becomes_strict_json_and_is_then_stable(tree):
    once = plain(tree)
    text = json.dumps(once, allow_nan=False)
    assert plain(json.loads(text)) == once


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_finite_numbers_are_kept_exactly(value):
    assert plain(np.float64(value)) == value
    assert math.copysign(1, plain(value)) == math.copysign(1, value)


def test_written_keys_are_sorted(tmp_path):
    write_json({"b": 1, "a": {"d": 1, "c": 2}}, tmp_path / "x.json")
    text = (tmp_path / "x.json").read_text()
    assert text.index('"a"') < text.index('"b"')
    assert text.index('"c"') < text.index('"d"')
