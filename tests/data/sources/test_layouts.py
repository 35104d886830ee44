"""Every accepted layout of a file gives the same normalised field."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings

from shiome.data import open_sst
from tests.strategies import file_layouts, truth, write

TRUTH = truth()


def assert_same(field, expected, atol=0.006):
    assert field.dims == ("time", "latitude", "longitude")
    assert field.dtype == np.float32
    np.testing.assert_array_equal(field.time.values, expected.time.values)
    np.testing.assert_allclose(field.latitude, expected.latitude, atol=1e-5)
    np.testing.assert_allclose(field.longitude, expected.longitude, atol=1e-5)
    np.testing.assert_allclose(field.values, expected.values, atol=atol)


@settings(max_examples=60, deadline=None)
@given(layout=file_layouts())
def test_any_layout_gives_the_same_field(layout):
    with tempfile.TemporaryDirectory() as folder:
        opened = open_sst(write(TRUTH, layout, Path(folder)))
    assert_same(opened.field, TRUTH)
    assert opened.field.name == "sst"
    assert opened.field.attrs["units"] == "degC"
    assert (layout.units == "") == any("no units" in note for note in opened.notes)
