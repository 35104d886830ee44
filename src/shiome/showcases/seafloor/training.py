"""All trainings behind the shipped weights, one after another."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax

from shiome.core.progress import progress_bar
from shiome.nets.sharpener import Sharpener
from shiome.nets.weights import save_weights
from shiome.showcases.seafloor import denoise, inpaint
from shiome.showcases.seafloor.basins import FACTORS, TRAINING, VALIDATION, basin
from shiome.showcases.seafloor.config import Config
from shiome.showcases.seafloor.evaluation import coverage90
from shiome.showcases.seafloor.learning import ABLATION, FAMILIES, find_recipe, learn
from shiome.showcases.seafloor.shipped import BEST
from shiome.showcases.seafloor.squares import learn_squares
from shiome.showcases.seafloor.texture import learn_texture

MEMBERS = 2
"""Trainings of the best network, from different starts."""
TEXTURE_STEPS, SQUARE_STEPS, SQUARES, JUDGES = 260, 400, 800, 96
"""Steps of the adversarial trainings and of the U-Nets; squares that teach and that choose."""
ABOUT = {"data": "ETOPO5, training basins; the validation basin chose"}


class Task(NamedTuple):
    """One training.

    Attributes
    ----------
    name
        A recipe, ``texture``, ``unet`` or ``denoiser``.
    factor
        How much finer; 0 for the U-Nets.
    seed
        Number of the member.
    """

    name: str
    factor: int = 0
    seed: int = 0

    @property
    def stem(self) -> str:
        """Of the file of weights that the network belongs to."""
        return f"{self.name}-x{self.factor}" if self.factor else self.name

    @property
    def built(self) -> tuple[str, Mapping[str, Any]]:
        """Family and settings that the network is built from."""
        if not self.factor:
            return "unet", (inpaint if self.name == "unet" else denoise).SETTINGS
        recipe = find_recipe(BEST if self.name == "texture" else self.name)
        return "sharpener", dict(recipe.settings) | {"factor": self.factor}


def tasks() -> list[Task]:
    """All of them; what begins from another network comes after it."""
    made = [Task(name, factor) for name in FAMILIES for factor in FACTORS]
    made += [Task(BEST, factor, seed) for factor in FACTORS for seed in range(1, MEMBERS)]
    made += [Task(name, 4) for name in ABLATION]
    return [*made, Task("texture", 4), Task("unet"), Task("denoiser")]


def everything(config: Config) -> dict[str, list[Any]]:
    """Train all networks anew; members by stem, as the shipped ones are.

    Parameters
    ----------
    config
        Its seed, and its folder of checkpoints.
    """
    folder = Path(config.checkpoints) if config.checkpoints else None
    networks: dict[str, list[Any]] = {}
    with progress_bar("trainings", len(tasks())) as advance:
        for task in tasks():
            network = trained(task, config.seed, folder, networks)
            networks.setdefault(task.stem, []).append(network)
            advance()
    return {
        stem: covering(members) if len(members) > 1 else members
        for stem, members in networks.items()
    }


def keep(networks: Mapping[str, Sequence[Any]], folder: Path) -> None:
    """Write networks as they ship, one file per stem.

    Values are rounded to half precision with five binary digits behind the leading one.
    """
    built = {task.stem: task.built for task in tasks()}
    for stem, members in networks.items():
        family, settings = built[stem]
        save_weights(
            folder / f"{stem}.eqx", members, family=family, settings=settings, about=ABOUT,
            half=True, digits=5,
        )  # fmt: skip


def trained(
    task: Task,
    seed: int,
    folder: Path | None,
    others: Mapping[str, Sequence[Any]],
    advance: Callable[[], None] = lambda: None,
) -> Any:
    """One network.

    Parameters
    ----------
    task
        Which.
    seed
        Of all trainings.
    folder
        Where checkpoints are kept, from which an interrupted training goes on.
    others
        Networks that are there already: adversarial trainings begin from the best one.
    advance
        Called now and then.
    """
    key = jax.random.fold_in(jax.random.key(seed), task.seed)
    checkpoint = None if folder is None else folder / f"{task.stem}-{task.seed}.ckpt"
    course: dict[str, Any] = {"advance": advance, "checkpoint": checkpoint}
    if task.name == "texture":
        start = others[f"{BEST}-x{task.factor}"][0]
        return learn_texture(start, key, steps=TEXTURE_STEPS, **course)[0]
    if task.factor:
        return learn(task.name, task.factor, key, **course)[0]
    draw = inpaint.draw_charts if task.name == "unet" else denoise.draw_surveys
    lessons, judge = draw(TRAINING, SQUARES, seed), draw((VALIDATION,), JUDGES, seed)
    settings = task.built[1]
    return learn_squares(settings, lessons, judge, key, steps=SQUARE_STEPS, **course)[0]


def covering(members: Sequence[Sharpener], level: float = 0.9) -> list[Sharpener]:
    """An ensemble whose 90 % interval holds that share of the validation basin."""
    judge = basin(VALIDATION, members[0].factor)
    scaled = list(members)
    for _ in range(12):  # the members' own spread does not scale: approach the goal
        grow = 1 - 2 * (coverage90(scaled, [judge]) - level)
        scaled = [eqx.tree_at(lambda n: n.spread, m, m.spread * grow) for m in scaled]
    return scaled
