"""The reduced-gravity ocean in forty numbers and steps of a month.

The ocean is linear, so the thickness anomalies that a surface feels are convolutions of past winds.
The state here holds what the future of these thicknesses needs of all past winds, and nothing else:
the balanced realisation of the ocean's response (Moore 1981; Juang and Pappa 1985), truncated.
No observation enters: relief, physics, and the scale on which winds vary.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array, Float
from scipy.ndimage import gaussian_filter

from shiome.core.compiling import single
from shiome.core.errors import ConfigError
from shiome.grids.regions import Region
from shiome.simulation.ocean import WARM_WATER, Basin, tropical_basin

SHIPPED = Path(__file__).parent / "reduced_ocean.npz"
# Cells of the ocean's grid in a block of stress: 10° of longitude by 2° of latitude.
BLOCK = (2, 5)
_ARRAYS = ("transition", "response", "thickness")
# Standard deviation, in blocks, of the smoothing that stands for the scale of wind anomalies:
# 4° of latitude, 10° of longitude.
WIND_SCALE = (2.0, 1.0)


def _strip(prefix: str, bounds: Sequence[int], south: float, north: float) -> list[Region]:
    return [Region(f"{prefix}{w}", w, e, south, north, "this model") for w, e in pairwise(bounds)]


PACIFIC = _strip("pacific", range(130, 281, 10), -2, 2)
INDIAN = _strip("indian", [45, 55, 65, 75, 85, 95, 100], -2, 2)
COASTS = [
    Region("sumatra", 95, 105, -8, 0, "this model"),
    Region("java", 102, 116, -12, -6, "this model"),
]
NORTH = _strip("north", range(130, 271, 20), 3, 6)
SOUTH = _strip("south", range(130, 271, 20), -6, -3)
REGIONS = (*PACIFIC, *INDIAN, *COASTS, *NORTH, *SOUTH, WARM_WATER)


class ReducedOcean(eqx.Module):
    """z(t + 1) = A z(t) + B stress(t + 1), thickness = C z; z at the ends of months.

    Attributes
    ----------
    transition
        A, (n, n).
    response
        B, (n, 2, rows, columns): by mean stress of a block, N/m².
    thickness
        C, (region, n) in m.
    names
        Of the regions.
    """

    transition: Float[Array, "n n"]
    response: Float[Array, "n 2 rows columns"]
    thickness: Float[Array, "region n"]
    names: tuple[str, ...] = eqx.field(static=True)

    @property
    def size(self) -> int:
        """Length n of the state."""
        return self.transition.shape[0]

    def drive(
        self, patterns: Float[np.ndarray, "pattern 2 latitude longitude"]
    ) -> Float[np.ndarray, "n pattern"]:
        """What a month of each pattern of stress does to the state.

        Raises
        ------
        ConfigError
            If the patterns are not on the grid that the ocean was reduced from.
        """
        blocks = blocked_mean(patterns)
        if blocks.shape[1:] != self.response.shape[1:]:
            raise ConfigError(
                f"patterns of stress have shape {np.shape(patterns)[1:]}, so {blocks.shape[1:]} in "
                f"blocks; expected {self.response.shape[1:]}: the ocean's own grid."
            )
        return np.asarray(self.response).reshape(self.size, -1) @ blocks.reshape(len(blocks), -1).T

    def rows(self, names: Sequence[str]) -> Float[np.ndarray, "name n"]:
        """From the state to the thickness in the named regions, m."""
        return np.asarray(self.thickness)[[self.names.index(name) for name in names]]


def blocked_mean(values: npt.NDArray) -> npt.NDArray[np.float64]:
    """(..., latitude, longitude) on the ocean's grid to means of blocks inside its rim."""
    inside = np.asarray(values)[..., 1:-1, 1:-1]
    rows, columns = (n // b for n, b in zip(inside.shape[-2:], BLOCK, strict=True))
    whole = inside[..., : rows * BLOCK[0], : columns * BLOCK[1]]
    shape = (*inside.shape[:-2], rows, BLOCK[0], columns, BLOCK[1])
    return whole.reshape(shape).mean((-3, -1))


def basin_and_weights(elevation: xr.DataArray) -> tuple[Basin, npt.NDArray[np.float32]]:
    """The full ocean's basin, and the weights of the regions' mean thickness on it."""
    basin = tropical_basin(elevation)
    return basin, np.stack([basin.box_mean(region) for region in REGIONS])


def reduce(influence: npt.NDArray, names: Sequence[str], size: int = 40) -> ReducedOcean:
    """Balance and truncate the response of the full ocean.

    Parameters
    ----------
    influence
        (region, months, 2, rows, columns) of :func:`~shiome.simulation.ocean.wind_influence`,
        summed over the cells of each block.
    names
        Of the regions.
    size
        Length of the state.
    """
    regions, months = influence.shape[:2]
    half = months // 2
    kernel = influence.astype(np.float64)
    smooth = gaussian_filter(kernel, (0, 0, 0, *WIND_SCALE)).reshape(regions, months, -1)
    norm = np.sqrt((smooth**2).sum((1, 2)))
    smooth = (smooth / norm[:, None, None]).astype(np.float32)
    # Rows of the Hankel matrix: thickness in the months to come; columns: winds of the past.
    hankel = np.concatenate(
        [smooth[:, lag : lag + half].reshape(regions, -1) for lag in range(half)]
    )
    power, left = np.linalg.eigh((hankel @ hankel.T).astype(np.float64))
    power, left = power[::-1][:size], left[:, ::-1][:, :size]
    observability = left * np.sqrt(np.sqrt(power))
    # What one month does to the state is what it does to all that will be seen of it.
    transition = np.linalg.lstsq(observability[:-regions], observability[regions:], rcond=None)[0]
    seen = (kernel / norm[:, None, None, None, None])[:, :half]
    seen = seen.swapaxes(0, 1).reshape(half * regions, -1)
    response = np.linalg.lstsq(observability, seen, rcond=None)[0]
    return ReducedOcean(
        single(transition),
        single(response.reshape(size, *kernel.shape[2:])),
        single(observability[:regions] * norm[:, None]),
        tuple(names),
    )


def save(ocean: ReducedOcean, path: Path = SHIPPED) -> None:
    """Write the arrays of a reduced ocean."""
    arrays = {name: np.asarray(getattr(ocean, name)) for name in _ARRAYS}
    np.savez_compressed(path, allow_pickle=False, names=np.array(ocean.names), **arrays)


@cache
def shipped_ocean() -> ReducedOcean:
    """The reduced ocean that ships; ``scripts/build_reduced_ocean.py`` makes it."""
    with np.load(SHIPPED) as file:
        transition, response, thickness = (jnp.asarray(file[name]) for name in _ARRAYS)
        names = tuple(str(name) for name in file["names"])
    return ReducedOcean(transition, response, thickness, names)
