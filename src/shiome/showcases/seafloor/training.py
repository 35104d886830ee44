"""All trainings of the full size, one after another."""

from pathlib import Path
from typing import Any, NamedTuple

import jax

from shiome.core.progress import progress_bar
from shiome.showcases.seafloor.basins import FACTORS, TRAINING, VALIDATION
from shiome.showcases.seafloor.config import Config
from shiome.showcases.seafloor.inpaint import draw_charts, learn_inpainting
from shiome.showcases.seafloor.learning import ABLATION, FAMILIES, learn
from shiome.showcases.seafloor.shipped import BEST
from shiome.showcases.seafloor.texture import learn_texture

MEMBERS = 3
"""Trainings of the best network, from different starts."""
TEXTURE_STEPS, UNET_STEPS, SQUARES = 1000, 2000, 1000


class Task(NamedTuple):
    """One training: a network, a factor and a seed."""

    name: str
    factor: int
    seed: int


def tasks() -> list[Task]:
    """Trainings of all sharpeners."""
    made = [Task(name, factor, 0) for name in FAMILIES for factor in FACTORS]
    made += [Task(BEST, factor, seed) for factor in FACTORS for seed in range(1, MEMBERS)]
    return made + [Task(name, 4, 0) for name in ABLATION]


def everything(config: Config) -> dict[str, list[Any]]:
    """Train all networks anew; members by stem, as the shipped ones are.

    Parameters
    ----------
    config
        Its seed, and its folder of checkpoints.
    """
    folder = Path(config.checkpoints) if config.checkpoints else None
    file = lambda stem: None if folder is None else folder / f"{stem}.ckpt"
    key = jax.random.key(config.seed)
    networks: dict[str, list[Any]] = {}
    with progress_bar("trainings", len(tasks()) + len(FACTORS) + 1) as advance:
        for task in tasks():
            stem = f"{task.name}-x{task.factor}"
            network, _ = learn(
                task.name,
                task.factor,
                jax.random.fold_in(key, task.seed),
                checkpoint=file(f"{stem}-{task.seed}"),
            )
            networks.setdefault(stem, []).append(network)
            advance()
        for factor in FACTORS:
            start = networks[f"{BEST}-x{factor}"][0]
            network, _ = learn_texture(
                start, key, steps=TEXTURE_STEPS, checkpoint=file(f"texture-x{factor}")
            )
            networks[f"texture-x{factor}"] = [network]
            advance()
        charts = draw_charts(TRAINING, SQUARES, config.seed)
        judge = draw_charts((VALIDATION,), 64, config.seed)
        unet, _ = learn_inpainting(charts, judge, key, steps=UNET_STEPS, checkpoint=file("unet"))
        networks["unet"] = [unet]
        advance()
    return networks
