"""Adversarial sharpening: relief that looks like relief, at some cost in error."""

from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.grids.coarsen import bicubic, block_mean
from shiome.nets.critic import PatchCritic
from shiome.nets.sharpener import Sharpener, surroundings
from shiome.showcases.seafloor.basins import TRAINING, crops
from shiome.showcases.seafloor.learning import UNIT, interior, surprise
from shiome.training.adversarial import AdversarialLoss, Players
from shiome.training.fit import History, fit


def relief_features(height: Float[Array, "batch h w"]) -> list[Array]:
    """Slopes and curvatures at three scales: what makes terrain look alike to a geologist.

    They take the place of the features of photographs that perceptual losses are made of.

    Returns
    -------
    For each scale (batch, h', w', 3): slope along rows and columns, and curvature; m per cell.
    """
    made = []
    for _ in range(3):
        along = 0.5 * (height[:, 2:, 1:-1] - height[:, :-2, 1:-1])
        across = 0.5 * (height[:, 1:-1, 2:] - height[:, 1:-1, :-2])
        middle = height[:, 1:-1, 1:-1]
        around = height[:, 2:, 1:-1] + height[:, :-2, 1:-1]
        around = around + height[:, 1:-1, 2:] + height[:, 1:-1, :-2]
        made.append(jnp.stack([along, across, 0.25 * around - middle], -1))
        height = block_mean(height[:, : height.shape[1] // 2 * 2, : height.shape[2] // 2 * 2], 2)
    return made


class Content(eqx.Module):
    """Error of heights, of their relief, and of the stated errors, over the interior of windows."""

    factor: int = eqx.field(static=True)
    perceptual: float = 0.5

    def __call__(self, made: Array, real: Array) -> Float[Array, ""]:
        """Of one batch: output of a sharpener, and true heights (batch, h, w, 1)."""
        output, true = interior(made, self.factor), interior(real, self.factor)[..., 0]
        height, log_error = output[..., 0], output[..., 1]
        error = (height - true) / UNIT
        pairs = zip(relief_features(height), relief_features(true), strict=True)
        shape = sum(jnp.abs(a - b).mean() for a, b in pairs) / UNIT
        stated = surprise(jax.lax.stop_gradient(height - true), log_error).mean()
        return jnp.abs(error).mean() + self.perceptual * shape + 0.02 * stated


class Show(eqx.Module):
    """Heights as the critic sees them: relative to their surroundings, in their roughness."""

    factor: int = eqx.field(static=True)

    def __call__(self, coarse: Array, image: Array) -> Array:
        """(batch, h, w, 2) interior of images whose first channel is a height, and of the input."""
        mean, rough = surroundings(coarse)
        fine = lambda x: bicubic(x[..., 0], self.factor)
        unit = jnp.exp(fine(jnp.log(rough)))
        shown = [(image[..., 0] - fine(mean)) / unit, fine((coarse - mean) / rough)]
        return interior(jnp.stack(shown, -1), self.factor)


def learn_texture(
    start: Sharpener,
    key: PRNGKeyArray,
    *,
    steps: int,
    weight: float = 0.05,
    rate: float = 3e-4,
    chunks: int = 8,
    advance: Callable[[], None] = lambda: None,
    checkpoint: Path | None = None,
) -> tuple[Sharpener, History]:
    """Train on from a network of least squares, against a relativistic average critic.

    Parameters
    ----------
    start
        A trained sharpener.
    key
        Random key.
    steps, rate
        Of Adam, for both players.
    weight
        Of the critic's opinion.
    chunks, advance, checkpoint
        As of :func:`~shiome.showcases.seafloor.learning.learn`.
    """
    one, two = jax.random.split(key)
    factor = start.factor
    loss = AdversarialLoss(
        crops(TRAINING, factor, {2: 40, 4: 24}.get(factor, 16), 8),
        Show(factor),
        Content(factor),
        weight,
    )
    players, history = fit(
        Players(start, PatchCritic(2, key=one)),
        loss,
        None,
        optimiser=optax.adam(rate, b1=0.5),
        steps=steps,
        key=two,
        chunk=-(-steps // chunks),
        advance=advance,
        checkpoint=checkpoint,
    )
    return players.generator, history
