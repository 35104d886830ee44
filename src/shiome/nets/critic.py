"""A network that judges small neighbourhoods of an image: real, or made by another network."""

from collections.abc import Sequence

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.nets.layers import Convolution, Images, check_images
from shiome.nets.rrdb import leaky
from shiome.nets.running import INFERENCE, Run


class PatchCritic(eqx.Module):
    """Convolutions of stride 2, then one logit per neighbourhood (after Isola et al. 2017).

    Every logit sees a part of the image alone, so that images of any size are judged by their
    texture. Kernels are 3×3 and nothing is normalised: relief has its scale already.

    Parameters
    ----------
    inner
        Channels of the image.
    widths
        Channels after each convolution; all but the first halve the sides.
    """

    layers: list[Convolution]
    exit: Convolution
    inner: int = eqx.field(static=True)

    def __init__(self, inner: int, *, widths: Sequence[int] = (32, 48, 64, 96), key: PRNGKeyArray):
        last, *keys = jax.random.split(key, 1 + len(widths))
        channels = [inner, *widths]
        self.layers = [
            Convolution(a, b, stride=2 if i else 1, key=k)
            for i, (a, b, k) in enumerate(zip(channels, widths, keys, strict=False))
        ]
        self.exit = Convolution(widths[-1], 1, key=last)
        self.inner = inner

    def __call__(self, x: Images, run: Run = INFERENCE) -> Float[Array, "batch h w 1"]:
        """Logits of a batch, larger for what seems real."""
        check_images(x, self.inner)
        for layer in self.layers:
            x = leaky(layer(x))
        return self.exit(x)
