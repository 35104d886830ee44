"""Area means and interpolation between grids whose steps are multiples of each other."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from shiome.core.errors import ConfigError, DataError
from shiome.grids import conservative_average
from shiome.grids.coarsen import (
    INTERPOLATIONS,
    block_mean,
    coarsen,
    conserving,
    refine,
    split_centres,
)


def field(rows=16, columns=24, south=40.0, step=0.5, seed=0):
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    return xr.DataArray(
        values,
        {"latitude": south + step * np.arange(rows), "longitude": 10 + step * np.arange(columns)},
        ("latitude", "longitude"),
    )


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
def test_area_means_are_those_of_conservative_regridding(factor):
    fine = field()
    coarse = coarsen(fine, factor)
    target = coarse.latitude.values, coarse.longitude.values
    average = conservative_average((fine.latitude.values, fine.longitude.values), target)
    np.testing.assert_allclose(coarse, average(fine.values), atol=1e-4)


@given(st.sampled_from([2, 3, 4]), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_coarsening_keeps_the_integral(factor, rows, columns, seed):
    rng = np.random.default_rng(seed)
    fine, area = (
        rng.normal(size=(rows * factor, columns * factor)),
        rng.uniform(1, 2, rows * factor),
    )
    coarse = block_mean(fine, factor, area)
    of_blocks = area.reshape(rows, factor).sum(1)[:, None] * factor
    np.testing.assert_allclose((coarse * of_blocks).sum(), (fine * area[:, None]).sum())


@pytest.mark.parametrize("factor", [0, 3, 5, 32])
def test_a_factor_that_does_not_divide_is_refused(factor):
    with pytest.raises(DataError, match=f"16 × 24 cells .* factor of {factor}; expected a factor"):
        coarsen(field(), factor)


@pytest.mark.parametrize("method", INTERPOLATIONS)
@pytest.mark.parametrize("factor", [2, 4])
def test_interpolations_agree_at_centres_and_know_constants(method, factor):
    values = np.random.default_rng(0).normal(size=(3, 9, 12)).astype(np.float32)
    fine = refine(values, factor, method)
    assert fine.shape == (3, 9 * factor, 12 * factor)
    np.testing.assert_allclose(refine(np.full((9, 12), 7.0), factor, method), 7.0, rtol=1e-5)
    shifted = refine(values + 100, factor, method)
    np.testing.assert_allclose(shifted, fine + 100, atol=1e-3)


@pytest.mark.parametrize(
    ("method", "order"),
    [("bilinear", 1), ("bicubic", 2), ("spline", 3)],
)
def test_interpolations_are_exact_for_polynomials_of_their_order(method, order):
    x = np.arange(40.0)
    fine = split_centres(x, 4)
    coarse = np.broadcast_to(((x - 20) / 10) ** order, (40, 40))
    made = refine(coarse, 4, method)
    inner = slice(60, 100)
    expected = ((fine - 20) / 10) ** order
    np.testing.assert_allclose(made[inner, inner], np.tile(expected[inner], (40, 1)), atol=2e-3)


def test_an_unknown_interpolation_is_refused():
    with pytest.raises(ConfigError, match="'sinc'; expected one of nearest, bilinear"):
        refine(np.zeros((4, 4)), 2, "sinc")


def test_conserved_means_are_those_given():
    rng = np.random.default_rng(0)
    fine, coarse, area = rng.normal(size=(16, 24)), rng.normal(size=(4, 6)), rng.uniform(1, 2, 16)
    kept = np.asarray(conserving(fine, coarse, 4, area))
    np.testing.assert_allclose(block_mean(kept, 4, area), coarse, atol=1e-5)
    # What already agrees is left alone.
    np.testing.assert_allclose(conserving(kept, coarse, 4, area), kept, atol=1e-5)


def test_split_cells_have_their_middle_where_the_whole_cells_had_it():
    centres = np.arange(-10.0, 10.0, 0.25)
    np.testing.assert_allclose(split_centres(centres, 4).reshape(-1, 4).mean(1), centres)
