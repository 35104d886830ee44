"""Recipes of the samples: what is taken from which package, and every step on the way."""

from dataclasses import dataclass, field
from typing import Any

import xarray as xr

JCM = ("PyPI wheel", "jcm", "3.0.0")
FERRET = ("Debian package", "ferret-datasets", "7.6.0")
ATLAS = ("npm package", "world-atlas", "2.0.2")
STATSMODELS = ("PyPI wheel", "statsmodels", "0.15.0")


@dataclass
class Sample:
    """What a recipe returns: the data, how to pack it, and where it came from."""

    id: str
    title: str
    kind: str
    license: str
    citation: str
    description: str
    origin: tuple[str, str, str]
    paths: list[str]
    transformations: list[str]
    dataset: xr.Dataset
    steps: dict[str, float]
    parameters: dict[str, Any] = field(default_factory=dict)
