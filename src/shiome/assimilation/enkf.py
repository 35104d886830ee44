"""The ensemble Kalman filter in its three classical forms."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.ensemble_filter import Ensemble, EnsembleFilter
from shiome.assimilation.ensembles import (
    Inflation,
    Multiplicative,
    centre,
    decompose,
    symmetric_transform,
    whitened,
)
from shiome.assimilation.problem import Problem


def _gain_weights(
    anomalies: Float[Array, "members p"], innovations: Float[Array, "rows p"]
) -> Float[Array, "rows members"]:
    """Weights on the state anomalies that the Kalman gain gives to whitened innovations."""
    certainty = anomalies.shape[0] - 1
    inverse = decompose(anomalies).matrix(lambda value: 1 / (value + certainty))
    return innovations @ anomalies.T @ inverse


class PerturbedObservations(EnsembleFilter):
    """Each member assimilates its own perturbed copy of the observations.

    The perturbations sum to zero over the members, so that the mean is the Kalman mean.

    References
    ----------
    Burgers, van Leeuwen & Evensen (1998): Mon. Weather Rev. 126, 1719–1724.
    """

    members: int
    inflation: Inflation = Multiplicative()
    rotation: bool = False

    def update(
        self, ensemble: Ensemble, y: Float[Array, " p"], problem: Problem, key: PRNGKeyArray
    ) -> Ensemble:
        """Analysis before inflation and rotation."""
        _, anomalies = centre(ensemble)
        seen, innovation = whitened(ensemble, y, problem)
        noise = jax.random.normal(jax.random.fold_in(key, 1), seen.shape, seen.dtype)
        noise = jnp.where(jnp.isfinite(y), noise - noise.mean(0), 0)
        return ensemble + _gain_weights(seen, innovation - noise - seen) @ anomalies


class SquareRoot(EnsembleFilter):
    """The mean by the Kalman gain, the anomalies by the symmetric square root.

    References
    ----------
    Hunt et al. (2007): Physica D 230, 112–126. Sakov & Oke (2008): Mon. Weather Rev. 136, eq. 13.
    """

    members: int
    inflation: Inflation = Multiplicative()
    rotation: bool = False

    def update(
        self, ensemble: Ensemble, y: Float[Array, " p"], problem: Problem, key: PRNGKeyArray
    ) -> Ensemble:
        """Analysis before inflation and rotation."""
        mean, anomalies = centre(ensemble)
        seen, innovation = whitened(ensemble, y, problem)
        weights, transform = symmetric_transform(seen, innovation, self.members - 1)
        return mean + (weights + transform) @ anomalies


class Deterministic(EnsembleFilter):
    """The mean by the Kalman gain, the anomalies by half of it (DEnKF).

    References
    ----------
    Sakov & Oke (2008): A deterministic formulation of the ensemble Kalman filter. Tellus A 60.
    """

    members: int
    inflation: Inflation = Multiplicative()
    rotation: bool = False

    def update(
        self, ensemble: Ensemble, y: Float[Array, " p"], problem: Problem, key: PRNGKeyArray
    ) -> Ensemble:
        """Analysis before inflation and rotation."""
        _, anomalies = centre(ensemble)
        seen, innovation = whitened(ensemble, y, problem)
        return ensemble + _gain_weights(seen, innovation - 0.5 * seen) @ anomalies
