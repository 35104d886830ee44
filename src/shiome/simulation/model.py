"""The interface that every model shares."""

import abc
from typing import TYPE_CHECKING, Any

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray


class Model(eqx.Module):
    """Anything that steps a state: equations, an empirical model, a trained network.

    A model is immutable, its arrays are leaves of a pytree, and :meth:`step` is a pure function:
    it may be compiled, batched over members with ``vmap`` and differentiated. Whatever takes a
    ``Model`` (trajectories, ensembles, assimilation, training, verification) takes all of them.

    Attributes
    ----------
    time_step
        Length of one step, in ``time_unit``.
    time_unit
        UDUNITS unit of time, or "1" for a dimensionless model.
    units
        Unit of each named part of the state, or of the whole state under the name "state".
    """

    if TYPE_CHECKING:
        # A type checker takes Equinox's abstract variable for a constructor argument.
        @property
        def time_step(self) -> float: ...
    else:
        time_step: eqx.AbstractVar[float]
    time_unit: eqx.AbstractClassVar[str]
    units: eqx.AbstractClassVar[dict[str, str]]

    @abc.abstractmethod
    def step(self, state: Any, time: Float[Array, ""], key: PRNGKeyArray) -> Any:
        """Advance one state by one time step.

        Parameters
        ----------
        state
            Array or pytree of arrays.
        time
            Time of ``state`` in ``time_unit``. For monthly models the month number
            (:mod:`shiome.grids.months`), whose remainder by 12 is the calendar month.
        key
            Random key of this step; deterministic models ignore it.

        Returns
        -------
        The state at ``time + time_step``, of the same structure, shapes and types.
        """
