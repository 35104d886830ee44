"""Seasons of the moist world as labelled images."""

from collections.abc import Iterator

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.core.errors import ConfigError, ModelError
from shiome.simulation.integrate import trajectory
from shiome.simulation.shallow_water.moist import (
    METRES_PER_DEGREE,
    MoistState,
    MoistWorld,
    kinetic_energy,
    vorticity,
)

WEST = 100.0
CHUNK_DAYS = 5
# CF standard name (where there is one), unit, words.
VARIABLES = {
    "olr": ("toa_outgoing_longwave_flux", "W m-2", "Outgoing longwave radiation"),
    "vorticity": ("atmosphere_relative_vorticity", "s-1", "Relative vorticity"),
    "wind_speed": ("wind_speed", "m s-1", "Wind speed"),
    "thickness": ("", "m", "Thickness of the moist layer"),
}


def outgoing_longwave(w: Float[Array, "y x"], scale: float) -> Float[Array, "y x"]:
    """Outgoing longwave radiation in W/m² under cloud water ``w`` (same unit as ``scale``)."""
    return 290.0 - 190.0 * (1.0 - jnp.exp(-w / scale))


def season(
    world: MoistWorld,
    days: int,
    key: PRNGKeyArray,
    every_hours: int = 6,
    *,
    start: str = "2001-06-01",
    spin_up: int = 15,
) -> xr.Dataset:
    """Run the world and keep its images; all of them in memory (:func:`season_chunks` streams).

    Parameters
    ----------
    world
        From :func:`~shiome.simulation.shallow_water.moist.moist_world`, of 1-hour steps.
    days
        Length of the run after the spin-up.
    key
        Random key; the same key gives the same season.
    every_hours
        Hours between images; a divisor of 24.
    start
        Date of the run, the first image comes ``every_hours`` later; its year is only a name.
    spin_up
        Days run before that and thrown away.

    Returns
    -------
    ``olr`` (W m-2), ``vorticity`` (s-1), ``wind_speed`` (m s-1) and ``thickness`` (m), float32,
    (time, latitude, longitude). The longitude is a label on a plane that repeats after
    ``longitude_period`` degrees.

    Raises
    ------
    ConfigError
        If ``every_hours`` does not divide a day, or a length is not positive.
    ModelError
        If the run leaves its range of validity.
    """
    chunks = season_chunks(world, days, key, every_hours, start=start, spin_up=spin_up)
    return xr.concat(list(chunks), "time", combine_attrs="override")


def season_chunks(
    world: MoistWorld,
    days: int,
    key: PRNGKeyArray,
    every_hours: int = 6,
    *,
    start: str = "2001-06-01",
    spin_up: int = 15,
) -> Iterator[xr.Dataset]:
    """As :func:`season`, a few days at a time, for runs longer than memory."""
    if every_hours < 1 or 24 % every_hours:
        raise ConfigError(f"images every {every_hours} hours; expected a divisor of 24.")
    if days < 1 or spin_up < 0:
        raise ConfigError(f"{days} days after {spin_up} of spin-up; expected at least 1 and 0.")
    date = pd.Timestamp(start)
    hour = (date - pd.Timestamp(date.year, 1, 1)) / pd.Timedelta(hours=1) - 24.0 * spin_up
    start_key, run_key = jax.random.split(key)
    state = world.start(hour, start_key)
    beginnings = [*range(-spin_up, 0, CHUNK_DAYS), *range(0, days, CHUNK_DAYS)]
    for day in beginnings:
        length = min(CHUNK_DAYS, (0 if day < 0 else days) - day)
        steps = 24 * length
        state, images = _advance(world, state, jnp.float32(hour), steps, every_hours, run_key)
        hour += steps
        run_key = jax.random.fold_in(run_key, length)
        if not np.isfinite(images["thickness"]).all():
            raise ModelError(f"the moist world has no finite state after day {day + length}.")
        if day >= 0:
            times = date + pd.to_timedelta(
                24 * day + np.arange(every_hours, steps + 1, every_hours), unit="h"
            )
            yield _labelled(world, images, times)


@eqx.filter_jit
def _advance(
    world: MoistWorld,
    state: MoistState,
    hour: Float[Array, ""],
    steps: int,
    every: int,
    key: PRNGKeyArray,
) -> tuple[MoistState, dict[str, Array]]:
    """The state after so many steps and the images on the way, (time, y, x) each."""

    def observe(state: MoistState) -> tuple[MoistState, dict[str, Array]]:
        return state, {
            "olr": outgoing_longwave(state.w, world.cloud_scale),
            "vorticity": vorticity(state, world.spacing),
            "wind_speed": jnp.sqrt(2 * kinetic_energy(state)),
            "thickness": world.depth + state.h,
        }

    states, images = trajectory(world, state, hour, steps, key, every=every, observe=observe)
    return jax.tree.map(lambda a: a[-1], states), images


def _labelled(world: MoistWorld, images: dict[str, Array], times: pd.DatetimeIndex) -> xr.Dataset:
    degrees = world.spacing / METRES_PER_DEGREE
    columns = world.sea.columns
    dims = ("time", "latitude", "longitude")
    fields = {}
    for name, (standard, unit, words) in VARIABLES.items():
        attrs = {"units": unit, "long_name": words}
        if standard:
            attrs["standard_name"] = standard
        fields[name] = (dims, np.asarray(images[name], np.float32), attrs)
    north = {"standard_name": "latitude", "units": "degrees_north"}
    east = {"standard_name": "longitude", "units": "degrees_east"}
    return xr.Dataset(
        fields,
        {
            "time": times.astype("datetime64[ns]"),
            "latitude": ("latitude", np.asarray(world.sea.latitude, np.float64), north),
            "longitude": ("longitude", WEST + degrees * (0.5 + np.arange(columns)), east),
        },
        {
            "Conventions": "CF-1.11",
            "title": "Synthetic season of a moist shallow-water world",
            "kind": "synthetic",
            "geometry": "beta-plane",
            "longitude_period": degrees * columns,
        },
    )
