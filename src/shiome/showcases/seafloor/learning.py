"""How the sharpening networks are built and trained."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.core.errors import ConfigError
from shiome.nets.inference import outputs
from shiome.nets.running import training_pass
from shiome.nets.sharpener import Sharpener, sharpener
from shiome.showcases.seafloor.basins import EDGE, TRAINING, VALIDATION, Basin, Crops, basin, crops
from shiome.training.fit import History, fit

UNIT = 200.0
"""Metres that errors are divided by in training, so that losses are near one."""
KNEE = 0.5
"""In these units: where errors begin to count by their size."""
MARGIN = 3
"""Coarse cells along the border of a training window whose errors do not count."""


class Recipe(NamedTuple):
    """One network, and how it learns.

    Attributes
    ----------
    settings
        Of :func:`~shiome.nets.sharpener.sharpener`, without the factor.
    steps, rate
        Of the training behind the shipped weights.
    window
        Coarse cells along one side of the training windows, margin included, at a factor of 4.
    batch
        Windows per step.
    """

    settings: Mapping[str, Any]
    steps: int
    rate: float = 1e-2
    window: int = 24
    batch: int = 16


def _recipe(body: str, steps: int, batch: int = 16, **options: Any) -> Recipe:
    layer = {name: options.pop(name, True) for name in ("residual", "conserves")}
    settings: dict[str, Any] = {"body": body, "settings": options}
    return Recipe(settings | layer, steps, batch=batch)


_DEEP: Mapping[str, Any] = {"blocks": 5, "width": 32, "direct": True}
_LEAN: Mapping[str, Any] = {"blocks": 3, "width": 16, "direct": True}
RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "srcnn": _recipe("srcnn", 250, batch=6, widths=(32, 16), sizes=(5, 1, 5)),
        "fsrcnn": _recipe("fsrcnn", 400, width=32),
        "espcn": _recipe("espcn", 500),
        "edsr": _recipe("edsr", 800, **_DEEP),
        "rrdb": _recipe("rrdb", 300, blocks=1, width=16, growth=8, direct=True),
        "plain": _recipe("edsr", 240, residual=False, conserves=False, **_LEAN),
        "residual": _recipe("edsr", 240, conserves=False, **_LEAN),
        "conserving": _recipe("edsr", 240, residual=False, **_LEAN),
        "both": _recipe("edsr", 240, **_LEAN),
    }
)
FAMILIES = ("srcnn", "fsrcnn", "espcn", "edsr", "rrdb")
ABLATION = ("plain", "residual", "conserving", "both")


def find_recipe(name: str) -> Recipe:
    """Recipe of a network.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in RECIPES:
        raise ConfigError(f"network {name!r}; expected one of {', '.join(RECIPES)}.")
    return RECIPES[name]


def untrained(name: str, factor: int, key: PRNGKeyArray) -> Sharpener:
    """A network as it begins: near the interpolation."""
    return sharpener(**find_recipe(name).settings, factor=factor, key=key)


class SharpeningLoss(eqx.Module):
    """Error of heights, and how surprising it is to the error that is stated.

    Small errors count by their square, large ones by their size (Charbonnier), so that a few
    seamounts do not drown the rest. The stated error learns from the heights, and never the other
    way round.

    Attributes
    ----------
    draw
        ``draw(key)`` gives windows (coarse, fine).
    """

    draw: Crops

    def __call__(
        self, network: Sharpener, carry: None, key: PRNGKeyArray
    ) -> tuple[Float[Array, ""], None]:
        """Error of one batch."""
        which, inside = jax.random.split(key)
        coarse, fine = self.draw(which)
        output, _ = training_pass(network, coarse, inside)
        height, log_error = jnp.moveaxis(interior(output, self.draw.factor), -1, 0)
        error = height - interior(fine, self.draw.factor)[..., 0]
        size = jnp.sqrt((error / UNIT) ** 2 + KNEE**2).mean()
        return size + 0.02 * surprise(jax.lax.stop_gradient(error), log_error).mean(), carry


def interior(images: Array, factor: int) -> Array:
    """Images without the margin in which surroundings lack."""
    cut = slice(MARGIN * factor, -MARGIN * factor)
    return images[:, cut, cut]


