"""Augmentation: the same image as it might also have been, drawn on the device by key."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

Image = Float[Array, "height width channels"]


def symmetry(image: Image, number: Any) -> Image:
    """One of the eight symmetries of the square: ``number % 4`` quarter turns, then a flip from 4.

    Parameters
    ----------
    image
        With equal sides.
    number
        0 … 7; may be traced.
    """
    turned = jax.lax.switch(number % 4, [lambda x, k=k: jnp.rot90(x, k) for k in range(4)], image)
    return jnp.where(number >= 4, turned[:, ::-1], turned)


class Change(eqx.Module):
    """One random change of one image."""

    @property
    @abc.abstractmethod
    def moves(self) -> bool:
        """Whether it moves points: a target that is an image then moves with it."""

    @abc.abstractmethod
    def __call__(self, image: Image, key: PRNGKeyArray) -> Image:
        """Image after the change."""


class Flip(Change):
    """Left and right, and upside down, each in half of the cases."""

    @property
    def moves(self) -> bool:
        return True

    def __call__(self, image: Image, key: PRNGKeyArray) -> Image:
        across, down = jax.random.bernoulli(key, shape=(2,))
        image = jnp.where(across, image[:, ::-1], image)
        return jnp.where(down, image[::-1], image)


class Rotation(Change):
    """None to three quarter turns of an image with equal sides."""

    @property
    def moves(self) -> bool:
        return True

    def __call__(self, image: Image, key: PRNGKeyArray) -> Image:
        return symmetry(image, jax.random.randint(key, (), 0, 4))


class Shift(Change):
    """A move by up to ``points`` in each direction; edge values fill what opens."""

    points: int = eqx.field(static=True)

    @property
    def moves(self) -> bool:
        return True

    def __call__(self, image: Image, key: PRNGKeyArray) -> Image:
        wide = jnp.pad(image, ((self.points,) * 2, (self.points,) * 2, (0, 0)), mode="edge")
        start = jax.random.randint(key, (2,), 0, 2 * self.points + 1)
        return jax.lax.dynamic_slice(wide, (start[0], start[1], 0), image.shape)


class Roll(Change):
    """A move east around the world: columns that leave on one side enter on the other."""

    @property
    def moves(self) -> bool:
        return True

    def __call__(self, image: Image, key: PRNGKeyArray) -> Image:
        return jnp.roll(image, jax.random.randint(key, (), 0, image.shape[1]), axis=1)


class Noise(Change):
    """Independent normal noise at every point, in units of the image."""

    spread: float = eqx.field(static=True)

    @property
    def moves(self) -> bool:
        return False

    def __call__(self, image: Image, key: PRNGKeyArray) -> Image:
        return image + self.spread * jax.random.normal(key, image.shape, image.dtype)


class Brightness(Change):
    """The whole image brighter or darker: one normal offset, in units of the image."""

    spread: float = eqx.field(static=True)

    @property
    def moves(self) -> bool:
        return False

    def __call__(self, image: Image, key: PRNGKeyArray) -> Image:
        return image + self.spread * jax.random.normal(key, dtype=image.dtype)


class Augmentation(eqx.Module):
    """Changes one after another, each example by its own key.

    Parameters
    ----------
    changes
        What may happen, in this order.
    targets
        Whether targets are images too, and follow where points move.
    """

    changes: tuple[Change, ...]
    targets: bool = eqx.field(static=True, default=False)

    def __call__(
        self, images: Float[Array, "batch height width channels"], target: Array, key: PRNGKeyArray
    ) -> tuple[Array, Array]:
        """Images and targets of a batch, changed."""

        def one(image: Array, target: Array, key: PRNGKeyArray) -> tuple[Array, Array]:
            keys = jax.random.split(key, len(self.changes))
            for change, mine in zip(self.changes, keys, strict=True):
                image = change(image, mine)
                if self.targets and change.moves:
                    target = change(target, mine)
            return image, target

        return jax.vmap(one)(images, target, jax.random.split(key, len(images)))
