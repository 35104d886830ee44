"""Which observations each variable may feel, and how strongly."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.spatial import cKDTree

from shiome.core import ConfigError

CUTOFF = 1e-3
"""Weights below this are treated as zero."""

GASPARI_COHN_HALF_WIDTH = (10 / 3) ** 0.5
"""Half-width of the Gaspari–Cohn function that falls like exp(-d²/2) for a unit length scale."""


def gaspari_cohn(distance: np.ndarray, half_width: float) -> np.ndarray:
    """Compactly supported fifth-order correlation function.

    Parameters
    ----------
    distance
        Non-negative.
    half_width
        The c of the paper; the function is zero from ``2 * half_width`` on.

    References
    ----------
    Gaspari & Cohn (1999): Q. J. R. Meteorol. Soc. 125, eq. 4.10.
    """
    r = np.minimum(np.asarray(distance, float) / half_width, 2)
    near = 1 + r**2 * (-5 / 3 + r * (5 / 8 + r * (1 / 2 - r / 4)))
    safe = np.maximum(r, 1)
    far = 4 - 5 * r + r**2 * (5 / 3 + r * (5 / 8 + r * (-1 / 2 + r / 12))) - 2 / (3 * safe)
    return np.where(r <= 1, near, np.maximum(far, 0))


class Neighbourhood(eqx.Module):
    """For each variable, the observations near it and their weights.

    Attributes
    ----------
    indices
        Observation numbers, padded to one length k with 0.
    weights
        Factors on the inverse error variance; 0 where padded.
    """

    indices: Int[Array, "n k"]
    weights: Float[Array, "n k"]


def neighbourhood(
    variables: np.ndarray,
    observations: np.ndarray,
    radius: float,
    *,
    period: np.ndarray | float | None = None,
) -> Neighbourhood:
    """Find the observations that each variable feels.

    Parameters
    ----------
    variables, observations
        Positions, of shape (n,) or (n, dimensions), and likewise for the p observations.
    radius
        Length scale: the weight is about exp(-1/2) at this distance, and zero beyond 3.65 of it.
    period
        Length of the domain in each dimension, where it is periodic.

    Raises
    ------
    ConfigError
        If the radius is not positive.
    """
    if not radius > 0:
        raise ConfigError(f"The localisation radius is {radius}; expected a positive length.")
    at = np.asarray(variables, float).reshape(len(variables), -1)
    seen = np.asarray(observations, float).reshape(len(observations), -1)
    half_width = radius * GASPARI_COHN_HALF_WIDTH
    box = None if period is None else np.broadcast_to(np.asarray(period, float), at.shape[1:])
    if box is not None:
        at, seen = at % box, seen % box
    tree = cKDTree(seen, boxsize=box)
    reach = 2 * half_width
    size = int(tree.query_ball_point(at, reach, return_length=True).max(initial=1))
    distance, index = tree.query(at, k=range(1, max(size, 1) + 1), distance_upper_bound=reach)
    weight = gaspari_cohn(distance, half_width)
    weight = np.where(weight > CUTOFF, weight, 0.0)
    index = np.where(weight > 0, index, 0)
    used = max(int((weight > 0).sum(1).max(initial=1)), 1)
    # The tree returns neighbours by distance, so what is dropped here has no weight.
    return Neighbourhood(jnp.asarray(index[:, :used], jnp.int32), jnp.asarray(weight[:, :used]))
