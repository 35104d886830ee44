"""Squares of sea floor, and the U-Net that mends what is wrong with them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.data.sources.bathymetry import open_basin
from shiome.nets.unet import UNet
from shiome.showcases.seafloor.learning import optimiser
from shiome.training.augmentation import Augmentation, Flip, Rotation
from shiome.training.fit import History
from shiome.training.supervised import InMemory, Validation, train

SIDE = 64
"""Cells along one side of the squares: 5.3° at 5 arc-minutes."""

Squares = npt.NDArray[np.float32]


class Lessons(Protocol):
    """Squares to learn from."""

    def shown(self) -> Squares:
        """(squares, SIDE, SIDE, channels) what the network sees."""
        ...

    def target(self) -> Squares:
        """(squares, SIDE, SIDE, 1) what it should answer."""
        ...


def draw_squares(names: tuple[str, ...], count: int, rng: np.random.Generator) -> Squares:
    """(count, SIDE, SIDE) heights in m at random places of basins; nine tenths or more are sea."""
    fields = [open_basin(name).values for name in names]
    found: list[Squares] = []
    while len(found) < count:
        field = fields[rng.integers(len(fields))]
        row, column = (rng.integers(0, size - SIDE + 1) for size in field.shape)
        square = field[row : row + SIDE, column : column + SIDE]
        if (square < 0).mean() > 0.9:
            found.append(square)
    return np.stack(found)


def least_squares(output: Array, target: Array) -> Float[Array, " batch"]:
    """Mean squared error of each square."""
    return jnp.square(output - target).mean((1, 2, 3))


def learn_squares(
    settings: Mapping[str, Any],
    lessons: Lessons,
    judge: Lessons,
    key: PRNGKeyArray,
    *,
    steps: int,
    advance: Callable[[], None] = lambda: None,
    checkpoint: Path | None = None,
) -> tuple[UNet, History]:
    """Train a U-Net on squares of the training basins.

    Parameters
    ----------
    settings
        Of the :class:`~shiome.nets.unet.UNet`.
    lessons, judge
        To learn from, and to choose the best by.
    key
        Random key.
    steps
        Of training.
    advance, checkpoint
        As of :func:`~shiome.training.fit.fit`.
    """
    start, run = jax.random.split(key)
    loss = InMemory(
        least_squares,
        jnp.asarray(lessons.shown()),
        jnp.asarray(lessons.target()),
        16,
        augment=Augmentation((Flip(), Rotation()), targets=True),
    )
    return train(
        UNet(**settings, key=start),
        loss,
        optimiser=optimiser(3e-3, steps),
        steps=steps,
        key=run,
        chunk=-(-steps // 8),
        validate=Validation(least_squares, judge.shown(), judge.target(), 32),
        advance=advance,
        checkpoint=checkpoint,
    )
