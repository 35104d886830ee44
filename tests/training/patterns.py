"""Drawn images whose class is known: a bright disc on noise, or noise alone."""

import numpy as np


def discs(count, *, share=0.5, size=12, seed=0, strength=2.0):
    """Images (count, size, size, 1), labels, and the place of each disc's centre."""
    rng = np.random.default_rng(seed)
    label = (rng.random(count) < share).astype(np.int32)
    place = rng.integers(2, size - 2, (count, 2))
    image = rng.normal(size=(count, size, size, 1)).astype(np.float32)
    y, x = np.mgrid[:size, :size]
    far = (y - place[:, 0, None, None]) ** 2 + (x - place[:, 1, None, None]) ** 2
    image[..., 0] += strength * label[:, None, None] * (far <= 4)
    return image, label, place
