"""The ladder from a plain classifier on: each rung adds one thing to the one before."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import PRNGKeyArray

from shiome.data.patches import LABELS
from shiome.nets.weights import FAMILIES
from shiome.showcases.typhoon.config import Scale
from shiome.showcases.typhoon.detector import Searcher
from shiome.showcases.typhoon.labels import CHANNELS, GROUPS, Examples, shown
from shiome.showcases.typhoon.windows import REACH, Centred
from shiome.training.augmentation import Augmentation, Brightness, Noise, Rotation, Shift
from shiome.training.losses import class_weights, cross_entropy, focal
from shiome.training.sampling import Mixture
from shiome.training.supervised import InMemory, Validation, train

Network = TypeVar("Network", bound=Searcher)
CLASSES = len(LABELS)
RATE = 3e-3
PIXEL = 25.0  # km of a cell of the simulated world
# Share of failed clusters in a batch at the end of training, where hard negatives are asked for.
HARD_SHARE = 0.4
HARD_FROM = 500  # step from which the share stays
VALIDATED = 1000  # examples at most, evenly in time, that a training is validated with
# No flips: a cyclone turns one way.
AUGMENT = Augmentation((Rotation(), Shift(1), Noise(0.03), Brightness(0.03)))


@dataclass(frozen=True)
class Rung:
    """What a training does; each rung of :data:`LADDER` adds to the one before.

    Attributes
    ----------
    name, words
        Short, and for people.
    augment, balance, hard, focal, wide
        What is done with patches.
    channels
        How many of the channels the network sees: the image; its latitude; the images before.
    whole
        Whether a U-Net learns from whole images instead (:mod:`.whole`).
    """

    name: str
    words: str
    augment: bool = False
    balance: bool = False
    hard: bool = False
    focal: bool = False
    wide: bool = False
    channels: int = 1
    whole: bool = False


_ALL = {"augment": True, "balance": True, "hard": True, "focal": True, "wide": True}
LADDER = (
    Rung("plain", "plain CNN"),
    Rung("augmentation", "+ augmentation", augment=True),
    Rung("sampling", "+ balanced sampling", augment=True, balance=True),
    Rung("hard_negatives", "+ hard negatives", augment=True, balance=True, hard=True),
    Rung("focal", "+ focal loss", augment=True, balance=True, hard=True, focal=True),
    Rung("wide", "+ wide ResNet", **_ALL),
    Rung("frames", "+ latitude and earlier images", **_ALL, channels=CHANNELS),
    Rung("whole", "+ whole images (U-Net)", channels=CHANNELS, whole=True),
)


class Trained(NamedTuple, Generic[Network]):
    """A trained network and its validation loss as a share of that of knowing frequencies only."""

    network: Network
    score: float


def architecture(rung: Rung, scale: Scale) -> tuple[str, dict[str, Any]]:
    """Family and settings of a rung's network."""
    common = {"channels": CHANNELS, "classes": CLASSES}
    if rung.wide:
        stages = [scale.blocks] * scale.stages
        return "resnet", {**common, "stages": stages, "width": scale.width * scale.wide}
    return "cnn", {**common, "widths": [scale.width * 2**i for i in range(scale.stages)]}


def shares(group: np.ndarray, rung: Rung) -> Mixture:
    """How batches are mixed from the groups: as they come, balanced, or with hard negatives."""
    groups = [np.flatnonzero(group == number) for number in range(len(GROUPS))]
    natural = np.array([len(g) for g in groups], np.float64)
    first = natural / natural.sum()
    if rung.balance:
        other = natural[:2] / natural[:2].sum()
        first = np.array([*other / 3, 1 / 3, 1 / 3])
    later = first
    if rung.hard and natural[1]:
        later = np.array([0.1, HARD_SHARE, *[(0.9 - HARD_SHARE) / 2] * 2])
    empty = natural == 0
    at_first, at_last = (np.where(empty, 0.0, share).tolist() for share in (first, later))
    return Mixture(groups, at_first, later=at_last, over=HARD_FROM)


def fit_rung(
    rung: Rung,
    scale: Scale,
    known: Examples,
    held: Examples,
    key: PRNGKeyArray,
    *,
    checkpoint: Path | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Trained[Centred]:
    """Train one network.

    Parameters
    ----------
    rung, scale
        What is done, and how much.
    known, held
        Examples of training and validation.
    key
        Random key: start, batches and changes.
    checkpoint
        File from which an interrupted training goes on.
    advance
        Called after each chunk of steps.
    """
    start_key, train_key = jax.random.split(key)
    family, settings = architecture(rung, scale)
    network = Centred(FAMILIES[family](**settings, key=start_key), REACH / (PIXEL * scale.coarsen))
    loss = InMemory(
        _error(rung.focal),
        jnp.asarray(shown(known.inputs, rung.channels)),
        jnp.asarray(known.label),
        scale.batch,
        shares(known.group, rung),
        AUGMENT if rung.augment else None,
    )
    every = -(-len(held.label) // VALIDATED)
    inputs, label = shown(held.inputs[::every], rung.channels), held.label[::every]
    balanced = partial(cross_entropy, weight=jnp.asarray(class_weights(label, CLASSES)))
    network, history = train(
        network,
        loss,
        optimiser=_optimiser(scale.steps),
        steps=scale.steps,
        chunk=scale.chunk,
        key=train_key,
        validate=Validation(balanced, inputs, label),
        checkpoint=checkpoint,
        advance=advance,
    )
    return Trained(network, float(np.nanmin(history.validation) / np.log(CLASSES)))


@cache
def _optimiser(steps: int) -> optax.GradientTransformation:
    schedule = optax.warmup_cosine_decay_schedule(0.0, RATE, max(steps // 20, 1), steps, RATE / 300)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-3))


@cache
def _error(faded: bool) -> Any:
    """The same function each time, so that it is compiled once."""
    return focal if faded else cross_entropy
