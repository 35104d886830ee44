"""Counts and moments of a training set, in one pass over data larger than memory."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.data.store import blocks_of


def sample_statistics(dataset: xr.Dataset) -> dict[str, Any]:
    """Describe labelled samples.

    Parameters
    ----------
    dataset
        With ``label`` along ``sample``; ``part``, ``storm``, ``time``, ``hard_negative`` and
        ``image`` (sample, y, x) are described where they are there.

    Returns
    -------
    Plain numbers and texts: ``samples``; ``classes`` and ``parts`` (counts by part and class),
    ``hard_negatives``, ``storms``, ``time`` (first, last), ``image`` (mean, standard deviation,
    smallest and largest value, by class; unit).
    """
    label = dataset["label"].values
    names = _class_names(dataset["label"])
    counts = {name: int((label == number).sum()) for number, name in names.items()}
    result: dict[str, Any] = {"samples": int(label.size), "classes": counts}
    if "part" in dataset:
        part = dataset["part"].values.astype(str)
        result["parts"] = {
            str(name) or "left out": {
                title: int(((part == name) & (label == number)).sum())
                for number, title in names.items()
            }
            for name in np.unique(part)
        }
    if "hard_negative" in dataset:
        result["hard_negatives"] = int(dataset["hard_negative"].values.sum())
    if "storm" in dataset:
        storm = dataset["storm"].values.astype(str)
        result["storms"] = int(np.unique(storm[storm != ""]).size)
    if "time" in dataset:
        time = dataset["time"].values
        result["time"] = [str(t.astype("datetime64[s]")) for t in (time.min(), time.max())]
    if "image" in dataset:
        moments = _moments(dataset, names)
        result["image"] = {"unit": str(dataset["image"].attrs.get("units", "")), **moments}
    return result


def _class_names(label: xr.DataArray) -> dict[int, str]:
    """Name of each class number, from the CF flags where there are any."""
    meanings = str(label.attrs.get("flag_meanings", "")).split()
    values = [int(v) for v in np.atleast_1d(label.attrs.get("flag_values", []))]
    if meanings and len(meanings) == len(values):
        return dict(zip(values, meanings, strict=True))
    return {int(v): str(v) for v in np.unique(label.values)}


def _moments(dataset: xr.Dataset, names: dict[int, str]) -> dict[str, Any]:
    """Mean, standard deviation and range of the pixels of each class."""
    parts: dict[int, list[npt.NDArray[np.float64]]] = {number: [] for number in names}
    for block in blocks_of(dataset[["image", "label"]]):
        values = block["image"].values.astype(np.float64)
        rows = np.stack([f(values, axis=(1, 2)) for f in (np.mean, np.var, np.min, np.max)], axis=1)
        for number in names:
            parts[number].append(rows[block["label"].values == number])
    result = {}
    for number, name in names.items():
        rows = np.concatenate(parts[number])
        if len(rows):
            mean, variance = rows[:, 0].mean(), rows[:, 1].mean() + rows[:, 0].var()
            numbers = (mean, np.sqrt(variance), rows[:, 2].min(), rows[:, 3].max())
            keys = ("mean", "standard_deviation", "smallest", "largest")
            result[name] = {
                key: float(f"{number:.6g}") for key, number in zip(keys, numbers, strict=True)
            }
    return result