def surprise(error: Array, log_error: Array) -> Array:
    """Minus the logarithm of a Laplace density, up to a constant.

    Errors of heights have heavier tails than the normal distribution: most of the sea floor is
    smooth, and seamounts are not foreseen.
    """
    return jnp.abs(error) * jnp.exp(-log_error) + log_error


def sharpen_whole(network: Callable[..., Array], on: Basin) -> tuple[np.ndarray, np.ndarray]:
    """Heights and their standard errors in m on the fine cells of a whole basin."""
    reach = 2 * MARGIN
    padded = np.pad(on.coarse, reach, mode="edge")[None, ..., None]
    factor = on.fine.shape[0] // on.coarse.shape[0]
    cut = slice(reach * factor, -reach * factor)
    made = outputs(network, padded, batch=1)[0, cut, cut]
    return made[..., 0], np.exp(made[..., 1])


def rmse(height: np.ndarray, on: Basin) -> float:
    """Root-mean-square error in m over the area of a basin, without its edge."""
    square = (height - on.fine)[EDGE:-EDGE, EDGE:-EDGE] ** 2
    return float(np.sqrt(np.average(square.mean(1), weights=on.rows[EDGE:-EDGE])))


def optimiser(rate: float, steps: int) -> optax.GradientTransformation:
    """Muon for kernels and Adam for the rest, on a cosine schedule after a short rise.

    A kernel is orthogonalised as the matrix from all its inputs to its outputs.

    References
    ----------
    Jordan et al. (2024): Muon, an optimizer for hidden layers in neural networks.
    """
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, rate, min(100, steps // 5), steps, 0.003 * rate
    )
    matrix = optax.contrib.MuonDimensionNumbers((0, 1, 2), 3)
    kernels = lambda tree: jax.tree.map(lambda p: matrix if p.ndim == 4 else None, tree)
    muon = optax.contrib.muon(schedule, muon_weight_dimension_numbers=kernels)
    return optax.chain(optax.clip_by_global_norm(1.0), muon)


def learn(
    name: str,
    factor: int,
    key: PRNGKeyArray,
    *,
    steps: int | None = None,
    chunks: int = 8,
    advance: Callable[[], None] = lambda: None,
    checkpoint: Path | None = None,
) -> tuple[Sharpener, History]:
    """Train one network on the training basins; the validation basin chooses when it was best.

    Parameters
    ----------
    name, factor
        Which.
    key
        Random key of start and training.
    steps
        By default those of the recipe.
    chunks
        Validations on the way.
    advance
        Called after each.
    checkpoint
        File from which an interrupted training goes on.
    """
    recipe = find_recipe(name)
    steps = steps or recipe.steps
    start, run = jax.random.split(key)
    # Where each cell has many parts, smaller windows cost as much.
    window = recipe.window if factor < 8 else 3 * recipe.window // 4
    judge = basin(VALIDATION, factor)
    network, history = fit(
        untrained(name, factor, start),
        SharpeningLoss(crops(TRAINING, factor, window, recipe.batch)),
        None,
        optimiser=optimiser(recipe.rate, steps),
        steps=steps,
        key=run,
        chunk=-(-steps // chunks),
        validate=lambda net: jnp.asarray(rmse(sharpen_whole(net, judge)[0], judge)),
        compile_validation=False,
        advance=advance,
        checkpoint=checkpoint,
    )
    return calibrated(network, judge), history


def calibrated(network: Sharpener, judge: Basin, level: float = 0.9) -> Sharpener:
    """The network with standard errors scaled so that the interval covers what it should.

    On the validation basin the share ``level`` of all heights then lies within the interval of
    that probability of a normal distribution.
    """
    height, error = sharpen_whole(network, judge)
    inner = (slice(EDGE, -EDGE),) * 2
    ratio = (np.abs(height - judge.fine) / error)[inner]
    spread = np.quantile(ratio, level) / NORMAL90
    return eqx.tree_at(lambda n: n.spread, network, network.spread * np.float32(spread))


NORMAL90 = 1.6448536269514722
"""Standard errors on each side of the mean that hold 90 % of a normal distribution."""
