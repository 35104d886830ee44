"""The local ensemble transform Kalman filter."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.ensemble_filter import Ensemble, EnsembleFilter
from shiome.assimilation.ensembles import (
    Inflation,
    Multiplicative,
    centre,
    symmetric_transform,
    whitened,
)
from shiome.assimilation.localisation import Neighbourhood
from shiome.assimilation.problem import Problem
from shiome.core import ConfigError

NONE = Multiplicative()


class LocalTransform(EnsembleFilter):
    """A square-root analysis of its own for every variable, from the observations near it (LETKF).

    Observations further away count with a larger error (localisation of the inverse error
    covariance), which needs observation errors that do not correlate.

    Attributes
    ----------
    near
        Which observations each variable feels.
    batch
        Variables analysed at once; bounds the memory to about
        ``batch * members * (members + k)`` numbers.

    References
    ----------
    Hunt, Kostelich & Szunyogh (2007): Physica D 230, 112–126.
    """

    members: int
    inflation: Inflation
    rotation: bool
    near: Neighbourhood
    batch: int = eqx.field(static=True)

    def __init__(
        self,
        members: int,
        near: Neighbourhood,
        inflation: Inflation = NONE,
        rotation: bool = False,
        batch: int = 4096,
    ):
        self.members, self.near, self.inflation = members, near, inflation
        self.rotation, self.batch = rotation, batch

    def update(
        self, ensemble: Ensemble, y: Float[Array, " p"], problem: Problem, key: PRNGKeyArray
    ) -> Ensemble:
        """Analysis before inflation and rotation."""
        mean, anomalies = centre(ensemble)
        seen, innovation = whitened(ensemble, y, problem)
        variables = mean.size
        if self.near.indices.shape[0] != variables:
            raise ConfigError(
                f"The neighbourhood is of {self.near.indices.shape[0]} variables, "
                f"the state of {variables}."
            )

        def local(of: tuple[Array, Array, Array, Array]) -> Float[Array, " members"]:
            """Analysis ensemble of one variable."""
            centre_value, deviations, index, weight = of
            root = jnp.sqrt(weight).astype(seen.dtype)
            weights, transform = symmetric_transform(
                seen[:, index] * root, innovation[index] * root, self.members - 1
            )
            return centre_value + (weights + transform) @ deviations

        each = (mean, anomalies.T, self.near.indices, self.near.weights)
        if variables <= self.batch:
            return jax.vmap(local)(each).T
        return jax.lax.map(local, each, batch_size=self.batch).T
