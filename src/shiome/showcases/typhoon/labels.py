"""Labelled patches of an archive as examples for a network, with what the images showed before."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Float, PRNGKeyArray

from shiome.data.patches import LABELS, PatchOptions, labelled_patches
from shiome.data.splits import PARTS, time_parts
from shiome.data.windows import gather
from shiome.showcases.typhoon.archive import Archive
from shiome.training.examples import check_examples

LAGS = (12, 24)  # hours before the image
CHANNELS = 2 + len(LAGS)
LATITUDE = (20.0, 15.0)  # degrees; what becomes 0, and what becomes 1 more
# Groups that batches are mixed from: 0 background, 1 failed clusters, 2 precursors, 3 cyclones.
GROUPS = ("background", "failed", "precursor", "cyclone")
BACKGROUND = 6  # random patches per image
# Random patches are not closer to a storm, km. Little more than the radius of a hit: the networks
# must learn that a window beside a storm is none.
AWAY = 350.0


class Examples(NamedTuple):
    """Patches ready for training.

    Attributes
    ----------
    inputs
        Along the last axis: cloudiness now, latitude (scaled), cloudiness at each lag before.
    label, group
        0 other, 1 precursor, 2 cyclone; index into :data:`GROUPS`.
    part
        "train", "validation" or "test"; empty where a storm lies on both sides of a boundary. Those
        of a part lie together.
    patches
        As :func:`~shiome.data.patches.labelled_patches` gives them.
    """

    inputs: Float[npt.NDArray, "examples side side channels"]
    label: npt.NDArray[np.int32]
    group: npt.NDArray[np.int64]
    part: npt.NDArray[np.object_]
    patches: xr.Dataset

    def of(self, part: str) -> "Examples":
        """The examples of one part, which lie together: views, not copies."""
        at = np.flatnonzero(self.part == part)
        one = slice(at[0], at[-1] + 1) if at.size else slice(0)
        return Examples(
            self.inputs[one],
            self.label[one],
            self.group[one],
            self.part[one],
            self.patches.isel(sample=one),
        )


def examples(archive: Archive, size: int, key: PRNGKeyArray) -> Examples:
    """Cut patches of ``size`` pixels, and divide them by contiguous time.

    Raises
    ------
    DataError
        If images and tracks do not fit, or a part is empty or has one class only.
    """
    options = PatchOptions(size, max(1, size // 16), BACKGROUND, AWAY)
    patches = labelled_patches(archive.images, archive.tracks, key=key, options=options)
    label = patches["label"].values.astype(np.int32)
    part = time_parts(
        patches["time"].values, patches["storm"].values, archive.boundaries, label=label
    )
    by_part = np.argsort(part, kind="stable")
    patches, label, part = patches.isel(sample=by_part), label[by_part], part[by_part]
    group = np.where(label > 0, label + 1, patches["hard_negative"].values.astype(np.int64))
    step = np.searchsorted(archive.images["time"].values, patches["time"].values)
    corner = patches["row"].values.astype(np.int64), patches["column"].values.astype(np.int64)
    channels = np.moveaxis(frames(archive), -1, 0)
    inputs = np.stack([gather(c, step, *corner, size) for c in channels], axis=-1)
    made = Examples(inputs, label, group, part, patches)
    for name in PARTS:
        one = made.of(name)
        shape = (size, size, CHANNELS)
        check_examples(one.inputs, one.label, shape=shape, classes=len(LABELS), name=name)
    return made


def frames(archive: Archive) -> Float[npt.NDArray, "time row column channels"]:
    """Whole images as the networks see patches: cloudiness now, latitude, earlier cloudiness."""
    values = np.nan_to_num(archive.images.values, nan=0.0)
    latitude = archive.images["latitude"].values.astype(np.float32)
    scaled = ((latitude - LATITUDE[0]) / LATITUDE[1])[:, None]
    earlier = [values[step] for step in before(archive.images["time"].values)]
    return np.stack([values, np.broadcast_to(scaled, values.shape), *earlier], axis=-1)


def shown(
    images: Float[npt.NDArray, "... channels"], channels: int
) -> Float[npt.NDArray, "... channels"]:
    """Images whose first channels only are shown, and the others blank.

    All networks have the same number of channels, so that they share compiled programs.
    """
    seen = np.arange(images.shape[-1]) < channels
    return images if seen.all() else np.where(seen, images, np.float32(0.0))


def before(times: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """(lag, time) index of the image each lag earlier; of the image itself where there is none."""
    found = []
    for lag in LAGS:
        wanted = times - np.timedelta64(lag, "h")
        at = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
        found.append(np.where(times[at] == wanted, at, np.arange(len(times))))
    return np.array(found)
