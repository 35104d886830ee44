"""What is observed of a state, and how well: small operators and errors that combine freely.

A missing observation is NaN. Every scheme works with innovations that were whitened by the
observation error, in which a missing value has become zero: no information, and no branch.
"""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from shiome.core import DataError


class ObservationOperator(eqx.Module):
    """Maps a state vector to what the instruments would see of it."""

    @abc.abstractmethod
    def __call__(self, state: Float[Array, " n"]) -> Float[Array, " p"]:
        """Observe one state."""


class Everything(ObservationOperator):
    """Every variable of the state is observed."""

    def __call__(self, state: Float[Array, " n"]) -> Float[Array, " n"]:
        """Observe one state."""
        return state


class Selection(ObservationOperator):
    """Some variables of the state are observed.

    Attributes
    ----------
    indices
        Positions in the state vector, one per observation.
    """

    indices: Int[Array, " p"]

    def __init__(self, indices: ArrayLike):
        self.indices = jnp.asarray(indices)

    def __call__(self, state: Float[Array, " n"]) -> Float[Array, " p"]:
        """Observe one state."""
        if not isinstance(self.indices, jax.core.Tracer):
            # An index beyond the end would quietly be taken for the last one.
            last = np.asarray(self.indices).max(initial=0)
            if last >= state.size:
                raise IndexError(f"index {last} is beyond its end")
        return state[self.indices]


class Function(ObservationOperator):
    """A function of what another operator sees: a logarithm, a speed, a power.

    Attributes
    ----------
    function
        Differentiable, applied to the vector that ``of`` gives.
    of
        What is seen before the function is applied.
    """

    function: Callable[[Float[Array, " q"]], Float[Array, " p"]]
    of: ObservationOperator = Everything()

    def __call__(self, state: Float[Array, " n"]) -> Float[Array, " p"]:
        """Observe one state."""
        return self.function(self.of(state))


class ObservationError(eqx.Module):
    """A Gaussian observation error without bias."""

    @abc.abstractmethod
    def whiten(
        self, innovation: Float[Array, "*batch p"], present: Bool[Array, " p"]
    ) -> Float[Array, "*batch p"]:
        """Multiply by the inverse square root of the error covariance of what is present.

        Whatever is not present becomes zero.
        """

    @abc.abstractmethod
    def sample(self, key: Any, shape: tuple[int, ...]) -> Float[Array, "*shape"]:
        """Draw errors; the last axis of ``shape`` runs over the observations."""

    @abc.abstractmethod
    def variance(self, size: int) -> Float[Array, " p"]:
        """Error variance of each of ``size`` observations."""


class IndependentError(ObservationError):
    """Errors that do not correlate.

    Attributes
    ----------
    of
        Error variance, one number for all observations or one each; positive.
    """

    of: Float[Array, "*p"]

    def __init__(self, of: ArrayLike):
        self.of = jnp.asarray(of)

    def __check_init__(self) -> None:
        if isinstance(self.of, jax.core.Tracer):
            return
        wrong = np.flatnonzero(~(np.asarray(self.of) > 0))
        if wrong.size:
            value = float(np.ravel(self.of)[wrong[0]])
            where = f"observation {wrong[0]}" if np.ndim(self.of) else "every observation"
            raise DataError(
                f"The observation-error variance of {where} is {value:g}; it must be positive."
            )

    def whiten(
        self, innovation: Float[Array, "*batch p"], present: Bool[Array, " p"]
    ) -> Float[Array, "*batch p"]:
        """Divide by the standard deviation."""
        return jnp.where(present, innovation, 0) * jax.lax.rsqrt(self.of)

    def sample(self, key: Any, shape: tuple[int, ...]) -> Float[Array, "*shape"]:
        """Draw errors."""
        return jnp.sqrt(self.of) * jax.random.normal(key, shape, self.of.dtype)

    def variance(self, size: int) -> Float[Array, " p"]:
        """Error variance of each observation."""
        return jnp.broadcast_to(self.of, (size,))


class CorrelatedError(ObservationError):
    """Errors with a full covariance.

    Attributes
    ----------
    covariance
        Symmetric and positive definite.
    """

    covariance: Float[Array, "p p"]

    def __init__(self, covariance: ArrayLike):
        self.covariance = jnp.asarray(covariance)

    def __check_init__(self) -> None:
        if isinstance(self.covariance, jax.core.Tracer):
            return
        matrix = np.asarray(self.covariance)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise DataError(
                f"The observation-error covariance has shape {matrix.shape}, not (p, p)."
            )
        smallest = float(np.linalg.eigvalsh(matrix).min())
        if not smallest > 0 or not np.allclose(matrix, matrix.T):
            raise DataError(
                "The observation-error covariance must be symmetric and positive definite; "
                f"its smallest eigenvalue is {smallest:.3g}."
            )

    def whiten(
        self, innovation: Float[Array, "*batch p"], present: Bool[Array, " p"]
    ) -> Float[Array, "*batch p"]:
        """Solve with the Cholesky factor of the covariance of what is present."""
        both = present[:, None] & present[None, :]
        # Missing rows become those of the identity: they neither fail nor mix with the others.
        covariance = jnp.where(both, self.covariance, jnp.eye(present.size, dtype=innovation.dtype))
        factor = jnp.linalg.cholesky(covariance)
        held = jnp.where(present, innovation, 0)
        flat = held.reshape(-1, present.size).T
        return jax.scipy.linalg.solve_triangular(factor, flat, lower=True).T.reshape(held.shape)

    def sample(self, key: Any, shape: tuple[int, ...]) -> Float[Array, "*shape"]:
        """Draw errors."""
        factor = jnp.linalg.cholesky(self.covariance)
        return jax.random.normal(key, shape, factor.dtype) @ factor.T

    def variance(self, size: int) -> Float[Array, " p"]:
        """Error variance of each observation."""
        return jnp.diagonal(self.covariance)
