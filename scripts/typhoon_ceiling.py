"""How many precursors can be found at all? Typhoon eggs with more in sight than clouds.

    python scripts/typhoon_ceiling.py --seasons 40 --keep FOLDER

Two U-Nets learn from the same **synthetic** seasons in the same way: one sees clouds, as in
``shiome run typhoon``; the other also the true vorticity, thickness and wind of the moment, all
that the world consists of but moisture. What the second does not find, hardly any image can tell.
"""

import argparse
from pathlib import Path

import jax
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from jaxtyping import Float

from shiome.core.progress import progress_bar
from shiome.data.windows import ImageGrid
from shiome.showcases.typhoon.archive import Archive, read_season, write_season
from shiome.showcases.typhoon.config import Config
from shiome.showcases.typhoon.detector import Machine, fitting
from shiome.showcases.typhoon.figures import precursor_table
from shiome.showcases.typhoon.labels import LAGS, frames
from shiome.showcases.typhoon.score import Searched, enter_key, events, part_of, searched
from shiome.showcases.typhoon.whole import Mapper, fit_whole
from shiome.showcases.typhoon.world import FIRST_SEED, joined, kept, labelled, one_season
from shiome.simulation.shallow_water.moist import moist_world

# What is subtracted from each field that the second network sees (its mean where None), and what
# divides it.
STATE = {"vorticity": (0.0, 5e-5), "thickness": (None, 150.0), "wind_speed": (8.0, 8.0)}


def seasons(
    config: Config, count: int, folder: Path
) -> tuple[list[tuple[xr.DataArray, pd.DataFrame]], Float[npt.NDArray, "time row column field"]]:
    """Images and tracks of each season, and the state of all; simulated unless in the folder."""
    world, key = moist_world(), jax.random.key(FIRST_SEED + config.seed)
    folder.mkdir(parents=True, exist_ok=True)
    parts, states = [], []
    with progress_bar("seasons", count) as advance:
        for number in range(count):
            path, state_path = (folder / f"{what}{number:02d}" for what in ("season", "state"))
            path, state_path = path.with_suffix(".nc"), state_path.with_suffix(".npy")
            if not (path.exists() and state_path.exists()):
                run = one_season(world, number, key)
                np.save(state_path, state(kept(run, config)))
                write_season(path, *labelled(run, config, number), made="")
            parts.append(read_season(path))
            states.append(np.load(state_path))
            advance()
    return parts, np.concatenate(states).astype(np.float32)


def state(run: xr.Dataset) -> Float[npt.NDArray, "time row column field"]:
    """Fields of a season of about the same size, in half precision."""
    fields = []
    for name, (middle, width) in STATE.items():
        field = run[name].values
        fields.append((field - (field.mean() if middle is None else middle)) / width)
    return np.stack(fields, axis=-1).astype(np.float16)


def search(
    network: Mapper,
    images: Float[npt.NDArray, "time row column channels"],
    archive: Archive,
    config: Config,
) -> Searched:
    """Detections and scores of one network."""
    periodic = ImageGrid.of(archive.images).periodic
    times = archive.images["time"].values
    at = np.concatenate([part_of(times, archive, part) for part in ("validation", "test")])
    maps = np.zeros(images.shape[:3], np.float32)
    maps[at] = Machine([network], [1.0], periodic).maps(images[at])
    truth = {part: events(archive, part) for part in ("validation", "test")}
    return searched(maps, archive, truth, config, enter_key(config.seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seasons", type=int, default=40)
    parser.add_argument("--held", type=int, default=3, help="for the validation, and for the test")
    parser.add_argument("--keep", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--size", default="medium", help="as of the showcase")
    options = parser.parse_args()
    config = Config(size=options.size)
    parts, fields = seasons(config, options.seasons, options.keep)
    archive = joined(parts, options.held)
    clouds = frames(archive)
    both = np.concatenate([clouds[..., : -len(LAGS)], fields, clouds[..., -len(LAGS) :]], axis=-1)
    found = {}
    for name, images in {"clouds": clouds, "clouds and state": both}.items():
        images = fitting(images, config.scale.multiple)
        extent, stem = config.scale.whole, name.replace(" ", "_")
        network, _ = fit_whole(
            extent,
            archive,
            images,
            jax.random.key(config.seed),
            checkpoint=options.keep / f"{stem}.ckpt",
        )
        found[name] = search(network, images, archive, config)
    print(precursor_table(found).to_string(index=False, float_format="%.3f"))
