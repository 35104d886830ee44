"""Networks that search whole images, one by one or together."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import equinox as eqx
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float

from shiome.nets.inference import outputs
from shiome.nets.layers import Images

BATCH = 16  # whole images at once


class View(NamedTuple):
    """Another look at the same images (time, row, column, ...), and what undoes it on maps."""

    look: Callable[[npt.NDArray], npt.NDArray]
    undo: Callable[[npt.NDArray], npt.NDArray]


class Searcher(Protocol):
    """A network that searches whole images."""

    @property
    def margin(self) -> int:
        """Columns that it sees beyond the first and the last of a world, in pixels."""
        ...

    @property
    def reduction(self) -> int:
        """Pixels along a point of its maps; divides the margin."""
        ...

    @property
    def views(self) -> Sequence[View]:
        """Looks at an image that show the same storms; the first is the image as it is."""
        ...

    def chances(self, x: Images) -> Float[Array, "batch rows columns"]:
        """How likely it is that a cyclone or precursor lies around each point, 0 to 1."""
        ...


class Machine(NamedTuple):
    """Members that search whole images together.

    Attributes
    ----------
    members
        Networks of one architecture.
    weight
        Of each member, with sum 1.
    periodic
        Whether the images go around the world.
    symmetric
        Whether the mean over all views is taken (test-time augmentation).
    """

    members: Sequence[Searcher]
    weight: Sequence[float]
    periodic: bool
    symmetric: bool = False

    def maps(
        self, images: Float[npt.NDArray, "time row column channels"]
    ) -> Float[npt.NDArray, "time rows columns"]:
        """How likely a cyclone or precursor is around every point.

        All members and views share one compiled program (two, where a turned image has other
        sides).
        """
        first = self.members[0]
        margin = first.margin if self.periodic else 0
        images = np.pad(images, ((0, 0), (0, 0), (margin, margin), (0, 0)), mode="wrap")
        views = first.views if self.symmetric else first.views[:1]
        total: npt.NDArray[Any] = np.zeros((1, 1, 1), np.float32)
        for view in views:
            seen = view.look(images)
            for member, weight in zip(self.members, self.weight, strict=True):
                said = outputs(Chances(member), seen, batch=BATCH)
                total = total + np.float32(weight / len(views)) * view.undo(said)
        cut = margin // first.reduction
        return total[:, :, cut : total.shape[2] - cut]


class Chances(eqx.Module):
    """What a member says, as a function of images."""

    member: Searcher

    def __call__(self, x: Images) -> Float[Array, "batch rows columns"]:
        """Map of whole images."""
        return self.member.chances(x)


def fitting(images: Float[npt.NDArray, "time row column channels"], multiple: int) -> npt.NDArray:
    """Images with clear sky added north and east until networks can divide their sides."""
    grow = [(-side) % multiple for side in images.shape[1:3]]
    if not any(grow):
        return images
    return np.pad(images, ((0, 0), (0, grow[0]), (0, grow[1]), (0, 0)))
