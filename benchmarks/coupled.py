"""Simulated years per second of the coupled model, beside the same equations in NumPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.ocean import best_seconds
from benchmarks.table import Cost, Row, peer, show
from shiome.data import open_sample
from shiome.showcases.seasonal.coupled import coupled_system
from shiome.simulation import ensemble
from shiome.simulation.coupled import CoupledModel, SeasonalClosure, fit_coupled
from shiome.simulation.coupled.model import LARGEST_AMPLITUDE, LARGEST_INDEX
from shiome.simulation.ocean import simulated_ocean


def numpy_run(model: CoupledModel, states: np.ndarray, months: int, seed: int | None) -> np.ndarray:
    """The last states of members (members, k + n), from January; no noise without a seed."""
    m = jax.tree.map(np.asarray, model)
    closure, k = m.closure, model.modes
    assert isinstance(closure, SeasonalClosure)
    rng = np.random.default_rng(seed)
    for month in range(months):
        now = month % 12
        surface, ocean = states[:, :k], states[:, k:]
        charge = ocean @ m.charge
        nino, dipole = np.clip(surface @ closure.indices.T, -LARGEST_INDEX, LARGEST_INDEX).T
        held = np.clip(charge, -LARGEST_INDEX, LARGEST_INDEX)
        products = np.stack([nino**2 - 1, nino * held, dipole**2 - 1], axis=1)
        new = surface @ m.heat.propagator[now].T + ocean @ m.heat.heating[now].T
        new += np.concatenate([surface, charge[:, None]], axis=1) @ closure.linear[now].T
        new += products @ closure.quadratic[now].T
        push = 0.0
        if seed is not None:
            draw = rng.standard_normal((len(states), m.noise.shape[1]), np.float32)
            forcing = draw @ m.noise[now].T
            new += forcing[:, :k]
            push = forcing[:, k:] @ m.gusts.T
        new = np.clip(new, -LARGEST_AMPLITUDE, LARGEST_AMPLITUDE)
        ocean = ocean @ m.transition.T + new @ m.wind.T + push
        states = np.concatenate([new, ocean], axis=1)
    return states


@eqx.filter_jit
def _without_noise(model: CoupledModel, states: jax.Array, months: int) -> jax.Array:
    """The last states (members, k + n), from January, and no random number drawn."""
    still = jnp.zeros(model.noise.shape[1])

    def one(states: jax.Array, month: jax.Array) -> tuple[jax.Array, None]:
        return jax.vmap(lambda state: model.advance(state, month % 12, still))(states), None

    return jax.lax.scan(one, states, jnp.arange(months))[0]


def measure(model: CoupledModel, members: int, years: int, *, noisy: bool = True) -> Row:
    """One row: free runs with or without noise; the difference is that of the runs without."""
    start = 0.5 * np.random.default_rng(0).standard_normal((members, len(model.charge)))
    padded = np.concatenate([0.5 * np.ones((members, model.modes)), 0.1 * start], axis=1)
    states = padded.astype(np.float32)
    months, key = 12 * years, jax.random.key(0)

    def engine(used: CoupledModel) -> np.ndarray:
        path = ensemble(used, jnp.asarray(states), 0.0, months, key, every=months)
        return np.asarray(path[:, 0])

    quiet = lambda: _without_noise(model, jnp.asarray(states), months)
    apart = np.asarray(quiet()) - numpy_run(model, states, months, None)
    run = (lambda: engine(model)) if noisy else (lambda: np.asarray(quiet()))
    ours = best_seconds(run)
    theirs = best_seconds(lambda: numpy_run(model, states, months, 0 if noisy else None), 1)
    return Row(
        f"coupled model, {years} years{'' if noisy else ', equations alone'}",
        f"{members} members",
        Cost(ours),
        peer("numpy") + ", same equations",
        Cost(theirs),
        f"{members * years / ours:.0f} simulated years a second; largest difference without noise "
        f"{np.abs(apart).max():.1e}",
    )


def main() -> list[Row]:
    """Free runs of 1, 108 and 1080 members, and what of it is not random numbers."""
    relief, winds = open_sample("relief-1deg")["surface_altitude"], open_sample("navy-winds")
    system = coupled_system(simulated_ocean(relief, winds, months=2))
    sst = open_sample("sst-anomaly-t30")["sst_anomaly"]
    model = fit_coupled(system, sst, np.ones(sst.sizes["time"], bool)).model
    rows = [measure(model, members, 100) for members in (1, 108, 1080)]
    return [*rows, *(measure(model, members, 100, noisy=False) for members in (108, 1080))]


if __name__ == "__main__":
    show(main())
