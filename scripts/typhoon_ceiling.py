"""How many precursors can be found at all? Typhoon eggs with more in sight than clouds.

    shiome run typhoon --size full --checkpoint FOLDER --out out/typhoon
    python scripts/typhoon_ceiling.py --size full --checkpoint FOLDER

Two U-Nets learn from the same **synthetic** seasons in the same way. One sees clouds: it is the
first member of the showcase's ensemble. The other also sees the true vorticity, thickness and wind
of the moment, all that the world consists of but moisture. Seasons and trainings of the run are
gone on from; the state, which a run does not keep, is simulated again.
"""

import argparse
from pathlib import Path

import jax
import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Float

from shiome.core.progress import progress_bar
from shiome.data.windows import ImageGrid
from shiome.showcases.typhoon.archive import Archive
from shiome.showcases.typhoon.config import Config
from shiome.showcases.typhoon.detector import Machine, fitting
from shiome.showcases.typhoon.experiments import held_maps, key_and_file
from shiome.showcases.typhoon.figures import precursor_table
from shiome.showcases.typhoon.labels import LAGS, frames
from shiome.showcases.typhoon.score import Searched, enter_key, events, searched
from shiome.showcases.typhoon.whole import Mapper, fit_whole
from shiome.showcases.typhoon.world import FIRST_SEED, kept, one_season, simulated
from shiome.simulation.shallow_water.moist import moist_world

# What is subtracted from each field that the second network sees (its mean where None), and what
# divides it.
STATE = {"vorticity": (0.0, 5e-5), "thickness": (None, 150.0), "wind_speed": (8.0, 8.0)}


def states(config: Config) -> Float[npt.NDArray, "time row column field"]:
    """The state at the times of all images, simulated unless the folder keeps it."""
    world, key = moist_world(), jax.random.key(FIRST_SEED + config.seed)
    parts, count = [], config.scale.seasons
    with progress_bar("states", count) as advance:
        for number in range(count):
            path = Path(config.checkpoint) / f"state{number:02d}.npy"
            if not path.exists():
                unfinished = path.with_suffix(".part.npy")
                np.save(unfinished, scaled(kept(one_season(world, number, key), config)))
                unfinished.replace(path)
            parts.append(np.load(path))
            advance()
    return np.concatenate(parts)


def scaled(run: xr.Dataset) -> Float[npt.NDArray, "time row column field"]:
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
    machine = Machine([network], [1.0], ImageGrid.of(archive.images).periodic)
    maps = held_maps(machine, images, archive, images.shape[-1])
    truth = {part: events(archive, part) for part in ("validation", "test")}
    return searched(maps, archive, truth, config, enter_key(config.seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", default="full", choices=("medium", "full"))
    parser.add_argument("--checkpoint", required=True, metavar="FOLDER")
    options = parser.parse_args()
    config = Config(size=options.size, checkpoint=options.checkpoint)
    archive = simulated(config)
    images = fitting(frames(archive), config.scale.multiple)
    found = {}
    for name, stem in (("clouds", "member0"), ("clouds and state", "state")):
        if stem == "state":
            state = fitting(states(config), config.scale.multiple)
            before = len(LAGS)  # channels, which come last
            images = np.concatenate([images[..., :-before], state, images[..., -before:]], axis=-1)
        key, file = key_and_file(config, 0, stem)
        network = fit_whole(config.scale.whole, archive, images, key, checkpoint=file).network
        found[name] = search(network, images, archive, config)
    print(precursor_table(found).to_string(index=False, float_format="%.3f"))


if __name__ == "__main__":
    main()
