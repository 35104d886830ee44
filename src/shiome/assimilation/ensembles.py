"""Means, anomalies, inflation, rotation and transforms of ensembles.

Ensembles are arrays of shape (members N, variables n); anomalies are deviations from the mean.
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.problem import Problem
from shiome.core import ConfigError


def check_members(members: int) -> None:
    """Raise :class:`ConfigError` where an ensemble is too small to have a spread."""
    if members < 2:
        raise ConfigError(
            f"An ensemble of {members} has no spread to weigh observations by; "
            "expected at least 2 members."
        )


def centre(
    ensemble: Float[Array, "members n"],
) -> tuple[Float[Array, " n"], Float[Array, "members n"]]:
    """Mean and anomalies of an ensemble."""
    mean = ensemble.mean(0)
    return mean, ensemble - mean


def spread(anomalies: Float[Array, "members n"]) -> Float[Array, " n"]:
    """Unbiased standard deviation of each variable."""
    return jnp.sqrt((anomalies**2).sum(0) / (anomalies.shape[0] - 1))


def whitened(
    ensemble: Float[Array, "members n"], y: Float[Array, " p"], problem: Problem
) -> tuple[Float[Array, "members p"], Float[Array, " p"]]:
    """Anomalies and innovation in observation space, in units of the observation error.

    Missing observations give zeros.
    """
    present = jnp.isfinite(y)
    seen, anomalies = centre(problem.observe_all(ensemble))
    return (
        problem.error.whiten(anomalies, present),
        problem.error.whiten(jnp.where(present, y, 0) - seen, present),
    )


def decompose(
    anomalies: Float[Array, "members p"],
) -> tuple[Float[Array, " members"], Float[Array, "members members"]]:
    """Eigenvalues (never negative) and eigenvectors of ``anomalies @ anomalies.T``."""
    values, vectors = jnp.linalg.eigh(anomalies @ anomalies.T)
    return jnp.maximum(values, 0), vectors


def symmetric_transform(
    anomalies: Float[Array, "members p"],
    innovation: Float[Array, " p"],
    certainty: float | Float[Array, ""],
) -> tuple[Float[Array, " members"], Float[Array, "members members"]]:
    """Weights of the mean and symmetric transform of the anomalies (the ETKF).

    Parameters
    ----------
    anomalies, innovation
        In units of the observation error (:func:`whitened`).
    certainty
        N - 1 for the plain filter; smaller values inflate the prior (:mod:`finite_size`).

    Returns
    -------
    w, T of ``analysis = mean + (w + T) @ anomalies``.

    References
    ----------
    Hunt, Kostelich & Szunyogh (2007): Physica D 230, eqs. 20–24. Sakov & Oke (2008): Tellus A 60.
    """
    members = anomalies.shape[0]
    values, vectors = decompose(anomalies)
    precision = values + certainty
    weights = vectors @ ((vectors.T @ (anomalies @ innovation)) / precision)
    transform = (vectors * jnp.sqrt((members - 1) / precision)) @ vectors.T
    return weights, transform


class Inflation(eqx.Module):
    """Widens an analysis ensemble to make up for what the filter does not represent."""

    @abc.abstractmethod
    def __call__(
        self, analysis: Float[Array, "members n"], prior: Float[Array, "members n"]
    ) -> Float[Array, "members n"]:
        """Widen the anomalies of the analysis, given those of the prior."""


class Multiplicative(Inflation):
    """All anomalies times one factor (Anderson & Anderson 1999)."""

    factor: float | Float[Array, ""] = 1.0

    def __call__(
        self, analysis: Float[Array, "members n"], prior: Float[Array, "members n"]
    ) -> Float[Array, "members n"]:
        """Widen the anomalies."""
        return self.factor * analysis


class RelaxationToPriorSpread(Inflation):
    """Part of the spread lost in the analysis is given back (Whitaker & Hamill 2012, eq. 2).

    Attributes
    ----------
    alpha
        The part, between 0 (nothing) and 1 (all of it).
    """

    alpha: float | Float[Array, ""]

    def __call__(
        self, analysis: Float[Array, "members n"], prior: Float[Array, "members n"]
    ) -> Float[Array, "members n"]:
        """Widen the anomalies."""
        now, before = spread(analysis), spread(prior)
        tiny = jnp.finfo(analysis.dtype).tiny
        return analysis * (1 + self.alpha * (before - now) / jnp.maximum(now, tiny))


def _reflection(members: int) -> np.ndarray:
    """Symmetric orthogonal matrix whose first column is constant."""
    normal = np.full(members, members**-0.5)
    normal[0] -= 1
    return np.eye(members) - 2 * np.outer(normal, normal) / (normal @ normal)


def rotate(anomalies: Float[Array, "members n"], key: PRNGKeyArray) -> Float[Array, "members n"]:
    """Turn the anomalies by a random rotation that keeps the mean and the covariance.

    Sakov & Oke (2008), Mon. Weather Rev. 136, section 3: without it, outliers build up under a
    deterministic filter.
    """
    members = anomalies.shape[0]
    basis = jnp.asarray(_reflection(members)[:, 1:], anomalies.dtype)
    draw = jax.random.normal(key, (members - 1, members - 1), anomalies.dtype)
    orthogonal, upper = jnp.linalg.qr(draw)
    # The signs make the draw uniform over all rotations.
    orthogonal = orthogonal * jnp.sign(jnp.diagonal(upper))
    return basis @ (orthogonal @ (basis.T @ anomalies))
