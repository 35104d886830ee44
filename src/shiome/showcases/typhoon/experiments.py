"""All rungs of the ladder, the ensemble and the baselines, searched over the same images."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import numpy.typing as npt
import pandas as pd
from jaxtyping import Float

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
EMPHASES = (0.0, 1.0)  # on failed clusters, of the first and the last member of an ensemble
SCORES = ("pod", "far", "average_precision", "precision_at_recall79")


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
        times = self.archive.images["time"].values
        at = np.concatenate([part_of(times, self.archive, p) for p in ("validation", "test")])
        made = machine.maps(shown(self.images[at], rung.channels))
        maps = np.zeros((len(times), *made.shape[1:]), np.float32)
        maps[at] = made
        return maps


class Row(NamedTuple):
    """One line of the ablation: a rung, its repetition, and what it reached."""

    name: str
    words: str
    seed: int
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
    patches: tuple[Centred, Searched]


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
        patches, members = _ladder(scene, seed, rows, advance)
        weight = skill_weights([m.score for m in members], 1.0).tolist()
        networks = [m.network for m in members]
        alone = rows[-1].found
        together = Machine(networks, weight, scene.periodic)
        for name, words, machine in (
            ("ensemble", "+ ensemble", together),
            ("tta", "+ test-time augmentation", together._replace(symmetric=True)),
        ):
            rows.append(Row(name, words, seed, scene.search(scene.maps(machine, ENSEMBLE))))
        if first is None:
            each = [alone, *(scene.alone(network) for network in networks[1:])]
            single = each[int(np.argmin([m.score for m in members]))]
            best = {"full": rows[-1].found, "single": single}
            first = Results(rows, best | baselines(scene), networks, weight, each, patches)
    assert first is not None
    return first


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


def _ladder(
    scene: Scene, seed: int, rows: list[Row], advance: Callable[[], None]
) -> tuple[tuple[Centred, Searched], list[Trained[Mapper]]]:
    """Train every rung, note what it reaches, and train the members of the ensemble."""
    config, scale = scene.config, scene.config.scale
    known, held = scene.examples.of("train"), scene.examples.of("validation")
    key = jax.random.fold_in(jax.random.key(config.seed), 1000 + seed)
    keep = Path(config.checkpoint) / f"seed{seed}" if config.checkpoint else None
    file = lambda name: keep / f"{name}.ckpt" if keep else None
    whole = partial(fit_whole, scale.whole, scene.archive, scene.images, advance=advance)
    patches: list[tuple[float, Centred, Searched]] = []
    members: list[Trained[Mapper]] = []
    for rung in LADDER:
        at = file(rung.name)
        if rung.whole:
            members.append(whole(key, checkpoint=at))
            found = scene.alone(members[0].network, rung)
        else:
            one = fit_rung(rung, scale, known, held, key, checkpoint=at, advance=advance)
            found = scene.alone(one.network, rung)
            patches.append((one.score, one.network, found))
        rows.append(Row(rung.name, rung.words, seed, found))
    # The last rung is the first member.
    for number, emphasis in enumerate(np.linspace(*EMPHASES, scale.members)[1:]):
        new, at = jax.random.fold_in(key, number), file(f"member{number}")
        members.append(whole(new, emphasis=float(emphasis), checkpoint=at))
    return min(patches, key=lambda one: one[0])[1:], members


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
