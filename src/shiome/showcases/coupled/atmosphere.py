"""Two-tier forecasts: the sea that the coupled model foresees drives an atmosphere.

The atmosphere is the JAX general circulation model ``jcm`` with the physics of SPEEDY on its T30
grid, the extra ``[gcm]``. Its own climatology of the sea is used, plus the anomalies foreseen;
land, ice and snow are climatological. Members differ by their sea and nothing else.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.grids.months import month_number, month_start
from shiome.simulation import ensemble
from shiome.simulation.coupled import Coupled

# Days from a resting, isothermal atmosphere before the first month counts.
SPIN_UP_DAYS = 20
# What is read of the model: its name there, and name, CF standard name, units and words here.
VARIABLES = (
    ("surface_flux.t0", "tas", "air_temperature", "K", "Air temperature near the surface"),
    ("surface_exchange.precipitation", "pr", "precipitation_flux", "kg m-2 s-1", "Precipitation"),
)
AXES = ("member", "time", "latitude", "longitude")


def predicted_sst(
    fitted: Coupled, template: xr.DataArray, start: int, members: int, months: int, key: jax.Array
) -> xr.DataArray:
    """Anomalies of surface temperature that the coupled model foresees.

    Parameters
    ----------
    fitted
        The model.
    template
        A field on the grid of the record that it was fitted to.
    start
        Position of the last observed month.
    members, months, key
        How many, how far, and the random key.

    Returns
    -------
    (member, time, latitude, longitude) in K, zero outside the model's belt; times are month starts.
    """
    first = int(fitted.surface.month[start])
    states = jnp.tile(jnp.asarray(fitted.state[start]), (members, 1))
    path = np.asarray(ensemble(fitted.model, states, first, months, key))
    field = fitted.surface.decode(path[..., : fitted.model.modes])
    time = month_start(first + 1 + np.arange(months))
    return xr.DataArray(
        field,
        {"time": time, "latitude": template["latitude"], "longitude": template["longitude"]},
        AXES,
        name="sst_anomaly",
        attrs={"units": "K", "standard_name": "sea_surface_temperature_anomaly"},
    )


def atmosphere_forecast(anomaly: xr.DataArray, *, spin_up: int = SPIN_UP_DAYS) -> xr.Dataset:
    """Monthly means of an atmosphere over a foreseen sea.

    Parameters
    ----------
    anomaly
        (member, time, latitude, longitude) anomalies of surface temperature in K, successive
        months; NaN counts as zero.
    spin_up
        Days before the first month, with the first month's sea.

    Returns
    -------
    ``tas`` (K) and ``pr`` (kg m-2 s-1), each (member, time, latitude, longitude), with CF names.

    Raises
    ------
    ConfigError
        Without the extra ``[gcm]``.
    DataError
        If the anomalies lack a dimension, or their months do not follow each other.
    """
    _model_package()
    if set(anomaly.dims) != set(AXES):
        raise DataError(f"the anomalies have dimensions {anomaly.dims}; expected {AXES}.")
    month = np.asarray(month_number(anomaly["time"].values))
    if (np.diff(month) != 1).any():
        raise DataError("the months of the anomalies have gaps; expected successive months.")
    model, forcing, grid = _atmosphere(np.datetime64(anomaly["time"].values[0], "D") - spin_up)
    onto = anomaly.interp(grid, kwargs={"fill_value": None}).fillna(0.0)
    onto = onto.transpose("member", "time", "longitude", "latitude")
    edges = month_start(np.append(month, month[-1] + 1)).astype("datetime64[D]")
    days = spin_up + int((edges[-1] - edges[0]).astype(int))
    members = []
    for sea in onto.values:
        run = model.run(
            forcing=_with_sea(forcing, sea, edges),
            save_interval=1.0,
            total_time=float(days),
            output_averages=True,
        )
        daily = run.to_xarray()[[name for name, *_ in VARIABLES]].isel(time=slice(spin_up, None))
        members.append(_monthly(daily, edges))
    out = xr.concat(members, "member").transpose(*AXES)
    return out.assign_coords(time=anomaly["time"].values)


def _model_package() -> Any:
    """The optional package, or one line on how to get it."""
    try:
        return import_module("jcm")
    except ImportError as error:
        raise ConfigError(
            "a forecast of the atmosphere needs the package jcm; install shiome[gcm]."
        ) from error


def _atmosphere(start: np.datetime64) -> tuple[Any, Any, dict[str, Any]]:
    """Model, climatological forcing, and the grid of both."""
    jcm = _model_package()
    files = Path(jcm.__file__).parent / "data" / "bc" / "t30" / "clim"
    coords = import_module("jcm.physics.speedy.speedy_coords").get_speedy_coords()
    terrain = import_module("jcm.terrain").TerrainData.from_file(files / "terrain.nc", coords)
    data = import_module("jcm.forcing").ForcingData
    forcing = data.from_file(files / "forcing.nc", coords=coords, align_mode="wrap_year")
    model = jcm.Model(coords=coords, terrain=terrain, start_time=str(start))
    with xr.open_dataset(files / "terrain.nc") as opened:
        grid = {"latitude": opened["lat"].values, "longitude": opened["lon"].values}
    return model, forcing, grid


def _with_sea(forcing: Any, anomaly: np.ndarray, edges: np.ndarray) -> Any:
    """The forcing plus anomalies (month, longitude, latitude), held over each month."""
    module = import_module("jcm.forcing")
    climatology = np.asarray(forcing.sea_surface_temperature.values)
    first = edges[0] - np.timedelta64(60, "D")
    days = np.arange(first, edges[-1] + 2)
    of_year = (days - days.astype("datetime64[Y]")).astype(int)
    which = np.clip(np.searchsorted(edges, days, side="right") - 1, 0, len(anomaly) - 1)
    sea = climatology[np.minimum(of_year, len(climatology) - 1)] + anomaly[which]
    series = module.make_time_series(sea.astype(np.float32), days, module.BY_DATE, persist="hold")
    return forcing.copy(sea_surface_temperature=series)


def _monthly(daily: xr.Dataset, edges: np.ndarray) -> xr.Dataset:
    """Means of each month of successive days, named as CF has it."""
    lengths = np.diff(edges).astype(int)
    number = xr.DataArray(np.repeat(np.arange(len(lengths)), lengths), dims="time", name="month")
    means = (
        daily.drop_vars("time")
        .groupby(number)
        .mean()
        .rename(month="time", lat="latitude", lon="longitude")
    )
    out = {}
    for theirs, name, standard, units, words in VARIABLES:
        out[name] = means[theirs].assign_attrs(
            standard_name=standard, units=units, long_name=words, cell_methods="time: mean"
        )
    return xr.Dataset(out, attrs={"Conventions": "CF-1.11", "source": "jcm (simulation)"})
