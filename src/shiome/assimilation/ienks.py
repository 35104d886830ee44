"""The iterative ensemble Kalman smoother: 4D-Var whose background and adjoint are an ensemble."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiome.assimilation.ensembles import (
    Inflation,
    Multiplicative,
    centre,
    check_members,
    decompose,
    rotate,
    spread,
    whitened,
)
from shiome.assimilation.finite_size import hyperprior
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate, Scheme
from shiome.assimilation.window import Window, carry, opened, slid


class _Iterate(NamedTuple):
    """Where the minimisation stands: weights of the mean, transform and its inverse."""

    iteration: Int[Array, ""]
    done: Bool[Array, ""]
    weights: Float[Array, " members"]
    transform: Float[Array, "members members"]
    inverse: Float[Array, "members members"]
    prior: Float[Array, "members n"]
    now: Float[Array, "members n"]


class IterativeSmoother(Scheme):
    """Gauss–Newton in ensemble space over a window that slides by one cycle (IEnKS, SDA).

    The transform of the previous iteration shapes the ensemble that linearises the next.

    Attributes
    ----------
    members, inflation, rotation
        As in the ensemble filters.
    lag
        Length of the window in cycles.
    confidence
        Trust in the ensemble, if the inflation is to find itself (EnKF-N); ``None`` for none.
    iterations, tolerance
        Largest number of iterations, and the step relative to the members that ends them.

    References
    ----------
    Bocquet & Sakov (2014): Q. J. R. Meteorol. Soc. 140, 1521–1535.
    """

    members: int
    lag: int = eqx.field(static=True, default=1)
    confidence: float | None = None
    inflation: Inflation = Multiplicative()
    rotation: bool = False
    iterations: int = eqx.field(static=True, default=10)
    tolerance: float = 1e-5

    def init(self, problem: Problem, key: PRNGKeyArray) -> Window:
        """Draw the members from the initial distribution."""
        check_members(self.members)
        ensemble = problem.initial.sample(key, self.members)
        return opened(ensemble, spread(centre(ensemble)[1]))

    def forecast(
        self, state: Window, problem: Problem, time: Float[Array, ""], key: PRNGKeyArray
    ) -> Window:
        """Slide the window by one cycle."""
        now = problem.propagate_all(state.now, time, key)
        new = slid(state, now, problem, self.lag, time, key)
        return new._replace(spread=spread(centre(now)[1]))

    def analyse(
        self,
        state: Window,
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Window:
        """Correct the ensemble at the start of the window."""
        first = time - state.length * problem.interval
        mean, anomalies = centre(state.start)
        unit = jnp.eye(self.members, dtype=mean.dtype)

        def once(it: _Iterate) -> _Iterate:
            ensemble = mean + (it.weights + it.transform) @ anomalies
            end = carry(ensemble, problem, first, key, self.lag, state.length)
            seen, innovation = whitened(end, y, problem)
            seen = it.inverse @ seen
            spectrum = decompose(seen)
            sure = self._certainty(spectrum.values, it.weights)
            gradient = seen @ innovation - sure * it.weights
            step = spectrum.apply(lambda value: 1 / (value + sure), gradient)
            members = self.members - 1
            transform = spectrum.matrix(lambda value: jnp.sqrt(members / (value + sure)))
            inverse = spectrum.matrix(lambda value: jnp.sqrt((value + sure) / members))
            # The last step is not run through the model again: to first order it moves the end
            # of the window along the prior anomalies there.
            prior = jnp.where(it.iteration == 0, centre(end)[1], it.prior)
            return _Iterate(
                it.iteration + 1,
                step @ step < self.tolerance * self.members,
                it.weights + step,
                transform,
                inverse,
                prior,
                end + (step + transform - it.transform) @ prior,
            )

        zero = jnp.zeros(self.members, mean.dtype)
        begin = _Iterate(jnp.asarray(0), jnp.asarray(False), zero, unit, unit, state.now, state.now)
        last = jax.lax.while_loop(
            lambda it: (it.iteration < self.iterations) & ~it.done, once, begin
        )
        smooth, turned = centre(mean + (last.weights + last.transform) @ anomalies)
        turned = self.inflation(turned, anomalies)
        if self.rotation:
            turned = rotate(turned, key)
        return Window(smooth + turned, last.now, spread(centre(last.now)[1]), state.length)

    def _certainty(
        self, values: Float[Array, " rank"], weights: Float[Array, " members"]
    ) -> Float[Array, ""]:
        """N - 1, or the effective size that the weights so far speak for (primal EnKF-N)."""
        if self.confidence is None:
            return jnp.asarray(self.members - 1, values.dtype)
        on_mean, on_log = hyperprior(values, self.members, self.confidence)
        return (self.members - 1) * on_log / (on_mean + weights @ weights)

    def estimate(self, state: Window) -> Estimate:
        """Mean and spread at the current time."""
        return Estimate(state.now.mean(0), state.spread)
