"""A network that sharpens heights: what it is shown, what it adds, what it must keep."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.core.errors import ConfigError
from shiome.grids.coarsen import bicubic, conserving
from shiome.nets.layers import Images
from shiome.nets.rrdb import RRDB
from shiome.nets.running import INFERENCE, Run
from shiome.nets.superres import EDSR, ESPCN, FSRCNN, SRCNN

BODIES: Mapping[str, Callable[..., Callable[..., Array]]] = MappingProxyType(
    {"edsr": EDSR, "espcn": ESPCN, "fsrcnn": FSRCNN, "rrdb": RRDB, "srcnn": SRCNN}
)
FLOOR = 10.0
"""Smallest roughness in m: what is flatter is sharpened as if it were this rough."""


class Sharpener(eqx.Module):
    """Heights on a grid ``factor`` times finer, and how far off they may be.

    The body sees each height relative to its surroundings, in units of their roughness, and its
    answer is in these units: small relief is sharpened as large relief is, at any resolution of
    the grid. It is also told the roughness and the height themselves, by which plains, shelves and
    land differ.

    Attributes
    ----------
    body
        Network from (batch, h, w, 3) to (batch, factor · h, factor · w, 2): a height, and the
        logarithm of its standard error.
    factor
        How much finer.
    residual
        Whether the body adds to the bicubic interpolation, or answers in full.
    conserves
        Whether area means are kept by shifting each block of fine cells: a layer that makes the
        output agree with the input exactly (physics as architecture).
    spread
        Factor on the standard error, found on data set aside.
    """

    body: Callable[..., Array]
    spread: Float[Array, ""]
    factor: int = eqx.field(static=True)
    residual: bool = eqx.field(static=True)
    conserves: bool = eqx.field(static=True)

    def __init__(
        self,
        body: Callable[..., Array],
        factor: int,
        *,
        residual: bool = True,
        conserves: bool = True,
    ):
        self.body, self.factor = body, factor
        self.spread = jnp.ones(())
        self.residual, self.conserves = residual, conserves

    def __call__(
        self, x: Images, run: Run = INFERENCE, rows: Float[Array, "batch fine"] | None = None
    ) -> Images:
        """Heights and logarithms of their standard errors, both from heights in m.

        Parameters
        ----------
        x
            (batch, h, w, 1) area means in m.
        run
            Whether this is training.
        rows
            Relative area of each row of fine cells; equal by default.

        Returns
        -------
        (batch, factor · h, factor · w, 2): m, and logarithm of m.
        """
        mean, rough = surroundings(x)
        shown = [(x - mean) / rough, jnp.log(rough / 200), jnp.clip(x / 2000, -4, 1)]
        answer = self.body(jnp.concatenate(shown, -1), run)
        fine = lambda y: bicubic(y[..., 0], self.factor)
        unit = fine(jnp.log(rough))
        start = fine(x if self.residual else mean)
        height = start + jnp.exp(unit) * answer[..., 0]
        if self.conserves:
            height = conserving(height, x[..., 0], self.factor, rows)
        log_error = (
            unit + jnp.clip(answer[..., 1], -6, 3) - 1.5 + jnp.log(lax.stop_gradient(self.spread))
        )
        return jnp.stack([height, log_error], -1)


def sharpener(
    *,
    body: str,
    factor: int,
    settings: Mapping[str, Any],
    residual: bool = True,
    conserves: bool = True,
    key: PRNGKeyArray,
) -> Sharpener:
    """A sharpener by names and numbers alone, as a file of weights holds them.

    Parameters
    ----------
    body
        A name in :data:`BODIES`.
    factor, residual, conserves
        As of :class:`Sharpener`.
    settings
        Of the body.

    Raises
    ------
    ConfigError
        If there is no such body.
    """
    if body not in BODIES:
        raise ConfigError(f"body {body!r}; expected one of {', '.join(BODIES)}.")
    made = BODIES[body](3, 2, factor=factor, gain=0.1, **settings, key=key)
    return Sharpener(made, factor, residual=residual, conserves=conserves)


def surroundings(x: Images) -> tuple[Images, Images]:
    """Mean around each point, and roughness around it; in the unit of ``x``, m."""
    mean = _around(x, 2)
    return mean, jnp.sqrt(_around((x - mean) ** 2, 4) + FLOOR**2)


def _around(x: Images, reach: int) -> Images:
    """Mean over the square that reaches so many points away; edges go on as they are."""
    size = 2 * reach + 1
    y = jnp.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    for axis in (1, 2):
        # Sums of shifts: running sums would lose digits, and XLA's windows are slow on a CPU.
        count = y.shape[axis] - 2 * reach
        shifts = [lax.slice_in_dim(y, i, i + count, axis=axis) for i in range(size)]
        y = jnp.stack(shifts).mean(0)
    return y
