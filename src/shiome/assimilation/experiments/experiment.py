"""What a published experiment is: a scheme, a problem and a printed number."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from shiome.assimilation.cycle import twins
from shiome.assimilation.observations import Everything, IndependentError
from shiome.assimilation.problem import Gaussian, Problem
from shiome.assimilation.scheme import Scheme
from shiome.assimilation.score import Score, score
from shiome.core.errors import ModelError
from shiome.simulation.lorenz96 import Lorenz96

VARIABLES = 40

BRIEF_CYCLES = 1000
"""Up to here compiling takes longer than running."""


def near_rest(variance: float) -> Gaussian:
    """Start of all Lorenz-96 experiments here: the first unit vector, nearly certain."""
    return Gaussian(jnp.zeros(VARIABLES).at[0].set(1.0), variance)


def fully_observed(every: int = 1) -> Problem:
    """Lorenz-96 with unit error on every variable, ``every`` steps of 0.05 apart."""
    return Problem(Lorenz96(), Everything(), IndependentError(1.0), near_rest(1e-3), every)


@dataclass(frozen=True)
class Experiment:
    """One row of a published table.

    Attributes
    ----------
    key
        Short, stable name.
    title
        Scheme and settings in words.
    published
        Root-mean-square error of the analysis as printed.
    build
        Makes scheme and problem.
    source
        Paper and place.
    rounding
        Half of the last printed digit.
    spin_up
        Time to leave out at the start, in units of the model.
    double
        Whether the covariances are too ill-conditioned for single precision.
    holds
        Cycles for which it is known to hold the truth, where it loses it in longer runs.
    """

    key: str
    title: str
    published: float
    build: Callable[[], tuple[Scheme, Problem]]
    source: str
    rounding: float = 0.005
    spin_up: float = 20.0
    double: bool = False
    holds: int | None = None

    def run(self, cycles: int, seeds: int, key: jax.Array) -> Score:
        """Score of ``seeds`` experiments of ``cycles`` cycles after the spin-up.

        Raises
        ------
        DivergenceError
            If the filter lost the truth.
        """
        with jax.enable_x64(self.double):
            scheme, problem = self.build()
            burn_in = round(self.spin_up / problem.interval)
            keys = jax.random.split(key, seeds)
            brief = cycles <= BRIEF_CYCLES
            errors, diagnosis = twins(scheme, problem, cycles + burn_in, keys, brief=brief)
        return score(errors, diagnosis, burn_in)

    def confirm(self, measured: Score) -> None:
        """Raise :class:`ModelError` unless the printed number is reproduced.

        The mean may differ by three standard errors and the rounding of the printed digit.
        """
        allowed = 3 * measured.standard_error + self.rounding
        if not abs(measured.mean - self.published) <= allowed:
            raise ModelError(
                f"{self.title}: analysis error {measured.mean:.4f} ± {measured.standard_error:.4f}"
                f", published {self.published:g} ({self.source}); expected within {allowed:.4f}."
            )
