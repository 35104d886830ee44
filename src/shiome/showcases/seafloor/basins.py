"""Which basins teach, which choose, which judge; and the windows that are learned from."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.core.errors import DataError
from shiome.data.sources.bathymetry import open_basin
from shiome.grids.coarsen import block_mean, coarsen

TRAINING = ("southeast-pacific", "indian", "north-atlantic", "southwest-pacific")
VALIDATION = "east-north-pacific"
TEST = ("west-north-pacific", "south-atlantic")
FACTORS = (2, 4, 8)
WORDS = {
    "west-north-pacific": "western North Pacific",
    "east-north-pacific": "eastern North Pacific",
    "south-atlantic": "South Atlantic",
    "southeast-pacific": "south-east Pacific",
    "southwest-pacific": "south-west Pacific",
    "indian": "Indian Ocean",
    "north-atlantic": "North Atlantic",
}

EDGE = 24
"""Fine cells along the border of a basin that are not scored: there the surroundings lack."""


class Basin(NamedTuple):
    """One relief and its area means.

    Attributes
    ----------
    name
        For people.
    fine
        (rows, columns) heights in m.
    coarse
        (rows / factor, columns / factor) area means.
    rows
        (rows,) relative area of the fine cells.
    latitude, longitude
        Of the fine cells in degrees.
    """

    name: str
    fine: npt.NDArray[np.float32]
    coarse: npt.NDArray[np.float32]
    rows: npt.NDArray[np.float32]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]

    @property
    def step(self) -> tuple[float, float]:
        """Degrees between rows and between columns."""
        span = [float(a[-1] - a[0]) / (a.size - 1) for a in (self.latitude, self.longitude)]
        return span[0], span[1]


def basin(name: str, factor: int) -> Basin:
    """One of the shipped basins at a factor."""
    return pair(open_basin(name), WORDS[name], factor)


def pair(field: xr.DataArray, name: str, factor: int) -> Basin:
    """Heights cut to whole blocks, and their area means.

    Raises
    ------
    DataError
        If the field is too small to be scored, or has missing values.
    """
    rows, columns = (size - size % factor for size in field.shape)
    field = field[:rows, :columns]
    if min(rows, columns) < 4 * EDGE:
        raise DataError(
            f"{name}: {rows} × {columns} cells; expected at least {4 * EDGE} along both sides."
        )
    if missing := int(np.isnan(field.values).sum()):
        raise DataError(f"{name}: {missing} heights are missing; expected a whole grid to score.")
    area = np.cos(np.deg2rad(field.latitude.values)).astype(np.float32)
    return Basin(
        name,
        field.values,
        coarsen(field, factor).values,
        area / area.mean(),
        field.latitude.values,
        field.longitude.values,
    )


class Crops(eqx.Module):
    """Random windows of basins and their area means, turned and mirrored at random.

    A window begins at any fine cell, not only where the blocks of the basin begin: the same relief
    is then averaged in ``factor`` × ``factor`` different ways, and a network tires of it later.

    Attributes
    ----------
    fine
        (basins, rows, columns) heights in m.
    factor
        How much finer than the area means.
    size, batch
        Coarse cells along one side of a window, and windows at once.
    """

    fine: Float[Array, "basins rows columns"]
    factor: int = eqx.field(static=True)
    size: int = eqx.field(static=True)
    batch: int = eqx.field(static=True)

    def __call__(
        self, key: PRNGKeyArray
    ) -> tuple[Float[Array, "batch s s 1"], Float[Array, "batch fs fs 1"]]:
        """Draw a batch: area means, and heights."""
        basins, height, width = self.fine.shape
        side = self.factor * self.size
        one, two, three, four = jax.random.split(key, 4)
        which = jax.random.randint(one, (self.batch,), 0, basins)
        row = jax.random.randint(two, (self.batch,), 0, height - side + 1)
        column = jax.random.randint(three, (self.batch,), 0, width - side + 1)
        cut = lambda b, i, j: jax.lax.dynamic_slice(self.fine, (b, i, j), (1, side, side))[0]
        flips = jax.random.bernoulli(four, 0.5, (3, self.batch, 1, 1))
        fine = _turned(jax.vmap(cut)(which, row, column), flips)
        return block_mean(fine, self.factor)[..., None], fine[..., None]


def _turned(x: Array, flips: Array) -> Array:
    """Each image in one of the eight ways in which a square can lie."""
    x = jnp.where(flips[0], x[:, ::-1], x)
    x = jnp.where(flips[1], x[:, :, ::-1], x)
    return jnp.where(flips[2], x.swapaxes(1, 2), x)


def crops(names: tuple[str, ...], factor: int, size: int, batch: int) -> Crops:
    """Windows of several basins."""
    fine = jnp.stack([open_basin(name).values for name in names])
    return Crops(fine, factor, size, batch)
