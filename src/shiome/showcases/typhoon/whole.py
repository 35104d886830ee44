"""Learning from whole images: every pixel is an example, near a storm or not.

What lies beside a storm and all the sea between storms teach too: the network learns where storms
are, and where none is.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pandas as pd
from jaxtyping import Array, Float, PRNGKeyArray
from scipy.special import entr, logit

from shiome.data.patches import tracks_at
from shiome.data.windows import ImageGrid
from shiome.nets.layers import Images
from shiome.nets.running import INFERENCE, Run
from shiome.nets.unet import UNet
from shiome.showcases.typhoon.archive import Archive
from shiome.showcases.typhoon.config import BLOCK, Extent
from shiome.showcases.typhoon.detector import BATCH, View
from shiome.showcases.typhoon.labels import CHANNELS, LAGS
from shiome.showcases.typhoon.score import PRECURSOR_DAYS, part_of
from shiome.showcases.typhoon.train import Trained
from shiome.training.augmentation import (
    Augmentation,
    Brightness,
    Change,
    Image,
    Noise,
    Roll,
    Shift,
)
from shiome.training.fit import muon
from shiome.training.supervised import InMemory, Validation, train

NEAR = 150.0  # km from a storm at which nearness is e^-1/2
RATE = 3e-3
VALIDATED = 120  # images at most, evenly in time, that a training is validated with
ALONE = 0.1  # share of examples that are shown without earlier images
# What pixels around a precursor weigh in addition to 1: there are few, and they are what one wants
# to know early.
EARLY = 2.0
AROUND = 250.0  # km from a precursor or a failed cluster at which that weight is e^-1/2 of it


class Mapper(eqx.Module):
    """A U-Net that says for every pixel how near a cyclone or precursor is.

    Attributes
    ----------
    network
        From images to one channel of logits.
    """

    network: UNet

    def __call__(self, x: Images, run: Run = INFERENCE) -> Float[Array, "batch height width"]:
        """Logits of a batch of whole images."""
        return self.network(x, run)[..., 0]

    @property
    def reduction(self) -> int:
        """Pixels along a point of the map: one."""
        return 1

    @property
    def margin(self) -> int:
        """Two points of the deepest level, beyond which it sees but hardly looks."""
        return 2 * self.network.multiple

    @property
    def views(self) -> Sequence[View]:
        """The image moved east by a few pixels, which blocks and halvings see as another one."""
        most = self.network.multiple
        return tuple(_moved(n * most // 5, most) for n in range(4))

    def chances(self, x: Images) -> Float[Array, "batch rows columns"]:
        """Nearness, 0 to 1."""
        return jax.nn.sigmoid(self(x))


class Forget(Change):
    """The earlier images are as the present one, in a share of the cases: as if there were none."""

    share: float = eqx.field(static=True)

    @property
    def moves(self) -> bool:
        return False

    def __call__(self, image: Image, key: PRNGKeyArray) -> Image:
        now = jnp.broadcast_to(image[..., :1], image[..., -len(LAGS) :].shape)
        alone = jnp.concatenate([image[..., : -len(LAGS)], now], axis=-1)
        return jnp.where(jax.random.bernoulli(key, self.share), alone, image)


# No flips and no turns: the world has a north.
AUGMENT = Augmentation(
    (Roll(), Shift(2), Noise(0.03), Brightness(0.03), Forget(ALONE)), targets=True
)


def architecture(extent: Extent, channels: int = CHANNELS) -> dict[str, Any]:
    """Settings of the U-Net."""
    return {
        "inner": channels,
        "outer": 1,
        "width": extent.width,
        "depth": extent.depth,
        "block": BLOCK,
    }


def targets(
    archive: Archive, steps: npt.NDArray[np.int64], shape: tuple[int, int], emphasis: float
) -> Float[npt.NDArray, "time row column two"]:
    """What is to be learned: nearness of cyclones and precursors, and the weight of each pixel.

    Parameters
    ----------
    archive
        Images and tracks.
    steps
        Which images.
    shape
        Rows and columns that the images were brought to; what was added has no weight.
    emphasis
        What pixels around failed clusters weigh in addition to 1.
    """
    grid = ImageGrid.of(archive.images)
    places = tracks_at(archive.images["time"].values[steps], archive.tracks, grid)
    storms = (places["label"] > 0) & (places["days_to_genesis"] <= PRECURSOR_DAYS)
    failed = places["hard_negative"]
    made = np.zeros((len(steps), *shape, 2), np.float32)
    inside = made[:, : grid.shape[0], : grid.shape[1]]
    inside[..., 0] = _nearness(places[storms], grid, len(steps), NEAR)
    inside[..., 1] = 1.0
    for which, weight in ((storms & (places["label"] == 1), EARLY), (failed, emphasis)):
        if weight:
            inside[..., 1] += weight * _nearness(places[which], grid, len(steps), AROUND)
    return made


def _nearness(
    places: pd.DataFrame, grid: ImageGrid, images: int, reach: float
) -> Float[npt.NDArray, "time row column"]:
    """Nearness of the nearest of some places: 1 where it is, e^-1/2 in ``reach`` km."""
    near = np.zeros((images, *grid.shape), np.float32)
    columns = (places[name].to_numpy() for name in ("step", "latitude", "longitude"))
    for step, latitude, longitude in zip(*columns, strict=True):
        apart = grid.world.distance(latitude, longitude, grid.latitude[:, None], grid.longitude)
        np.maximum(near[step], np.exp(-0.5 * (apart / reach) ** 2), out=near[step])
    return near


def train_steps(archive: Archive) -> npt.NDArray[np.int64]:
    """Images of the training: those before the validation, and before any storm that is in both."""
    times, first = archive.images["time"].values, archive.boundaries[0]
    began, ended = (getattr(archive.tracks.groupby("storm")["time"], f)() for f in ("min", "max"))
    both = (began < first) & (ended >= first)
    until = min(began[both].min(), first) if both.any() else first
    return np.flatnonzero(times < until)


def fit_whole(
    extent: Extent,
    archive: Archive,
    images: Float[npt.NDArray, "time row column channels"],
    key: PRNGKeyArray,
    *,
    emphasis: float = 0.0,
    checkpoint: Path | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Trained[Mapper]:
    """Train one network on whole images.

    Parameters
    ----------
    extent
        How much.
    archive, images
        Tracks; images as the networks see them, sides that the network can halve. Channels but
        the last, which are the earlier images, may be others than those of :mod:`.labels`.
    key
        Random key: start, batches and changes.
    emphasis
        As of :func:`targets`.
    checkpoint
        File from which an interrupted training goes on.
    advance
        Called after each chunk of steps.
    """
    start_key, train_key = jax.random.split(key)
    known = train_steps(archive)
    held = part_of(archive.images["time"].values, archive, "validation")
    held = held[:: -(-len(held) // VALIDATED)]
    shape = images.shape[1:3]
    taught, wanted = targets(archive, known, shape, emphasis), targets(archive, held, shape, 0.0)
    network, history = train(
        mapper(extent, float(taught[..., 0].mean()), start_key, images.shape[-1]),
        InMemory(
            weighted,
            jnp.asarray(images[: len(known)]),  # the training comes first
            jnp.asarray(taught),
            extent.batch,
            augment=AUGMENT,
        ),
        optimiser=muon(RATE, extent.steps),
        steps=extent.steps,
        chunk=extent.chunk,
        key=train_key,
        validate=Validation(weighted, images[held], wanted, BATCH),
        checkpoint=checkpoint,
        advance=advance,
    )
    near, weight = np.moveaxis(wanted, -1, 0)
    share = np.average(near, weights=weight)
    frequencies = weight.mean() * (entr(share) + entr(1 - share))
    return Trained(network, float(np.nanmin(history.validation) / frequencies))


def mapper(extent: Extent, share: float, key: PRNGKeyArray, channels: int = CHANNELS) -> Mapper:
    """An untrained network that says about the mean nearness ``share`` everywhere."""
    network = UNet(**architecture(extent, channels), key=key)
    bias = jnp.full(BLOCK**2, logit(share), jnp.float32)
    return Mapper(eqx.tree_at(lambda net: net.exit.bias, network, bias))


def weighted(
    logit: Float[Array, "batch height width"], target: Float[Array, "batch height width two"]
) -> Float[Array, " batch"]:
    """Cross entropy with the nearness, weighted by pixel."""
    near, weight = target[..., 0], target[..., 1]
    return (weight * (jnp.logaddexp(0.0, logit) - near * logit)).mean((1, 2))


def _moved(columns: int, most: int) -> View:
    """Clear sky on both sides, ``most`` columns in all."""
    beside = ((0, 0), (0, 0), (columns, most - columns), (0, 0))
    cut = lambda maps: maps[:, :, columns : maps.shape[2] - (most - columns)]
    return View(lambda images: np.pad(images, beside), cut)
