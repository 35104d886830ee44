"""Plain convolutional classifiers: convolution, normalisation, activation, pooling, again."""

from collections.abc import Sequence

import equinox as eqx
import jax
from jaxtyping import PRNGKeyArray

from shiome.nets.classifier import Classifier
from shiome.nets.layers import BatchNorm, Convolution, Dense, Images, find_activation, max_pool
from shiome.nets.running import INFERENCE, Activation, Run


class CNN(Classifier):
    """One 3×3 convolution per width, each but the last followed by 2×2 pooling.

    Parameters
    ----------
    channels, classes
        Of the images, and to tell apart.
    widths
        Channels of each convolution.
    activation
        A name in :data:`shiome.nets.layers.ACTIVATIONS`.
    """

    convolutions: list[Convolution]
    norms: list[BatchNorm]
    exit: Dense
    channels: int = eqx.field(static=True)
    reduction: int = eqx.field(static=True)
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        widths: Sequence[int] = (16, 32, 64),
        activation: str = "relu",
        key: PRNGKeyArray,
    ):
        last, *keys = jax.random.split(key, 1 + len(widths))
        inner = [channels, *widths[:-1]]
        self.convolutions = [
            Convolution(a, b, bias=False, key=k)
            for a, b, k in zip(inner, widths, keys, strict=True)
        ]
        self.norms = [BatchNorm(width) for width in widths]
        self.exit = Dense(widths[-1], classes, key=last)
        self.channels, self.reduction = channels, 2 ** (len(widths) - 1)
        self.activation = find_activation(activation)

    def features(self, x: Images, run: Run = INFERENCE) -> Images:
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = max_pool(x) if i else x
            x = self.activation(norm(convolution(x), run), run)
        return x
