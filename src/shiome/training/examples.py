"""Are these examples fit for training: one clear line where they are not."""

import numpy as np
import numpy.typing as npt

from shiome.core.errors import DataError


def check_examples(
    images: npt.ArrayLike,
    label: npt.ArrayLike,
    *,
    shape: tuple[int, int, int],
    classes: int,
    name: str = "training",
) -> None:
    """See that a split of labelled patches can be learned from.

    Parameters
    ----------
    images, label
        (examples, height, width, channels) and (examples,), labels from 0 to ``classes`` − 1.
    shape
        Height, width and channels that the network is made for.
    classes
        To tell apart.
    name
        Of the split, for messages.

    Raises
    ------
    DataError
        If the split is empty, patches have another size, an image holds NaN, a label is none of the
        classes, or all examples are of one class.
    """
    x, y = np.asarray(images), np.asarray(label)
    if len(x) == 0:
        raise DataError(f"{name} split is empty; expected labelled patches.")
    if x.shape[1:] != shape:
        raise DataError(
            f"{name} split: patches of shape {x.shape[1:]}; expected {shape} (height, width, "
            "channels)."
        )
    if y.shape != x.shape[:1]:
        raise DataError(f"{name} split: labels of shape {y.shape} for {len(x)} patches.")
    # Example by example, so that no mask of the size of the data is made.
    bad = next((i for i, image in enumerate(x) if not np.isfinite(image).all()), None)
    if bad is not None:
        raise DataError(
            f"{name} split: patch {bad} holds values that are not finite; expected gaps to be "
            "filled or the patch to be left out."
        )
    if not np.issubdtype(y.dtype, np.integer) or y.min() < 0 or y.max() >= classes:
        raise DataError(
            f"{name} split: labels {y.min()} … {y.max()} ({y.dtype}); expected integers "
            f"0 … {classes - 1}."
        )
    if y.min() == y.max():
        raise DataError(
            f"{name} split: all {len(y)} patches are of class {y[0]}; expected at least two "
            "classes."
        )
