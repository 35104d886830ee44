"""A small synthetic hindcast with holes, as every test of this room sees it."""

from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr


class Hindcast(NamedTuple):
    fcst: xr.DataArray  # (start, lead, member)
    obs: xr.DataArray  # (start, lead)
    edges: xr.DataArray  # (start, lead, edge)
    years: xr.DataArray  # (start,)


def synthetic_hindcast(
    starts: int = 36, leads: int = 3, members: int = 5, seed: int = 0, holes: bool = True
) -> Hindcast:
    """Members and truth drawn alike around a predictable signal: a reliable ensemble."""
    random = np.random.default_rng(seed)
    coords = {"start": np.arange(starts), "lead": np.arange(1, leads + 1)}
    signal = random.standard_normal((starts, leads, 1))
    draws = signal + 0.7 * random.standard_normal((starts, leads, members + 1))
    fcst = xr.DataArray(draws[..., 1:], coords, ("start", "lead", "member"))
    obs = xr.DataArray(draws[..., 0], coords, ("start", "lead"))
    tercile = 0.4307 * np.sqrt(1 + 0.7**2)
    shift = 0.1 * random.standard_normal((starts, leads, 1))
    edges = xr.DataArray(np.array([-tercile, tercile]) + shift, coords, ("start", "lead", "edge"))
    if holes:
        obs[2, 1] = np.nan
        obs[-3:, 2] = np.nan
        fcst[5, 0, 1] = np.nan
    years = xr.DataArray(1990 + np.arange(starts) // 12, dims="start")
    return Hindcast(fcst, obs, edges, years)


@pytest.fixture
def hindcast() -> Hindcast:
    return synthetic_hindcast()
