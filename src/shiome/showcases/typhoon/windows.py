"""A network that was taught patches searches whole images: every window at once.

A window of patch size slides over the image. As the networks are convolutional, their features are
computed once for the whole image and not anew for every window, and each window weighs the evidence
of its features by their distance from its middle: the sliding window becomes one smooth mean.
"""

from collections.abc import Sequence
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float

from shiome.nets.classifier import Classifier
from shiome.nets.layers import Images
from shiome.nets.running import INFERENCE, Run
from shiome.showcases.typhoon.detector import View

REACH = 200.0  # km from the middle of a window at which evidence counts e^-1/2
# Quarter turns. Mirror images are left out: a cyclone turns one way.
TURNS = tuple(
    View(partial(np.rot90, k=k, axes=(1, 2)), partial(np.rot90, k=-k, axes=(1, 2)))
    for k in range(4)
)


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

    @property
    def reduction(self) -> int:
        """Pixels along a point of the features."""
        return self.network.reduction

    @property
    def margin(self) -> int:
        """As wide as a window's view."""
        return self.reduction * int(np.ceil(8 * self.reach / self.reduction))

    @property
    def views(self) -> Sequence[View]:
        """Four quarter turns."""
        return TURNS

    def chances(self, x: Images) -> Float[Array, "batch rows columns"]:
        """Probability that the window around each point shows a cyclone or a precursor."""
        return 1.0 - jax.nn.softmax(self.evidence(x))[..., 0]

    def evidence(self, x: Images) -> Float[Array, "batch rows columns classes"]:
        """Logits of the window around each point of the features of whole images."""
        points = self.network.exit(self.network.features(x))
        sigma = self.reach / self.network.reduction
        half = int(np.ceil(3 * sigma))
        weight = _weights(2 * half + 1, sigma)
        wide = jnp.pad(points, ((0, 0), (half, half), (half, half), (0, 0)), mode="edge")
        rows = sum(w * wide[:, i : i + points.shape[1]] for i, w in enumerate(weight))
        return sum(w * rows[:, :, i : i + points.shape[2]] for i, w in enumerate(weight))


def _weights(count: int, sigma: float) -> npt.NDArray[np.float32]:
    """Normal weights around the middle, with sum 1."""
    at = np.arange(count) - 0.5 * (count - 1)
    weight = np.exp(-0.5 * (at / sigma) ** 2)
    return (weight / weight.sum()).astype(np.float32)
