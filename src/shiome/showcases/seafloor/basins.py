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
from shiome.grids.coarsen import coarsen

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
    """Random windows of basins, coarse and fine, turned and mirrored at random.

    Attributes
    ----------
    coarse, fine
        (basins, rows, columns) and (basins, factor · rows, factor · columns), m.
    size, batch
        Coarse cells along one side of a window, and windows at once.
    """

    coarse: Float[Array, "basins rows columns"]
    fine: Float[Array, "basins fine_rows fine_columns"]
    size: int = eqx.field(static=True)
    batch: int = eqx.field(static=True)

    @property
    def factor(self) -> int:
        """How much finer."""
        return self.fine.shape[1] // self.coarse.shape[1]

    def __call__(
        self, key: PRNGKeyArray
    ) -> tuple[Float[Array, "batch s s 1"], Float[Array, "batch fs fs 1"]]:
        """Draw a batch."""
        basins, height, width = self.coarse.shape
        one, two, three, four = jax.random.split(key, 4)
        which = jax.random.randint(one, (self.batch,), 0, basins)
        row = jax.random.randint(two, (self.batch,), 0, height - self.size + 1)
        column = jax.random.randint(three, (self.batch,), 0, width - self.size + 1)

        def cut(field: Array, times: int) -> Array:
            side = (1, times * self.size, times * self.size)
            at = lambda b, i, j: jax.lax.dynamic_slice(field, (b, times * i, times * j), side)[0]
            return jax.vmap(at)(which, row, column)[..., None]

        flips = jax.random.bernoulli(four, 0.5, (3, self.batch, 1, 1, 1))
        return _turned(cut(self.coarse, 1), flips), _turned(cut(self.fine, self.factor), flips)


def _turned(x: Array, flips: Array) -> Array:
    """Each image in one of the eight ways in which a square can lie."""
    x = jnp.where(flips[0], x[:, ::-1], x)
    x = jnp.where(flips[1], x[:, :, ::-1], x)
    return jnp.where(flips[2], x.swapaxes(1, 2), x)


def crops(names: tuple[str, ...], factor: int, size: int, batch: int) -> Crops:
    """Windows of several basins."""
    all = [basin(name, factor) for name in names]
    return Crops(jnp.stack([b.coarse for b in all]), jnp.stack([b.fine for b in all]), size, batch)
