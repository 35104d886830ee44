"""What schemes with a prescribed background covariance share."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.problem import Gaussian, Problem
from shiome.simulation.integrate import trajectory
from shiome.simulation.model import Model

Vector = Float[Array, " n"]


def climatology(
    model: Model, initial: Gaussian, steps: int, key: PRNGKeyArray, *, spin_up: int = 1000
) -> tuple[Float[Array, " n"], Float[Array, "n n"]]:
    """Mean and covariance of the states that a free run visits, for models of a state vector.

    Parameters
    ----------
    model, initial
        The model, and where its run starts.
    steps, spin_up
        Length of the run in steps, and how many at its start are left out.
    """
    start, ahead = jax.random.split(key)
    states = jax.jit(lambda x, k: trajectory(model, x, 0.0, steps, k))(
        initial.sample(start), ahead
    )[spin_up:]
    return states.mean(0), jnp.cov(states.T)


def symmetric_root(covariance: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(np.asarray(covariance, float))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return jnp.asarray(root, jnp.asarray(covariance).dtype)


Solver = Callable[[Callable[[Vector], Vector], Callable[[Vector], Vector], Vector], Vector]
"""``solver(linear, adjoint, gradient)`` gives s of ``(I + adjoint linear) s = gradient``."""


def direct(
    linear: Callable[[Vector], Vector], adjoint: Callable[[Vector], Vector], gradient: Vector
) -> Vector:
    """Form the Hessian column by column and factorise it: for small states."""
    unit = jnp.eye(gradient.size, dtype=gradient.dtype)
    columns = jax.vmap(linear)(unit)
    return jax.scipy.linalg.solve(columns @ columns.T + unit, gradient, assume_a="pos")


def conjugate_gradients(
    linear: Callable[[Vector], Vector], adjoint: Callable[[Vector], Vector], gradient: Vector
) -> Vector:
    """Iterate with the tangent-linear model and its adjoint: no matrix is formed."""
    tolerance = 1e-5 if gradient.dtype == jnp.float32 else 1e-10
    return jax.scipy.sparse.linalg.cg(
        lambda s: s + adjoint(linear(s)), gradient, tol=tolerance, maxiter=4 * gradient.size
    )[0]


def gauss_newton(
    predict: Callable[[Vector], Vector],
    innovate: Callable[[Vector], Vector],
    size: int,
    dtype: jnp.dtype,
    *,
    iterations: int,
    solver: Solver,
) -> tuple[Vector, Vector]:
    """Minimise ``|w|² + |innovate(predict(w))|²`` by incremental Gauss–Newton steps.

    The tangent-linear model and its adjoint are derived from ``predict``.

    Parameters
    ----------
    predict
        From the control w (standardised increments) to what would be observed.
    innovate
        Whitened observation minus prediction; affine with whitened unit slope.
    size, dtype
        Of the control.
    iterations
        Outer iterations; they end early once the step is below a relative 1e-5.
    solver
        Of the inner, quadratic problem.

    Returns
    -------
    The control, and the last step.

    References
    ----------
    Courtier, Thépaut & Hollingsworth (1994): Q. J. R. Meteorol. Soc. 120 (incremental 4D-Var).
    """

    def once(carry: tuple[Array, Vector, Vector]) -> tuple[Array, Vector, Vector]:
        count, w, _ = carry
        residual, tangent = jax.linearize(lambda v: innovate(predict(v)), w)
        transposed = jax.linear_transpose(tangent, w)
        # The residual falls as the prediction rises: its slope is minus the observed one.
        gradient = -transposed(residual)[0] - w
        step = solver(tangent, lambda r: transposed(r)[0], gradient)
        return count + 1, w + step, step

    def unfinished(carry: tuple[Array, Vector, Vector]) -> Array:
        count, _, step = carry
        return (count < iterations) & ((count == 0) | (step @ step > 1e-10 * size))

    zero = jnp.zeros(size, dtype)
    _, w, step = jax.lax.while_loop(unfinished, once, (jnp.asarray(0), zero, zero))
    return w, step


def innovation_of(y: Float[Array, " p"], problem: Problem) -> Callable[[Vector], Vector]:
    """Whitened innovation as a function of what is predicted; zero where missing."""
    present = jnp.isfinite(y)
    known = jnp.where(present, y, 0)
    return lambda seen: problem.error.whiten(known - seen, present)


def nearest(
    base: Vector,
    root: Float[Array, "n n"],
    y: Float[Array, " p"],
    problem: Problem,
    *,
    iterations: int,
    solver: Solver,
) -> Vector:
    """State nearest to a background and to the observations, as their covariances measure it.

    Parameters
    ----------
    base, root
        Background state, and symmetric square root of its error covariance.
    y
        Observations; NaN where missing.
    iterations, solver
        As in :func:`gauss_newton`.
    """
    w, _ = gauss_newton(
        lambda w: problem.operator(base + root @ w),
        innovation_of(y, problem),
        base.size,
        base.dtype,
        iterations=iterations,
        solver=solver,
    )
    return base + root @ w
