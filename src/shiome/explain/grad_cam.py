"""Grad-CAM: where in the image a classifier saw what speaks for a class."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from shiome.nets.classifier import Classifier


def grad_cam(
    network: Classifier, images: Float[Array, "batch height width channels"], label: Int[Array, ""]
) -> Float[Array, "batch height width"]:
    """Map of the evidence for a class, from 0 to 1 in each image; zero where there is none.

    The last features are added up with their gradients' means as weights, what speaks against the
    class is left out, and the map is interpolated to the points of the image.

    Parameters
    ----------
    network
        Any classifier of :mod:`shiome.nets`.
    images
        To explain.
    label
        Class, or (batch,) one per image.

    References
    ----------
    Selvaraju et al. (2017): Grad-CAM, equations 1 and 2.
    """
    features = network.features(images)
    which = jnp.broadcast_to(jnp.asarray(label), len(images))[:, None]
    # Each image's logit depends on its own features alone.
    logit = lambda f: jnp.take_along_axis(network.head(f), which, axis=1).sum()
    weight = jax.grad(logit)(features).mean((1, 2), keepdims=True)
    coarse = jnp.maximum((weight * features).sum(-1), 0)
    fine = jax.image.resize(coarse, images.shape[:3], "linear")
    most = fine.max((1, 2), keepdims=True)
    return fine / jnp.where(most > 0, most, 1)
