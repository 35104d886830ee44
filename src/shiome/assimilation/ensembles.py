"""Means, anomalies, inflation, rotation and transforms of ensembles.

Ensembles are arrays of shape (members N, variables n); anomalies are deviations from the mean.
"""

import abc
from collections.abc import Callable
from typing import NamedTuple

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


class Spectrum(NamedTuple):
    """Eigenvalues (never negative) and eigenvectors of ``anomalies @ anomalies.T``.

    Only those that can differ from zero are held: min(members, p) of them.
    """

    values: Float[Array, " rank"]
    vectors: Float[Array, "members rank"]

    def apply(
        self,
        function: Callable[[Array], Array],
        vector: Float[Array, " members"],
    ) -> Float[Array, " members"]:
        """A function of the matrix times a vector."""
        at_zero = function(jnp.zeros((), self.values.dtype))
        beyond = function(self.values) - at_zero
        return at_zero * vector + self.vectors @ (beyond * (self.vectors.T @ vector))

    def matrix(self, function: Callable[[Array], Array]) -> Float[Array, "members members"]:
        """A function of the matrix."""
        at_zero = function(jnp.zeros((), self.values.dtype))
        beyond = function(self.values) - at_zero
        unit = jnp.eye(self.vectors.shape[0], dtype=self.values.dtype)
        return at_zero * unit + (self.vectors * beyond) @ self.vectors.T


def decompose(anomalies: Float[Array, "members p"]) -> Spectrum:
    """Decompose ``anomalies @ anomalies.T``, in the smaller of its two spaces."""
    members, size = anomalies.shape
    if members <= size:
        values, vectors = jnp.linalg.eigh(anomalies @ anomalies.T)
        return Spectrum(jnp.maximum(values, 0), vectors)
    values, inner = jnp.linalg.eigh(anomalies.T @ anomalies)
    values = jnp.maximum(values, 0)
    # Where an eigenvalue vanishes so does the difference of any function from its value at zero,
    # and it does not matter what its vector is.
    length = jnp.sqrt(jnp.maximum(values, jnp.finfo(values.dtype).tiny))
    return Spectrum(values, anomalies @ inner / length)


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
    spectrum = decompose(anomalies)
    weights = spectrum.apply(lambda value: 1 / (value + certainty), anomalies @ innovation)
    transform = spectrum.matrix(lambda value: jnp.sqrt((members - 1) / (value + certainty)))
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
