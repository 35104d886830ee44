import numpy as np
import pytest
import xarray as xr
from scipy.stats import linregress

from shiome.core import DataError
from shiome.explain import covariability

RANDOM = np.random.default_rng(3)


def ensemble(members: int = 60) -> tuple[xr.DataArray, xr.DataArray]:
    index = RANDOM.normal(size=members)
    noise = RANDOM.normal(size=(members, 2, 3))
    pattern = np.array([[1.0, 0.0, -2.0], [0.5, 0.0, 0.0]])
    fields = xr.DataArray(
        3.0 + index[:, None, None] * pattern + 0.5 * noise, dims=("member", "y", "x")
    )
    fields[:, 1, 2] = np.nan
    return fields, xr.DataArray(index, dims="member")


def test_equals_an_ordinary_regression_at_every_point() -> None:
    fields, index = ensemble()
    found = covariability(fields, index)
    for y, x in ((0, 0), (0, 1), (0, 2), (1, 0)):
        oracle = linregress(index.values, fields.values[:, y, x])
        point = found.isel(y=y, x=x)
        assert float(point["correlation"]) == pytest.approx(oracle.rvalue)
        assert float(point["regression"]) == pytest.approx(oracle.slope * index.values.std())
        assert float(point["p_value"]) == pytest.approx(oracle.pvalue, rel=1e-6)
    assert bool(found.isel(y=1, x=2).to_array().isnull().all())


def test_differences_between_models_are_no_covariability() -> None:
    fields, index = ensemble()
    model = xr.DataArray(np.arange(60) % 3, dims="member")
    shifted = covariability(fields + 10 * model, index + 5 * model, model=model)
    xr.testing.assert_allclose(shifted, covariability(fields, index, model=model))
    # Without the labels the models' means look like a strong common signal.
    naive = covariability(fields + 10 * model, index + 5 * model)
    assert float(naive["correlation"].isel(y=0, x=1)) > 0.9


def test_order_and_scale_of_the_members_do_not_matter() -> None:
    fields, index = ensemble()
    order = RANDOM.permutation(60)
    again = covariability(fields.isel(member=order), 7 * index.isel(member=order) - 2)
    xr.testing.assert_allclose(again, covariability(fields, index))


def test_too_few_members_or_a_constant_index_are_refused() -> None:
    fields, index = ensemble()
    with pytest.raises(DataError, match="three members more"):
        covariability(fields[:3], index[:3])
    with pytest.raises(DataError, match="same in all members"):
        covariability(fields, xr.full_like(index, 0.3))
