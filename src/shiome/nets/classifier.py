"""What all classifiers share: features on a coarse grid, and a head that reads their mean."""

import abc

import equinox as eqx
from jaxtyping import Array, Float

from shiome.nets.layers import Dense, Images, check_images
from shiome.nets.running import INFERENCE, Run


class Classifier(eqx.Module):
    """A network from images to one logit per class.

    A family says how ``features`` are made. They are what :func:`shiome.explain.grad_cam` looks at.
    """

    exit: eqx.AbstractVar[Dense]
    channels: eqx.AbstractVar[int]
    reduction: eqx.AbstractVar[int]

    @abc.abstractmethod
    def features(self, x: Images, run: Run = INFERENCE) -> Images:
        """(batch, height / reduction, width / reduction, features) of the last layer before it."""

    def head(self, features: Images) -> Float[Array, "batch classes"]:
        """Logits from the mean of each feature over the image."""
        return self.exit(features.mean((1, 2)))

    def __call__(self, x: Images, run: Run = INFERENCE) -> Float[Array, "batch classes"]:
        """Logits of a batch.

        Raises
        ------
        DataError
            If the images have other channels, or are smaller than one point of the features.
        """
        check_images(x, self.channels)
        if min(x.shape[1:3]) < self.reduction:
            check_images(x, self.channels, self.reduction)
        return self.head(self.features(x, run))
