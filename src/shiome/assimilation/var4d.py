"""4D-Var: the start of a window corrected so that the model meets the observations at its end."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.background import (
    Solver,
    direct,
    gauss_newton,
    innovation_of,
    symmetric_root,
)
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate, Scheme
from shiome.assimilation.window import Window, carry, opened, slid


class Var4D(Scheme):
    """Strong-constraint, incremental 4D-Var in a window that slides by one cycle.

    Every observation is assimilated once, at the end of a window of ``lag`` cycles. The
    tangent-linear model and its adjoint are derived from the model itself.

    Attributes
    ----------
    root
        Symmetric square root of the background covariance at the start of the window.
    lag
        Length of the window in cycles.
    iterations
        Largest number of outer iterations.
    solver
        Of the inner problem: :func:`direct` or :func:`conjugate_gradients`.

    References
    ----------
    Courtier et al. (1994): Q. J. R. Meteorol. Soc. 120. Bocquet & Sakov (2013): Nonlin. Processes
    Geophys. 20, section 4 (the sliding window).
    """

    root: Float[Array, "n n"]
    lag: int = eqx.field(static=True)
    iterations: int = eqx.field(static=True)
    solver: Solver = eqx.field(static=True)

    def __init__(
        self,
        covariance: Float[Array, "n n"],
        lag: int = 1,
        iterations: int = 10,
        solver: Solver = direct,
    ):
        self.root, self.lag = symmetric_root(covariance), lag
        self.iterations, self.solver = iterations, solver

    def init(self, problem: Problem, key: PRNGKeyArray) -> Window:
        """Start from the initial mean."""
        return opened(problem.initial.mean, jnp.linalg.norm(self.root, axis=1))

    def forecast(
        self, state: Window, problem: Problem, time: Float[Array, ""], key: PRNGKeyArray
    ) -> Window:
        """Slide the window by one cycle."""
        now = problem.propagate(state.now, time, key)
        return slid(state, now, problem, self.lag, time, key)

    def analyse(
        self,
        state: Window,
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Window:
        """Correct the start of the window."""
        first = time - state.length * problem.interval

        def end(w: Float[Array, " n"]) -> Float[Array, " n"]:
            start = state.start + self.root @ w
            return carry(start, problem, first, key, self.lag, state.length)

        w, _ = gauss_newton(
            lambda w: problem.operator(end(w)),
            innovation_of(y, problem),
            state.start.size,
            state.start.dtype,
            iterations=self.iterations,
            solver=self.solver,
        )
        return state._replace(start=state.start + self.root @ w, now=end(w))

    def estimate(self, state: Window) -> Estimate:
        """State at the current time; the spread is the background's at the start of the window."""
        return Estimate(state.now, state.spread)
