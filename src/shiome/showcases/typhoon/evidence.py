"""Patches of hits, misses and false alarms, and where the patch network saw evidence in them."""

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from shiome.data.windows import ImageGrid, gather
from shiome.explain.grad_cam import grad_cam
from shiome.showcases.typhoon.experiments import Results, Scene
from shiome.showcases.typhoon.score import Searched

EACH = 2  # pictures of each kind


def evidence(
    setting: Scene, results: Results
) -> tuple[npt.NDArray, npt.NDArray, list[str], xr.Dataset]:
    """Patches (picture, y, x), evidence in each, titles, and both as numbers."""
    member = results.patches.network
    chosen = _chosen(results.patches.found)
    grid, size = ImageGrid.of(setting.archive.images), setting.examples.inputs.shape[1]
    row, column = grid.locate(chosen["latitude"], chosen["longitude"])
    corner = grid.corner(row, column, size)
    step = np.searchsorted(setting.archive.images["time"].values, chosen["time"].to_numpy())
    channels = np.moveaxis(setting.images, -1, 0)
    width = grid.shape[1]
    patches = np.stack([gather(c[:, :, :width], step, *corner, size) for c in channels], axis=-1)
    said = np.asarray(member(jnp.asarray(patches)))
    # The stronger of precursor and cyclone.
    label = 1 + np.argmax(said[:, 1:], axis=1)
    seen = np.asarray(grad_cam(member.network, jnp.asarray(patches), jnp.asarray(label)))
    numbers = xr.Dataset(
        {
            "cloudiness": (("picture", "y", "x"), patches[..., 0]),
            "evidence": (("picture", "y", "x"), seen),
        },
        {name: ("picture", chosen[name].to_numpy()) for name in ("latitude", "longitude", "score")},
    )
    return patches[..., 0], seen, list(chosen["title"]), numbers


def _chosen(found: Searched) -> pd.DataFrame:
    """Best hits, worst misses and false alarms of different days where there are some."""
    seen, truth = found.test.detections, found.test.truth
    said = seen["score"] >= found.threshold
    missed = truth[truth["score"] < found.threshold].assign(
        score=lambda t: t["score"].clip(lower=0.0)
    )
    kinds = {
        "hit": seen[seen["hit"] & said].sort_values("score", ascending=False),
        "miss": missed.sort_values("score"),
        "false alarm": seen[~seen["hit"] & said].sort_values("score", ascending=False),
    }
    parts = []
    for name, table in kinds.items():
        day = table["time"].dt.floor("4D")
        part = table[~day.duplicated()].head(EACH)
        titles = [f"{name}\nscore {score:.2f}" for score in part["score"]]
        parts.append(part.assign(title=titles))
    columns = ["time", "latitude", "longitude", "score", "title"]
    return pd.concat([part[columns] for part in parts], ignore_index=True)
