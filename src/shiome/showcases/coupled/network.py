"""A network in the coupled model's surface equation, taught through time.

It stands where the closure stands: added to the amplitudes after the heat budget's month, from a
start at zero. It learns by the errors of forecasts of one to nine months from training years, and
stops when forecasts of six of these years, withheld from it, no longer improve.
"""

from functools import cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax
from jaxtyping import Array, Float, Int

from shiome.nets.mlp import MLP
from shiome.simulation.coupled import Coupled, CoupledModel, with_closure
from shiome.simulation.coupled.model import Closure
from shiome.training.fit import fit

LEADS, BATCH = 9, 64
WIDTH, RATE, STEPS, CHUNK, PATIENCE = 32, 1e-3, 1500, 25, 6
# Penalty on squared weights; noise on initial states in units of their standard deviation.
PENALTY, BLUR = 3e-3, 0.3


class NetworkClosure(eqx.Module):
    """What the closure gives already, and what a network adds.

    Attributes
    ----------
    base
        The closure so far.
    network
        From amplitudes, charge, and cosine and sine of the season (k + 3) to amplitudes (k).
    """

    base: Closure
    network: MLP

    def __call__(
        self, surface: Float[Array, " k"], charge: Float[Array, ""], month: Int[Array, ""]
    ) -> Float[Array, " k"]:
        """What to add to the amplitudes after the heat budget's month."""
        angle = 2 * jnp.pi * month / 12
        season = jnp.stack([jnp.cos(angle), jnp.sin(angle)])
        known = jnp.concatenate([0.5 * surface, 0.5 * charge[None], season])
        return self.base(surface, charge, month) + self.network(known)


class _Errors(eqx.Module):
    """Mean squared error of forecasts with a network, in units of the amplitudes' variance.

    ``share`` (time,) is how often each month is a start; it adds up to one.
    """

    model: CoupledModel
    state: Float[Array, "time n"]
    month: Int[Array, " time"]
    share: Float[Array, " time"]
    variance: Float[Array, ""]

    def of(self, network: MLP, starts: Array, states: Array) -> Float[Array, " start"]:
        """Of forecasts from some states at some starts."""
        model = eqx.tree_at(lambda m: m.closure.network, self.model, network)
        still = jnp.zeros(model.noise.shape[1])

        def forecast(start: Array, first: Array) -> Array:
            def one(x: Array, lead: Array) -> tuple[Array, Array]:
                x = model.advance(x, (first + lead) % 12, still)
                return x, x[: model.modes]

            return jax.lax.scan(one, start, jnp.arange(LEADS))[1]

        at = jnp.minimum(starts[:, None] + jnp.arange(1, LEADS + 1), len(self.state) - 1)
        error = jax.vmap(forecast)(states, self.month[starts]) - self.state[at, : model.modes]
        return (error**2).sum(-1).mean(1) / self.variance


class _Validation(_Errors):
    """The error over all starts of a share."""

    def __call__(self, network: MLP) -> Float[Array, ""]:
        return self.share @ self.of(network, jnp.arange(len(self.state)), self.state)


class _Training(_Errors):
    """The error over random starts of a share, from states with noise, and a penalty."""

    blur: Float[Array, " n"]

    def __call__(self, network: MLP, carry: None, key: Array) -> tuple[Float[Array, ""], None]:
        choose, blur = jax.random.split(key)
        starts = jax.random.choice(choose, len(self.state), (BATCH,), p=self.share)
        noise = jax.random.normal(blur, (BATCH, self.state.shape[1]))
        states = self.state[starts] + self.blur * noise
        size = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(network))
        return self.of(network, starts, states).mean() + PENALTY * size, None


class Taught(NamedTuple):
    """A model with a network, and the error in the withheld years without and with it.

    The network is the one that was best there; where none was better than nothing, the model is
    the one without.
    """

    fitted: Coupled
    before: float
    after: float


def inner_years(
    usable: npt.NDArray[np.bool_], month: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """(time,) two blocks of three years among the usable ones, a quarter from either end."""
    years = np.unique(month[usable] // 12)
    quarter = len(years) // 4
    middles = (quarter, len(years) - 1 - quarter)
    chosen = np.concatenate([years[max(i - 1, 0) : i + 2] for i in middles])
    return np.asarray(np.isin(month // 12, chosen))


def with_network(fitted: Coupled, withheld: npt.NDArray[np.bool_], key: Array) -> Taught:
    """Teach a network what the model misses.

    Parameters
    ----------
    fitted
        The model so far; its usable months are learned from.
    withheld
        (time,) months that the network does not learn from and that end its training.
    key
        Random key.
    """
    begin, teach = jax.random.split(key)
    model, k = fitted.model, fitted.model.modes
    network = MLP(k + 3, k, width=WIDTH, key=begin)
    model = with_closure(model, NetworkClosure(model.closure, network))
    month, known = fitted.surface.month, fitted.surface.known

    def arguments(months: npt.NDArray[np.bool_]) -> tuple[Array, Array, Array, Array]:
        share = _complete(months).astype(np.float32)
        variance = fitted.surface.amplitude[fitted.usable].var(0).mean()
        return (
            jnp.asarray(fitted.learned_from),
            jnp.asarray(month.astype(np.int32)),
            jnp.asarray(share / share.sum()),
            jnp.asarray(variance, jnp.float32),
        )

    blur = BLUR * fitted.learned_from[fitted.usable].std(0)
    validation = _Validation(model, *arguments(withheld & known))
    network, history = fit(
        network,
        _Training(model, *arguments(fitted.usable & ~withheld), blur=jnp.asarray(blur)),
        None,
        optimiser=_optimiser(),
        steps=STEPS,
        key=teach,
        chunk=CHUNK,
        validate=validation,
        patience=PATIENCE,
    )
    before = float(eqx.filter_jit(validation)(jax.tree.map(jnp.zeros_like, network)))
    after = float(np.nanmin(history.validation))
    if after >= before:
        return Taught(fitted, before, before)
    return Taught(fitted.with_closure(NetworkClosure(fitted.model.closure, network)), before, after)


def _complete(months: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(time,) starts that are given with all months of their forecast."""
    out = np.zeros(len(months), bool)
    windows = np.lib.stride_tricks.sliding_window_view(months, LEADS + 1)
    out[: len(windows)] = windows.all(1)
    return out


@cache
def _optimiser() -> optax.GradientTransformation:
    """One object, so that a training compiles once."""
    return optax.adam(optax.cosine_decay_schedule(RATE, STEPS))
