"""Seasons of the simulated world: images, and the truth by tracking."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import jax
import pandas as pd
import xarray as xr
from jaxtyping import PRNGKeyArray

from shiome.core.progress import progress_bar
from shiome.data import DataRecord
from shiome.data.tracking import Criteria, track
from shiome.showcases.typhoon.archive import Archive, cloudiness, read_season, write_season
from shiome.showcases.typhoon.config import Config
from shiome.simulation.shallow_water.moist import MoistWorld, moist_world
from shiome.simulation.shallow_water.season import season

FIRST_YEAR = 2001
BEGIN = "07-15"
DAYS = 90
# The seed 0 of the showcase is this one of the seasons.
FIRST_SEED = 2026
EVERY_HOURS = 6
SPIN_UP = 10  # days
IMAGE_HOURS = 12  # between the images that are kept
Fields = TypeVar("Fields", xr.DataArray, xr.Dataset)
SHIPPED = Path(__file__).parent / "files"

RECORD = DataRecord(
    id="typhoon-seasons",
    title="Seasons of a simulated moist shallow-water world",
    kind="synthetic",
    license="Apache-2.0",
    citation="Shiome, simulation/shallow_water/moist.py; after Bouchut et al. (2009), Phys. Fluids "
    "21, and Rostami and Zeitlin (2018), Q. J. R. Meteorol. Soc. 144.",
    description="Outgoing longwave radiation as cloudiness in 16 steps, and tracks of cyclones, "
    "precursors and failed clusters. Nothing in it was observed.",
)


def criteria(config: Config) -> Criteria:
    """What counts as a cyclone."""
    return Criteria(
        cyclone_vorticity=config.spin,
        wind=config.gale,
        warm_core=config.warm_core,
        lifetime=config.lifetime,
    )


def simulated(config: Config, world: MoistWorld | None = None) -> Archive:
    """Simulate all seasons, or go on from those that the checkpoint folder keeps.

    Parameters
    ----------
    config
        What the user chose.
    world
        Another world than the usual.
    """
    world = moist_world() if world is None else world
    key, count = jax.random.key(FIRST_SEED + config.seed), config.scale.seasons
    parts = []
    with progress_bar("seasons", count) as advance:
        for number in range(count):
            parts.append(_season(config, world, number, key))
            advance()
    return joined(parts, config.scale.held)


def shipped() -> Archive:
    """The seasons that ship with the package, to be searched once a day."""
    archive = joined([read_season(path) for path in sorted(SHIPPED.glob("season*.nc"))])
    return archive._replace(every=24 // IMAGE_HOURS)


def joined(parts: Sequence[tuple[xr.DataArray, pd.DataFrame]], held: int = 1) -> Archive:
    """Seasons one after the other: the last are for the test, those before for the validation.

    Parameters
    ----------
    parts
        Images and tracks of each season.
    held
        How many are for each of the two.
    """
    images = xr.concat([part for part, _ in parts], "time", combine_attrs="override")
    tracks = pd.concat([table for _, table in parts], ignore_index=True)
    validation, test = (parts[-n * held][0]["time"].values[0] for n in (2, 1))
    return Archive(images, tracks, (validation, test), RECORD)


def _season(
    config: Config, world: MoistWorld, number: int, key: PRNGKeyArray
) -> tuple[xr.DataArray, pd.DataFrame]:
    """One season, simulated and tracked unless it is kept already."""
    made = repr((config.seed, number, DAYS, _start(number), config.scale.coarsen, criteria(config)))
    path = Path(config.checkpoint) / f"season{number:02d}.nc" if config.checkpoint else None
    if path is not None and path.exists():
        return read_season(path, made)
    images, tracks = labelled(one_season(world, number, key), config, number)
    if path is not None:
        write_season(path, images, tracks, made)
    return images, tracks


def one_season(world: MoistWorld, number: int, key: PRNGKeyArray) -> xr.Dataset:
    """Simulate the season of a number: images as :func:`.season` gives them, of all times."""
    one = jax.random.fold_in(key, number)
    return season(world, DAYS, one, EVERY_HOURS, start=_start(number), spin_up=SPIN_UP)


def labelled(run: xr.Dataset, config: Config, number: int) -> tuple[xr.DataArray, pd.DataFrame]:
    """Images that are kept of a season, and the tracks found in it."""
    found = track(run, criteria(config))
    tracks = pd.concat([found.storms, found.failed], ignore_index=True)
    tracks["storm"] = f"{FIRST_YEAR + number}" + tracks["storm"]
    return cloudiness(kept(run["olr"].assign_attrs(run.attrs), config)), tracks


def kept(fields: Fields, config: Config) -> Fields:
    """Fields of a season (a data set or an array) as images are: fewer times, larger pixels."""
    side, each = config.scale.coarsen, IMAGE_HOURS // EVERY_HOURS
    later = fields.isel(time=slice(each - 1, None, each))
    return later.coarsen(latitude=side, longitude=side).mean(keep_attrs=True)


def _start(number: int) -> str:
    """First day of a season."""
    return f"{FIRST_YEAR + number}-{BEGIN}"
