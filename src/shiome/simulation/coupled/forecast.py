"""Ensemble forecasts by coupled models, ready to join a blend."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array, Float, Int

from shiome.core.compiling import QUICK, single
from shiome.core.errors import ModelError
from shiome.core.threads import side_by_side
from shiome.grids.months import month_label
from shiome.simulation.coupled.fit import Coupled, CoupledSystem, fit_coupled
from shiome.simulation.coupled.model import CoupledModel
from shiome.simulation.coupled.surface import target_indices
from shiome.simulation.empirical import DampedPersistence, mirrored_ensemble
from shiome.simulation.ocean import MappedWind

# Patterns of surface temperature and the latitude they reach: the tropics, where the model's
# physics acts, and a wide belt whose subtropics warn earlier.
DOMAINS = ((10, 20.0), (20, 50.0))
# Starts are forecast in batches of one size, so that everything compiles once.
BATCH = 72


@dataclass(frozen=True)
class CoupledForecast:
    """Coupled models of one fold, and how what they do not resolve of the indices decays.

    Parameters
    ----------
    models
        One for each of :data:`DOMAINS`.
    residuals
        (time, 2) for each model, what its state misses of the two indices, K.
    memories
        Damped persistence of these.
    """

    models: tuple[Coupled, ...]
    residuals: tuple[npt.NDArray[np.float32], ...]
    memories: tuple[DampedPersistence, ...]

    @classmethod
    def fit(
        cls,
        system: CoupledSystem,
        anomaly: xr.DataArray,
        training: npt.NDArray[np.bool_],
        *,
        indices: npt.NDArray | None = None,
        wind: MappedWind | None = None,
        fit_heat: bool = False,
        closed: bool = True,
    ) -> "CoupledForecast":
        """Fit every domain on the training months; as :func:`fit_coupled`."""
        indices = target_indices(anomaly) if indices is None else indices
        wind = system.simulated.wind(anomaly, training) if wind is None else wind

        def one(domain: tuple[int, float]) -> tuple[Coupled, npt.NDArray, DampedPersistence]:
            modes, latitude = domain
            fitted = fit_coupled(
                system,
                anomaly,
                training,
                modes=modes,
                latitude=latitude,
                indices=indices,
                wind=wind,
                fit_heat=fit_heat,
                closed=closed,
            )
            residual = indices - fitted.state @ fitted.to_indices
            usable = training & fitted.surface.known & np.isfinite(indices).all(1)
            memory = DampedPersistence.fit(residual, fitted.surface.month, usable)
            return fitted, np.nan_to_num(residual).astype(np.float32), memory

        return cls(*zip(*side_by_side(one, DOMAINS), strict=True))

    def members(
        self,
        starts: npt.NDArray[np.int64],
        members: int,
        key: jax.Array,
        *,
        leads: int = 12,
        states: Sequence[npt.NDArray[np.float32]] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Draw the ensemble of Niño 3.4 and the dipole from each start.

        Parameters
        ----------
        starts
            (S,) positions of the last observed months.
        members
            Ensemble size M, shared by the models; in mirrored pairs of one draw with both signs.
        key
            One key; the draw of a start depends on its month alone.
        leads
            Months ahead.
        states
            For each model the initial states of these starts, (S, k + n) or, one for each of its
            members, (S, share, k + n); by default observed surface and spun ocean.

        Returns
        -------
        (S, leads, M, 2) in K.

        Raises
        ------
        ModelError
            If a member is no longer a number.
        """
        shares = np.full(len(self.models), members // len(self.models))
        shares[: members % len(shares)] += 1
        drawn = []
        for i, (fitted, share) in enumerate(zip(self.models, shares, strict=True)):
            state = fitted.state[starts] if states is None else states[i]
            if state.ndim == 2:
                state = np.repeat(state[:, None], share, axis=1)
            run = partial(
                _draw,
                fitted.model,
                self.memories[i],
                single(fitted.to_indices),
                leads=leads,
                key=jax.random.fold_in(key, i),
            )
            month = fitted.surface.month[starts].astype(np.int32)
            drawn.append(_batched(run, state, self.residuals[i][starts], month))
        out = np.concatenate(drawn, axis=2)
        lost = np.argwhere(~np.isfinite(out).all((1, 3)))
        if len(lost):
            start, member = lost[0]
            first = int(self.models[0].surface.month[starts[start]]) + 1
            raise ModelError(
                f"member {member} of the coupled forecast from {month_label(first)} is not a "
                "number; expected finite initial states (are there gaps before the start?)."
            )
        return out


def _batched(run: partial, *rows: npt.NDArray) -> npt.NDArray[np.float32]:
    """Apply to rows in batches of one size, the last filled up by repetition."""
    size = len(rows[0])
    parts = []
    for first in range(0, size, BATCH):
        index = np.resize(np.arange(first, min(first + BATCH, size)), BATCH)
        out = np.asarray(run(*(values[index] for values in rows)))
        parts.append(out[: min(BATCH, size - first)])
    return np.concatenate(parts)


@eqx.filter_jit(compiler_options=QUICK)  # type: ignore[call-overload]
def _draw(
    model: CoupledModel,
    memory: DampedPersistence,
    to_indices: Float[Array, "n 2"],
    state: Float[Array, "S M n"],
    residual: Float[Array, "S 2"],
    month: Int[Array, " S"],
    *,
    leads: int,
    key: Array,
) -> Float[Array, "S leads M 2"]:
    """All members of a batch of starts."""

    def one(states: Array, rest: Array, first: Array) -> Array:
        own, other = jax.random.split(jax.random.fold_in(key, first))
        path = mirrored_ensemble(model, states, first, leads, own)
        tiled = jnp.tile(rest, (len(states), 1))
        decay = mirrored_ensemble(memory, tiled, first, leads, other)
        return jnp.swapaxes(path @ to_indices + decay, 0, 1)

    return jax.vmap(one)(jnp.asarray(state), jnp.asarray(residual), jnp.asarray(month))
