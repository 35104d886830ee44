"""The test of flat ranks holds its size when the starts of a year share their errors."""

import jax
import numpy as np
import xarray as xr

from shiome.showcases.coupled.reliability import GROUPS, Flatness, flatness, rank_table


def drawn(seed: int, spread: float, shared: float) -> Flatness:
    """Thirty years of twelve starts and two leads; errors of unit size, partly one for a year."""
    rng = np.random.default_rng(seed)
    year = np.repeat(np.arange(30), 12)
    own = rng.normal(size=(360, 2))
    together = np.repeat(rng.normal(size=(30, 1)), 12, axis=0)
    obs = np.sqrt(1 - shared) * own + np.sqrt(shared) * together
    members = spread * rng.normal(size=(360, 2, 20))
    axes = {"start": np.arange(360), "lead": [1, 2]}
    return flatness(
        xr.DataArray(members, axes, ("start", "lead", "member")),
        xr.DataArray(obs, axes, ("start", "lead")),
        xr.DataArray(year, {"start": axes["start"]}, "start"),
        jax.random.key(seed),
    )


def test_reliable_members_are_seldom_refused_although_years_cluster() -> None:
    refused = np.mean([drawn(seed, 1.0, 0.8).p_value < 0.1 for seed in range(40)])
    assert refused < 0.25
    inside = [
        np.abs(t.share - t.expected) < t.margin for t in (drawn(s, 1.0, 0.8) for s in range(20))
    ]
    assert np.mean(inside) > 0.75


def test_narrow_members_are_refused() -> None:
    found = drawn(0, 0.4, 0.3)
    assert found.p_value < 0.01
    assert found.share[[0, -1]].min() > found.expected[0] + found.margin[0]


def test_margins_grow_where_years_cluster() -> None:
    assert drawn(1, 1.0, 0.8).margin.mean() > 1.3 * drawn(1, 1.0, 0.0).margin.mean()


def test_table_has_a_row_for_each_group() -> None:
    table = rank_table({"blend": drawn(2, 1.0, 0.0)})
    assert len(table) == GROUPS
    assert np.isclose(table["blend"].sum(), 1.0)
