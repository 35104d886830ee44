"""Learning through time: the heat budget's parameters from the errors of forecasts."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float
from scipy.optimize import minimize

from shiome.simulation.coupled.climate import Climate
from shiome.simulation.coupled.heat import SurfaceMaps, heat_step
from shiome.simulation.coupled.model import CoupledModel
from shiome.simulation.coupled.parameters import (
    LOWER,
    UPPER,
    HeatParameters,
    from_vector,
    to_vector,
)

# Leads in months over which errors count.
FIT_LEADS = 6


def fit_parameters(
    model: CoupledModel,
    climate: Climate,
    maps: SurfaceMaps,
    state: npt.NDArray[np.float32],
    month: npt.NDArray[np.int64],
    usable: npt.NDArray[np.bool_],
) -> HeatParameters:
    """The heat budget's parameters by the errors of forecasts of one to six months.

    Squared errors of all amplitudes, differentiated through the forecasts, and a normal prior
    around theory whose standard deviation is a quarter of each parameter's bounds.
    """
    at = np.minimum(np.arange(len(month))[:, None] + np.arange(1, FIT_LEADS + 1), len(month) - 1)
    inside = np.arange(len(month))[:, None] + np.arange(1, FIT_LEADS + 1) < len(month)
    weight = (usable[:, None] & usable[at] & inside).astype(np.float32)
    prior = to_vector(HeatParameters())
    width = 0.25 * (UPPER - LOWER)

    def cost(vector: npt.NDArray) -> tuple[float, npt.NDArray]:
        value, slope = _cost(
            jnp.asarray(vector, jnp.float32), model, climate, maps, jnp.asarray(state),
            jnp.asarray(month, jnp.int32), jnp.asarray(at), jnp.asarray(weight),
        )  # fmt: skip
        away = (vector - prior) / width
        # Neighbouring starts share their errors: about one in six counts.
        scale = 0.5 * weight.sum() / (FIT_LEADS * FIT_LEADS)
        gradient = scale * np.asarray(slope, np.float64) + away / width
        return scale * float(value) + 0.5 * float(away @ away), gradient

    bounds = list(zip(LOWER, UPPER, strict=True))
    best = minimize(cost, prior, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-4)
    return HeatParameters(*(float(x) for x in best.x))


@eqx.filter_jit
@eqx.filter_value_and_grad
def _cost(
    vector: Float[Array, " p"],
    model: CoupledModel,
    climate: Climate,
    maps: SurfaceMaps,
    state: Array,
    month: Array,
    at: Array,
    weight: Array,
) -> Float[Array, ""]:
    """Log of the mean squared error of the amplitudes over starts and leads."""
    model = eqx.tree_at(lambda m: m.heat, model, heat_step(from_vector(vector), climate, maps))
    still = jnp.zeros(model.noise.shape[1])

    def forecast(start: Array, first: Array) -> Array:
        def one(x: Array, lead: Array) -> tuple[Array, Array]:
            x = model.advance(x, (first + lead) % 12, still)
            return x, x[: model.modes]

        return jax.lax.scan(one, start, jnp.arange(FIT_LEADS))[1]

    error = jax.vmap(forecast)(state, month) - state[:, : model.modes][at]
    return jnp.log((weight * (error**2).sum(-1)).sum() / weight.sum())
