"""The uncertain numbers of the heat budget."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Array, Float

from shiome.core.options import check, option


class HeatParameters(eqx.Module):
    """Strength of each process in the surface's heat budget; 1 is what theory has it."""

    thermocline: float | Array = option(
        1.0,
        "Share of the anomaly at depth that mean upwelling brings up: Zebiak and Cane (1987) take "
        "0.75 of it",
        unit="1",
        ge=0.0,
        le=2.0,
    )
    upwelling: float | Array = option(
        1.0, "Anomalous upwelling across the mean temperature step", unit="1", ge=0.0, le=2.0
    )
    zonal: float | Array = option(
        1.0, "Anomalous current along the mean gradient of temperature", unit="1", ge=0.0, le=2.0
    )
    mean_current: float | Array = option(
        1.0, "Mean current along anomalous gradients", unit="1", ge=0.0, le=2.0
    )
    coast: float | Array = option(
        1.0, "Upwelling off Sumatra and Java, mean and anomalous", unit="1", ge=0.0, le=3.0
    )
    damping: float | Array = option(
        1 / 4.1,
        "Loss of anomalies to the air: 125 days, Zebiak and Cane (1987)",
        unit="month-1",
        ge=0.05,
        le=1.0,
    )

    def __check_init__(self) -> None:
        """Raise :class:`ConfigError` outside the bounds."""
        if all(isinstance(getattr(self, f.name), (int, float)) for f in dataclasses.fields(self)):
            check(self)


FIELDS = dataclasses.fields(HeatParameters)
LOWER, UPPER = (np.array([f.metadata[end] for f in FIELDS]) for end in ("ge", "le"))


def to_vector(parameters: HeatParameters) -> npt.NDArray[np.float64]:
    """All numbers in the order of their declaration."""
    return np.array([float(getattr(parameters, f.name)) for f in FIELDS])


def from_vector(values: Float[Array, " p"]) -> HeatParameters:
    """The inverse of :func:`to_vector`; differentiable."""
    return HeatParameters(*jnp.split(jnp.asarray(values), len(FIELDS)))
