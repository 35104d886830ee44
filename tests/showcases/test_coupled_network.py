"""A network in the surface equation: where it starts, what it may see, when it helps."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from shiome.nets.mlp import MLP
from shiome.showcases.coupled.network import NetworkClosure, inner_years, with_network
from shiome.simulation.coupled import Coupled, CoupledSystem, fit_coupled
from tests.simulation.coupled.conftest import (  # noqa: F401
    climate,
    departures,
    fitted,
    record,
    system,
    training,
)


@pytest.fixture(scope="module")
def open_model(
    system: CoupledSystem,  # noqa: F811
    record: xr.DataArray,  # noqa: F811
    training: np.ndarray,  # noqa: F811
) -> Coupled:
    return fit_coupled(system, departures(record, training), training, closed=False)


def test_it_starts_with_what_was_there(fitted: Coupled) -> None:  # noqa: F811
    model, k = fitted.model, fitted.model.modes
    closure = NetworkClosure(model.closure, MLP(k + 3, k, width=4, key=jax.random.key(0)))
    for month in range(12):
        at = (jnp.asarray(fitted.state[month, :k]), jnp.asarray(0.3), jnp.asarray(month))
        np.testing.assert_array_equal(closure(*at), model.closure(*at))


def test_inner_years_are_two_blocks_of_training_years(fitted: Coupled) -> None:  # noqa: F811
    month = fitted.surface.month
    inner = inner_years(fitted.usable, month)
    assert not (inner & ~fitted.usable).any()
    years = np.unique(month[inner] // 12)
    assert len(years) == 6
    assert (np.diff(years) == 1).sum() == 4


def test_it_helps_theory_and_sees_training_years_alone(open_model: Coupled) -> None:
    """Lies about the withheld years change nothing."""
    month = open_model.surface.month
    inner = inner_years(open_model.usable, month)
    taught = with_network(open_model, inner, jax.random.key(0))
    assert taught.after < 0.95 * taught.before
    rows = ~open_model.usable
    lied = open_model.learned_from.copy()
    lied[rows] += 1.0
    surface = replace(open_model.surface, amplitude=np.where(rows[:, None], 9.0,
                      open_model.surface.amplitude))  # fmt: skip
    other = with_network(
        replace(open_model, learned_from=lied, surface=surface), inner, jax.random.key(0)
    )
    a, b = (x.fitted.model.closure.network.exit for x in (taught, other))
    np.testing.assert_array_equal(a, b)
    # what is left of a month is less than before, and so is the noise
    before, after = (np.asarray(m.model.noise) for m in (open_model, taught.fitted))
    k = open_model.model.modes
    assert (after[:, :k, :k] ** 2).sum() < (before[:, :k, :k] ** 2).sum()
    np.testing.assert_array_equal(after[:, k:, k:], before[:, k:, k:])


def test_where_nothing_is_better_nothing_changes(fitted: Coupled) -> None:  # noqa: F811
    """The model with its whole closure leaves nothing for thirty years to teach."""
    taught = with_network(
        fitted, inner_years(fitted.usable, fitted.surface.month), jax.random.key(0)
    )
    assert taught.fitted is fitted
    assert taught.after == taught.before
