"""The finite-size ensemble Kalman filter (EnKF-N): inflation that finds itself."""

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


def hyperprior(
    values: Float[Array, " rank"], members: int, confidence: float | Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Coefficients of the prior on the inflation: of 1/l² and of the logarithm of l².

    Parameters
    ----------
    values
        Eigenvalues of the whitened ensemble covariance times N - 1 (:func:`decompose`).
    members
        Ensemble size N.
    confidence
        1 trusts the ensemble as a random sample of its size (Jeffreys' prior); larger numbers
        trust it more, as if it had ``confidence * N`` members.

    References
    ----------
    Bocquet, Raanes & Hannart (2015): Nonlin. Processes Geophys. 22, section 4 and eq. 36 (the
    mode correction, so that nothing is inflated where nothing is observed).
    """
    mean, log = (members + 1) / members, members / (members - 1)
    # Mean of 1 / (1 + eigenvalue) over all N, of which only some are held.
    prior_weight = 1 - jnp.sum(values / (values + members - 1)) / members
    correction = jnp.sqrt((mean / log) ** prior_weight)
    return confidence * mean / correction, confidence * log * correction


def certainty(
    anomalies: Float[Array, "members p"],
    innovation: Float[Array, " p"],
    confidence: float | Float[Array, ""],
) -> Float[Array, ""]:
    """Effective ensemble size minus one, (N - 1) / l², at the minimum of the dual cost function.

    Its derivative by log l has opposite signs at both ends of the bracket, l = 0.4 and l = 20,
    and bisection finds the root whatever the shape in between.
    """
    members = anomalies.shape[0]
    values, vectors = decompose(anomalies)
    # Squared innovations in the directions of the ensemble, times the eigenvalues.
    power = (vectors.T @ (anomalies @ innovation)) ** 2
    mean, log = hyperprior(values, members, confidence)

    def slope(square: Float[Array, ""]) -> Float[Array, ""]:
        return log - mean / square - jnp.sum(square * power / (square * values + members - 1) ** 2)

    def halve(_: int, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = jnp.sqrt(low * high)
        left = slope(middle) > 0
        return jnp.where(left, low, middle), jnp.where(left, middle, high)

    ends = (jnp.asarray(0.16, values.dtype), jnp.asarray(400.0, values.dtype))
    low, high = jax.lax.fori_loop(0, 24, halve, ends)
    return (members - 1) / jnp.sqrt(low * high)


class FiniteSize(EnsembleFilter):
    """The square-root filter with the inflation that the innovations ask for.

    Attributes
    ----------
    confidence
        Trust in the ensemble (called xN in the literature), see :func:`hyperprior`.

    References
    ----------
    Bocquet (2011): Nonlin. Processes Geophys. 18. Bocquet, Raanes & Hannart (2015): ibid. 22.
    """

    members: int
    confidence: float | Float[Array, ""] = 1.0
    inflation: Inflation = Multiplicative()
    rotation: bool = False

    def update(
        self, ensemble: Ensemble, y: Float[Array, " p"], problem: Problem, key: PRNGKeyArray
    ) -> Ensemble:
        """Analysis before further inflation and rotation."""
        mean, anomalies = centre(ensemble)
        seen, innovation = whitened(ensemble, y, problem)
        sure = certainty(seen, innovation, self.confidence)
        weights, transform = symmetric_transform(seen, innovation, sure)
        return mean + (weights + transform) @ anomalies
