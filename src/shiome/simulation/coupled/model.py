"""The coupled model: surface and ocean, with what was learned, and noise."""

from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from shiome.simulation.coupled.heat import HeatStep
from shiome.simulation.empirical.monthly import MonthlyModel

# Standardised indices and amplitudes beyond these are in no record; terms hold their values there.
LARGEST_INDEX, LARGEST_AMPLITUDE = 4.0, 8.0

Closure = Callable[[Float[Array, " k"], Float[Array, ""], Int[Array, ""]], Float[Array, " k"]]


class SeasonalClosure(eqx.Module):
    """What the heat budget lacks: linear in the surface and the charge, quadratic in three indices.

    Attributes
    ----------
    linear
        (12, k, k + 1) for each calendar month, of the amplitudes and the charge.
    quadratic
        (12, k, 3) of N² − 1, N W and D² − 1, with N, D, W the standardised Niño 3.4, dipole and
        warm water volume: the terms of Zhao et al. (2024).
    indices
        (2, k) standardised Niño 3.4 and dipole from the amplitudes.
    """

    linear: Float[Array, "12 k k+1"]
    quadratic: Float[Array, "12 k 3"]
    indices: Float[Array, "2 k"]

    def __call__(
        self, surface: Float[Array, " k"], charge: Float[Array, ""], month: Int[Array, ""]
    ) -> Float[Array, " k"]:
        """What to add to the amplitudes after the heat budget's month."""
        predictors = jnp.append(surface, charge)
        products = self.products(surface, charge)
        return self.linear[month] @ predictors + self.quadratic[month] @ products

    def products(self, surface: Float[Array, " k"], charge: Float[Array, ""]) -> Float[Array, " 3"]:
        """N² − 1, N W, D² − 1."""
        nino, dipole = jnp.clip(self.indices @ surface, -LARGEST_INDEX, LARGEST_INDEX)
        held = jnp.clip(charge, -LARGEST_INDEX, LARGEST_INDEX)
        return jnp.stack([nino**2 - 1.0, nino * held, dipole**2 - 1.0])


def no_closure(
    surface: Float[Array, " k"], charge: Float[Array, ""], month: Int[Array, ""]
) -> Float[Array, " k"]:
    """Physics alone."""
    return jnp.zeros_like(surface)


class CoupledModel(MonthlyModel):
    """Surface temperature drives winds, winds the ocean, the ocean surface temperature.

    The state is a vector (k + n,): k amplitudes of patterns of surface temperature (mean of the
    month), then n numbers of the ocean (end of the month).

    Attributes
    ----------
    heat
        The heat budget of the surface.
    closure
        What it lacks, as a function of amplitudes, charge and calendar month.
    charge
        (n,) from the ocean's state to the standardised warm water volume.
    transition
        (n, n) one month of the ocean.
    wind
        (n, k) what the wind that goes with the surface does to the ocean in a month.
    gusts
        (n, p) what p patterns of other wind do to it.
    noise
        (12, k + p, k + p) square root of the covariance of the surface's unexplained changes and
        of the other wind.
    """

    heat: HeatStep
    closure: Closure
    charge: Float[Array, " n"]
    transition: Float[Array, "n n"]
    wind: Float[Array, "n k"]
    gusts: Float[Array, "n p"]
    noise: Float[Array, "12 q q"]
    units: ClassVar[dict[str, str]] = {"state": "1"}

    @property
    def modes(self) -> int:
        """How many amplitudes k the surface has."""
        return self.wind.shape[1]

    def advance(
        self, state: Float[Array, " k+n"], month: Int[Array, ""], forcing: Float[Array, " k+p"]
    ) -> Float[Array, " k+n"]:
        """One month: the surface by the ocean of its beginning, then the ocean by the new winds."""
        surface, ocean = state[: self.modes], state[self.modes :]
        closed = self.closure(surface, self.charge @ ocean, month)
        new = self.heat.propagator[month] @ surface + self.heat.heating[month] @ ocean + closed
        new = jnp.clip(new + forcing[: self.modes], -LARGEST_AMPLITUDE, LARGEST_AMPLITUDE)
        ocean = self.transition @ ocean + self.wind @ new + self.gusts @ forcing[self.modes :]
        return jnp.concatenate([new, ocean])
