"""What all ensemble filters share: a start, a forecast and an estimate."""

import abc

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from shiome.assimilation.ensembles import Inflation, centre, check_members, rotate, spread
from shiome.assimilation.problem import Problem
from shiome.assimilation.scheme import Estimate, Scheme

Ensemble = Float[Array, "members n"]


class EnsembleFilter(Scheme):
    """A scheme whose state is an ensemble of shape (members, n).

    Attributes
    ----------
    members
        Ensemble size, at least 2.
    inflation
        How the analysis is widened.
    rotation
        Whether the analysis anomalies are turned at random.
    """

    members: eqx.AbstractVar[int]
    inflation: eqx.AbstractVar[Inflation]
    rotation: eqx.AbstractVar[bool]

    @abc.abstractmethod
    def update(
        self, ensemble: Ensemble, y: Float[Array, " p"], problem: Problem, key: PRNGKeyArray
    ) -> Ensemble:
        """Analysis before inflation and rotation."""

    def init(self, problem: Problem, key: PRNGKeyArray) -> Ensemble:
        """Draw the members from the initial distribution."""
        check_members(self.members)
        return problem.initial.sample(key, self.members)

    def forecast(
        self, state: Ensemble, problem: Problem, time: Float[Array, ""], key: PRNGKeyArray
    ) -> Ensemble:
        """Carry every member over one cycle."""
        return problem.propagate_all(state, time, key)

    def analyse(
        self,
        state: Ensemble,
        y: Float[Array, " p"],
        problem: Problem,
        time: Float[Array, ""],
        key: PRNGKeyArray,
    ) -> Ensemble:
        """Update, inflate and turn the ensemble."""
        mean, anomalies = centre(self.update(state, y, problem, key))
        anomalies = self.inflation(anomalies, centre(state)[1])
        if self.rotation:
            anomalies = rotate(anomalies, key)
        return mean + anomalies

    def estimate(self, state: Ensemble) -> Estimate:
        """Mean and spread of the ensemble."""
        mean, anomalies = centre(state)
        return Estimate(mean, spread(anomalies))
