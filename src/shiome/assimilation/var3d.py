"""3D-Var: the forecast corrected with a background covariance that never changes."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.background import Solver, direct, nearest, symmetric_root
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate
from shiome.assimilation.single_state import SingleState


class Var3D(SingleState):
    """Minimum of the distances to the forecast and to the observations.

    Attributes
    ----------
    root
        Symmetric square root of the background covariance.
    iterations
        Outer iterations; one suffices for linear observation operators.
    solver
        Of the inner problem: :func:`direct` or :func:`conjugate_gradients`.

    References
    ----------
    Lorenc (1986): Q. J. R. Meteorol. Soc. 112, 1177–1194.
    """

    root: Float[Array, "n n"]
    iterations: int = eqx.field(static=True)
    solver: Solver = eqx.field(static=True)

    def __init__(
        self, covariance: Float[Array, "n n"], iterations: int = 1, solver: Solver = direct
    ):
        self.root, self.iterations, self.solver = symmetric_root(covariance), iterations, solver

    def analyse(
        self,
        state: Float[Array, " n"],
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Float[Array, " n"]:
        """Minimise the cost function."""
        return nearest(state, self.root, y, problem, iterations=self.iterations, solver=self.solver)

    def estimate(self, state: Float[Array, " n"]) -> Estimate:
        """State, and the spread of the background covariance."""
        return Estimate(state, jnp.linalg.norm(self.root, axis=1))
