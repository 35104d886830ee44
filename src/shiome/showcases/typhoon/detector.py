"""A network that was taught patches searches whole images: every window at once.

A window of patch size slides over the image. As the networks are convolutional, their features are
computed once for the whole image and not anew for every window, and each window weighs the evidence
of its features by their distance from its middle: the sliding window becomes one smooth mean.
"""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float

from shiome.nets.classifier import Classifier
from shiome.nets.inference import outputs
from shiome.nets.layers import Images
from shiome.nets.running import INFERENCE, Run

BATCH = 16  # whole images at once
REACH = 200.0  # km from the middle of a window at which evidence counts e^-1/2


class Centred(eqx.Module):
    """A classifier that weighs evidence by its distance from the middle of the patch.

    Where evidence counts alike all over a patch, its peak does not say where the storm is.

    Attributes
    ----------
    network
        Whose features are read.
    reach
        Standard deviation of the weights, in points of the image.
    """

    network: Classifier
    reach: float = eqx.field(static=True)

    def __call__(self, x: Images, run: Run = INFERENCE) -> Float[Array, "batch classes"]:
        """Logits of a batch of patches."""
        features = self.network.features(x, run)
        weight = _weights(features.shape[1], self.reach / self.network.reduction)
        return self.network.exit(jnp.einsum("nyxc,y,x->nc", features, weight, weight))

    def evidence(self, x: Images) -> Float[Array, "batch rows columns classes"]:
        """Logits of the window around each point of the features of whole images.

        The columns go around the world or not as the images are padded by the caller.
        """
        points = self.network.exit(self.network.features(x))
        sigma = self.reach / self.network.reduction
        half = int(np.ceil(3 * sigma))
        weight = _weights(2 * half + 1, sigma)
        wide = jnp.pad(points, ((0, 0), (half, half), (half, half), (0, 0)), mode="edge")
        rows = sum(w * wide[:, i : i + points.shape[1]] for i, w in enumerate(weight))
        return sum(w * rows[:, :, i : i + points.shape[2]] for i, w in enumerate(weight))


class Machine(NamedTuple):
    """Members that search whole images together.

    Attributes
    ----------
    members
        Networks taught patches, all of one architecture.
    weight
        Of each member, with sum 1.
    periodic
        Whether the images go around the world.
    symmetric
        Whether the mean over four quarter turns is taken (test-time augmentation). Mirror images
        are left out: a cyclone turns one way.
    """

    members: Sequence[Centred]
    weight: Sequence[float]
    periodic: bool
    symmetric: bool = False

    def maps(
        self, images: Float[npt.NDArray, "time row column channels"]
    ) -> Float[npt.NDArray, "time rows columns"]:
        """Probability of a cyclone or precursor around every point of the features.

        All members and turns share one compiled program (two, where images are not square).
        """
        reduction, reach = self.members[0].network.reduction, self.members[0].reach
        # As wide as a member's view.
        margin = reduction * int(np.ceil(8 * reach / reduction)) if self.periodic else 0
        images = np.pad(images, ((0, 0), (0, 0), (margin, margin), (0, 0)), mode="wrap")
        cut, turns = margin // reduction, range(4) if self.symmetric else range(1)
        total: npt.NDArray[np.float32] = np.zeros((1, 1, 1), np.float32)
        for turn in turns:
            turned = np.rot90(images, turn, (1, 2))
            for member, weight in zip(self.members, self.weight, strict=True):
                said = outputs(Chance(member), turned, batch=BATCH)
                total = total + weight / len(turns) * np.rot90(said, -turn, (1, 2))
        return total[:, :, cut : total.shape[2] - cut].astype(np.float32)


class Chance(eqx.Module):
    """Probability of a member that a window shows a cyclone or a precursor."""

    member: Centred

    def __call__(self, x: Images) -> Float[Array, "batch rows columns"]:
        """Map of whole images."""
        return 1.0 - jax.nn.softmax(self.member.evidence(x))[..., 0]


def fitting(images: Float[npt.NDArray, "time row column channels"], multiple: int) -> npt.NDArray:
    """Images with clear sky added north and east until networks can divide their sides."""
    grow = [(-side) % multiple for side in images.shape[1:3]]
    return np.pad(images, ((0, 0), (0, grow[0]), (0, grow[1]), (0, 0)))


def _weights(count: int, sigma: float) -> npt.NDArray[np.float32]:
    """Normal weights around the middle, with sum 1."""
    at = np.arange(count) - 0.5 * (count - 1)
    weight = np.exp(-0.5 * (at / sigma) ** 2)
    return (weight / weight.sum()).astype(np.float32)
