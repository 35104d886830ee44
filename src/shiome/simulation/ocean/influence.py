"""What the ocean remembers of the wind.

The ocean is linear and its coefficients do not change in time, so an index of it is a convolution
of past winds with one fixed kernel. Reverse-mode differentiation gives the whole kernel, every
cell and every lag, for the price of one run backwards; after that any number of winds, folds and
members cost a matrix product, and no run at all.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import lax
from jaxtyping import Array, Float

from shiome.simulation.ocean.reduced_gravity import OceanState, ReducedGravityOcean
from shiome.simulation.ocean.wind import Stress


@eqx.filter_jit
def wind_influence(
    ocean: ReducedGravityOcean,
    weights: Float[np.ndarray, "index latitude longitude"],
    months: int,
) -> Float[Array, "index months 2 latitude longitude"]:
    """Change of each index per unit of stress held for a month, by cell and lag.

    Parameters
    ----------
    ocean
        The ocean.
    weights
        Weights of the thickness in each index, for example of
        :meth:`~shiome.simulation.ocean.basin.Basin.box_mean`.
    months
        How far back to go.

    Returns
    -------
    m per N/m²: element [k, l, p] is the change of index k at the end of a month by the eastward
    (p = 0) or northward (p = 1) stress of the month l months earlier.
    """
    rest = ocean.rest()
    steps = round(1.0 / ocean.time_step)

    def month(state: OceanState, stress: Stress) -> OceanState:
        step = lambda state, _: (ocean.advance(state, stress), None)
        return lax.scan(step, state, None, length=steps)[0]

    backwards = jax.linear_transpose(month, rest, Stress(rest.h, rest.h))

    def one(weight: Array) -> Array:
        def back(adjoint: OceanState, _: None) -> tuple[OceanState, Array]:
            adjoint, stress = backwards(adjoint)
            return adjoint, jnp.stack(stress)

        end = OceanState(rest.u, rest.v, weight.astype(rest.h.dtype))
        return lax.scan(back, end, None, length=months)[1]

    return lax.map(one, jnp.asarray(weights))


def respond(
    influence: npt.NDArray, patterns: npt.NDArray, amplitude: npt.NDArray
) -> npt.NDArray[np.float64]:
    """Indices of an ocean at rest at first, driven by patterns of stress.

    Parameters
    ----------
    influence
        (index, months, 2, latitude, longitude) of :func:`wind_influence`.
    patterns
        (pattern, 2, latitude, longitude) N/m² per unit of amplitude.
    amplitude
        (time, pattern) in each month.

    Returns
    -------
    (time, index) in m, at the end of each month.
    """
    indices, months = influence.shape[:2]
    kernel = influence.reshape(indices * months, -1) @ patterns.reshape(len(patterns), -1).T
    kernel = kernel.reshape(indices, months, len(patterns))
    out = np.zeros((len(amplitude), indices))
    for lag in range(min(months, len(amplitude))):
        out[lag:] += amplitude[: len(amplitude) - lag] @ kernel[:, lag].T
    return out
