"""The trained networks that come with the package."""

from functools import cache
from importlib import resources
from typing import Any

from shiome.nets.sharpener import Sharpener
from shiome.nets.weights import Weights, load_weights

BEST = "edsr"
"""The network that ``shiome sharpen`` uses."""


@cache
def weights(stem: str) -> Weights:
    """What a file of shipped weights holds, for example ``edsr-x4``."""
    file = resources.files("shiome.showcases.seafloor") / "weights" / f"{stem}.eqx"
    with resources.as_file(file) as path:
        return load_weights(path)


def names() -> list[str]:
    """Stems of all files of shipped weights."""
    folder = resources.files("shiome.showcases.seafloor") / "weights"
    return sorted(entry.name[:-4] for entry in folder.iterdir() if entry.name.endswith(".eqx"))


def shipped(factor: int, name: str = BEST) -> list[Any]:
    """Members of the shipped ensemble of a network at a factor."""
    found: list[Sharpener] = weights(f"{name}-x{factor}").networks
    return found


def everything() -> dict[str, list[Any]]:
    """Members of all shipped networks by stem, for example ``edsr-x4``."""
    return {stem: weights(stem).networks for stem in names()}
