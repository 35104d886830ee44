"""Whole multiples of a grid's step: area means on coarser cells, interpolation to finer ones."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array
from scipy import ndimage

from shiome.core.errors import ConfigError, DataError
from shiome.grids.latlon import area_weights

Floats = npt.NDArray[np.floating]


def block_mean(values: Any, factor: int, rows: Any = None) -> Any:
    """Means of blocks of ``factor`` × ``factor`` values.

    Parameters
    ----------
    values
        (..., rows, columns), NumPy or JAX; both sides are multiples of the factor.
    factor
        Values along one side of a block.
    rows
        (..., rows) relative area of each row; equal by default.

    Returns
    -------
    (..., rows / factor, columns / factor) of the same kind.
    """
    *batch, height, width = values.shape
    across = values.reshape(*batch, height, width // factor, factor).mean(-1)
    blocks = across.reshape(*batch, height // factor, factor, width // factor)
    if rows is None:
        return blocks.mean(-2)
    weight = rows.reshape(*rows.shape[:-1], height // factor, factor, 1)
    return (blocks * weight).sum(-2) / weight.sum(-2)


def coarsen(field: xr.DataArray, factor: int) -> xr.DataArray:
    """Area means over blocks of a latitude–longitude grid, exact on the sphere.

    Parameters
    ----------
    field
        (latitude, longitude), ascending and even; a block with NaN becomes NaN.
    factor
        Cells along one side of a block.

    Raises
    ------
    DataError
        If the factor does not divide both sides.
    """
    sizes = tuple(field.sizes[name] for name in ("latitude", "longitude"))
    if factor < 1 or any(size % factor or not size for size in sizes):
        raise DataError(
            f"a grid of {sizes[0]} × {sizes[1]} cells cannot be averaged by a factor of {factor}; "
            "expected a factor that divides both."
        )
    field = field.transpose("latitude", "longitude")
    rows = area_weights(field["latitude"]).values
    means = block_mean(field.values.astype(np.float64), factor, rows)
    centres = {
        name: (name, block_centres(field[name].values, factor), field[name].attrs)
        for name in ("latitude", "longitude")
    }
    return xr.DataArray(
        means.astype(field.dtype), centres, field.dims, name=field.name, attrs=field.attrs
    )


def block_centres(centres: Floats, factor: int) -> npt.NDArray[np.float64]:
    """Centres of blocks of ``factor`` cells. Shapes: (n · factor,) to (n,)."""
    return centres.astype(np.float64).reshape(-1, factor).mean(1)


def split_centres(centres: Floats, factor: int) -> npt.NDArray[np.float64]:
    """Centres of the parts of even cells cut in ``factor``. Shapes: (n,) to (n · factor,)."""
    step = (centres[-1] - centres[0]) / (centres.size - 1)
    parts = (np.arange(factor) + 0.5) / factor - 0.5
    return (centres.astype(np.float64)[:, None] + step * parts).ravel()


def _resize(method: str, values: Array, factor: int) -> Array:
    *batch, height, width = values.shape
    # Edges go on as they are; jax.image would weigh the few points that are there instead.
    reach = 3
    padded = jnp.pad(values, [(0, 0)] * len(batch) + [(reach, reach)] * 2, mode="edge")
    shape = (*batch, (height + 2 * reach) * factor, (width + 2 * reach) * factor)
    cut = slice(reach * factor, -reach * factor)
    return jax.image.resize(padded, shape, method)[..., cut, cut]


def nearest(values: Array, factor: int) -> Array:
    """Every cell cut into equal parts, (..., rows, columns) to (..., rows · f, columns · f)."""
    return jnp.repeat(jnp.repeat(values, factor, -2), factor, -1)


bicubic = partial(_resize, "cubic")
"""Cubic convolution with a = −0.5 (Keys 1981), shapes as :func:`nearest`."""


def _spline(values: Array, factor: int) -> npt.NDArray[np.float32]:
    fields = np.asarray(values, np.float64)
    zoom = (*[1] * (fields.ndim - 2), factor, factor)
    made = ndimage.zoom(fields, zoom, order=3, mode="nearest", grid_mode=True)
    return made.astype(np.float32)


INTERPOLATIONS: Mapping[str, Callable[[Array, int], Any]] = MappingProxyType(
    {
        "nearest": nearest,
        "bilinear": partial(_resize, "linear"),
        "bicubic": bicubic,
        "lanczos": partial(_resize, "lanczos3"),
        "spline": _spline,
    }
)


def refine(values: Floats, factor: int, method: str = "bicubic") -> npt.NDArray[np.float32]:
    """Interpolate to cells ``factor`` times finer.

    Parameters
    ----------
    values
        Means of cells (..., rows, columns), taken as values at their centres.
    factor
        Parts along each side.
    method
        A name in :data:`INTERPOLATIONS`: nearest, bilinear, bicubic (Keys), lanczos (three lobes),
        spline (cubic B-spline).

    Returns
    -------
    (..., rows · factor, columns · factor).

    Raises
    ------
    ConfigError
        If there is no such method.
    """
    if method not in INTERPOLATIONS:
        raise ConfigError(f"interpolation {method!r}; expected one of {', '.join(INTERPOLATIONS)}.")
    return np.asarray(INTERPOLATIONS[method](jnp.asarray(values, jnp.float32), factor))


def conserving(fine: Array, coarse: Array, factor: int, rows: Array | None = None) -> Array:
    """Shift each block by a constant, so that its area mean is that of the coarse cell.

    Parameters
    ----------
    fine
        (..., rows · factor, columns · factor).
    coarse
        (..., rows, columns) means to keep.
    factor, rows
        As :func:`block_mean`.
    """
    return fine + nearest(coarse - block_mean(fine, factor, rows), factor)
