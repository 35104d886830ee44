"""All rungs of the ladder, the ensemble and the baselines, searched over the same images."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import jax
import numpy as np
import numpy.typing as npt
import pandas as pd
from jaxtyping import Float, PRNGKeyArray

from shiome.core.threads import side_by_side
from shiome.data.windows import ImageGrid
from shiome.showcases.typhoon.archive import Archive
from shiome.showcases.typhoon.baselines import feature_maps, logistic_map, threshold_maps
from shiome.showcases.typhoon.config import Config
from shiome.showcases.typhoon.detector import Machine, Searcher, fitting
from shiome.showcases.typhoon.labels import Examples, frames, shown
from shiome.showcases.typhoon.score import DAYS, Searched, enter_key, events, part_of, searched
from shiome.showcases.typhoon.train import LADDER, PIXEL, Rung, Trained, fit_rung
from shiome.showcases.typhoon.whole import Mapper, fit_whole
from shiome.showcases.typhoon.windows import Centred
from shiome.training.ensembles import skill_weights

ENSEMBLE = LADDER[-1]
# Name and words of what follows the ladder.
AFTER = (("ensemble", "+ ensemble"), ("tta", "+ test-time augmentation"))
EMPHASES = (0.0, 1.0)  # on failed clusters, of the first and the last member of an ensemble


class Scene(NamedTuple):
    """Everything that trainings and searches share.

    Attributes
    ----------
    config, archive
        What the user chose; images with truth.
    examples
        Labelled patches of all parts.
    images
        Whole images with their earlier frames, sides divisible.
    truth
        Cyclones and precursors of validation and test.
    """

    config: Config
    archive: Archive
    examples: Examples
    images: Float[npt.NDArray, "time row column channels"]
    truth: dict[str, pd.DataFrame]

    @property
    def periodic(self) -> bool:
        """Whether the images go around the world."""
        return ImageGrid.of(self.archive.images).periodic

    def search(self, maps: Float[npt.NDArray, "time rows columns"]) -> Searched:
        """Detections and scores of maps of all images."""
        key = enter_key(self.config.seed)
        return searched(maps, self.archive, self.truth, self.config, key)

    def alone(self, network: Searcher, rung: Rung = ENSEMBLE) -> Searched:
        """Detections and scores of one network."""
        return self.search(self.maps(Machine([network], [1.0], self.periodic), rung))

    def maps(self, machine: Machine, rung: Rung) -> Float[npt.NDArray, "time rows columns"]:
        """Maps of the images of validation and test; zeros elsewhere."""
        return held_maps(machine, self.images, self.archive, rung.channels)


def held_maps(
    machine: Machine,
    images: Float[npt.NDArray, "time row column channels"],
    archive: Archive,
    channels: int,
) -> Float[npt.NDArray, "time rows columns"]:
    """Maps of the images of validation and test, of which so many channels are shown."""
    times = archive.images["time"].values
    at = np.concatenate([part_of(times, archive, p) for p in ("validation", "test")])
    made = machine.maps(shown(images[at], channels))
    maps = np.zeros((len(times), *made.shape[1:]), np.float32)
    maps[at] = made
    return maps


class Row(NamedTuple):
    """One line of the ablation: a rung, its repetition, and what it reached."""

    name: str
    words: str
    seed: int
    found: Searched


class Taught(NamedTuple):
    """A network that was taught patches, its validation loss, and what it reached."""

    network: Centred
    score: float
    found: Searched


class Results(NamedTuple):
    """What was computed.

    Attributes
    ----------
    rows
        Rungs, ensemble and test-time augmentation, by seed.
    best
        Of the methods of the first seed: full (ensemble, test-time augmentation), single,
        threshold, area, logistic.
    members, weight, alone
        The ensemble of the first seed, and what each member reaches alone.
    patches
        The strongest network that was taught patches, of the first seed.
    """

    rows: list[Row]
    best: dict[str, Searched]
    members: list[Mapper]
    weight: list[float]
    alone: list[Searched]
    patches: Taught


def scene(config: Config, archive: Archive, examples: Examples) -> Scene:
    """Put together what is shared."""
    truth = {part: events(archive, part) for part in ("validation", "test")}
    images = fitting(frames(archive), config.scale.multiple)
    return Scene(config, archive, examples, images, truth)


def count(config: Config) -> int:
    """Chunks of steps of all trainings."""
    scale = config.scale
    chunks = lambda of: -(-of.steps // of.chunk)
    patches = sum(not rung.whole for rung in LADDER)
    return scale.seeds * (patches * chunks(scale) + scale.members * chunks(scale.whole))


def compare(scene: Scene, advance: Callable[[], None]) -> Results:
    """Climb the ladder for every seed, and search with the baselines."""
    rows: list[Row] = []
    first: Results | None = None
    for seed in range(scene.config.scale.seeds):
        patches, members = _trained(scene, seed, advance)
        weight = skill_weights([one.score for one in members], 1.0).tolist()
        networks = [one.network for one in members]
        alone = [scene.alone(network) for network in networks[: 1 if seed else None]]
        together = Machine(networks, weight, scene.periodic)
        several = (together, together._replace(symmetric=True))
        found = [scene.search(scene.maps(machine, ENSEMBLE)) for machine in several]
        # The first member is the last rung.
        steps = [*((rung.name, rung.words) for rung in LADDER), *AFTER]
        reached = [*(one.found for one in patches), alone[0], *found]
        rows += [Row(*step, seed, one) for step, one in zip(steps, reached, strict=True)]
        if first is None:
            single = alone[int(np.argmin([one.score for one in members]))]
            best = {"full": found[-1], "single": single} | baselines(scene)
            strongest = min(patches, key=lambda one: one.score)
            first = Results(rows, best, networks, weight, alone, strongest)
    assert first is not None
    return first


def _trained(
    scene: Scene, seed: int, advance: Callable[[], None]
) -> tuple[list[Taught], list[Trained[Mapper]]]:
    """The rungs of patches and the members of the ensemble, trained side by side.

    Programs are compiled on one core, and here are many.
    """
    stop = Event()

    def advanced() -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        advance()

    tasks: list[Callable[[], Any]] = [partial(_patches, scene, seed, advanced)]
    numbers = range(scene.config.scale.members)
    tasks += [partial(_member, scene, seed, number, advanced) for number in numbers]
    patches, *members = side_by_side(lambda task: task(), tasks, stop=stop)
    return patches, members


def baselines(scene: Scene) -> dict[str, Searched]:
    """The thresholds and the logistic regression."""
    archive, scale = scene.archive, scene.config.scale
    times, points = archive.images["time"].values, scale.reduction
    features = feature_maps(
        scene.images, pixel=PIXEL * scale.coarsen, points=points, periodic=scene.periodic
    )
    known = scene.examples.of("train")
    maps = threshold_maps(features) | {"logistic": logistic_map(features, known, times, points)}
    return {name: scene.search(m) for name, m in maps.items()}


def _patches(scene: Scene, seed: int, advance: Callable[[], None]) -> list[Taught]:
    """Train every rung that learns from patches, and search with it."""
    known, held = scene.examples.of("train"), scene.examples.of("validation")
    taught = []
    for rung in LADDER:
        if rung.whole:
            continue
        key, file = key_and_file(scene.config, seed, rung.name)
        one = fit_rung(rung, scene.config.scale, known, held, key, checkpoint=file, advance=advance)
        taught.append(Taught(one.network, one.score, scene.alone(one.network, rung)))
    return taught


def _member(scene: Scene, seed: int, number: int, advance: Callable[[], None]) -> Trained[Mapper]:
    """Train one member of the ensemble; the first is the last rung of the ladder."""
    scale = scene.config.scale
    key, file = key_and_file(scene.config, seed, f"member{number}")
    return fit_whole(
        scale.whole,
        scene.archive,
        scene.images,
        # The first starts as the ladder does.
        jax.random.fold_in(key, number - 1) if number else key,
        emphasis=float(np.linspace(*EMPHASES, scale.members)[number]),
        checkpoint=file,
        advance=advance,
    )


def key_and_file(config: Config, seed: int, name: str) -> tuple[PRNGKeyArray, Path | None]:
    """Key of all trainings of a seed, and the checkpoint of one of them."""
    key = jax.random.fold_in(jax.random.key(config.seed), 1000 + seed)
    if not config.checkpoint:
        return key, None
    return key, Path(config.checkpoint) / f"seed{seed}" / f"{name}.ckpt"


def reached(found: Searched) -> dict[str, float]:
    """The scores of one search by name."""
    value = found.scores.sel(estimate="value")
    numbers = {name: float(value[name]) for name in ("pod", "far", "average_precision")}
    numbers["precision_at_recall79"] = float(value["precision_at_recall"])
    for day in DAYS:
        recall = found.days["recall"].sel(estimate="value", day=day)
        numbers[f"recall.day{day:.0f}"] = float(recall)
    return numbers


def ablation(rows: list[Row]) -> pd.DataFrame:
    """Mean and range over seeds of every rung's scores, and of its gain on the rung before."""
    table = pd.DataFrame(
        [{"name": r.name, "words": r.words, "seed": r.seed} | reached(r.found) for r in rows]
    )
    scores = [c for c in table.columns if c not in ("name", "words", "seed")]
    lines, former = [], None
    for (name, words), part in table.groupby(["name", "words"], sort=False):
        values = part.set_index("seed")
        line: dict[str, str | float] = {"name": str(name), "words": str(words), "seeds": len(part)}
        for score in scores:
            one = values[score]
            line |= {score: one.mean(), f"{score}_low": one.min(), f"{score}_high": one.max()}
        gain = (
            values["average_precision"]
            - (values if former is None else former)["average_precision"]
        )
        line |= {"gain": gain.mean(), "gain_low": gain.min(), "gain_high": gain.max()}
        former = values
        lines.append(line)
    return pd.DataFrame(lines)
