"""Time for a simulated year of the ocean, beside the same equations in vectorised NumPy."""

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.table import Cost, Row, peer, show
from shiome.data import open_sample
from shiome.simulation import ensemble
from shiome.simulation.ocean import OceanState, ReducedGravityOcean, reduced_gravity_ocean
from shiome.simulation.ocean.basin import Basin, tropical_basin

State = tuple[np.ndarray, np.ndarray, np.ndarray]


def numpy_step(ocean: ReducedGravityOcean) -> Callable[[State], State]:
    """The step of the ocean on NumPy arrays (members, latitude, longitude), in 32 bits."""
    k = jax.tree.map(np.asarray, ocean.coefficients)
    rows, columns = ocean.basin.shape

    def at(field: np.ndarray, north: int = 0, east: int = 0) -> np.ndarray:
        return field[:, 1 + north : rows - 1 + north, 1 + east : columns - 1 + east]

    def whole(inside: np.ndarray) -> np.ndarray:
        out = np.zeros((len(inside), rows, columns), inside.dtype)
        out[:, 1:-1, 1:-1] = inside
        return out

    def spread(f: np.ndarray, keep: np.ndarray, x: np.ndarray, n: np.ndarray, s: np.ndarray):
        along = x * (at(f, east=1) + at(f, east=-1))
        return keep * at(f) + along + (n * at(f, 1) + s * at(f, -1))

    def step(state: State) -> State:
        u, v, h = state
        h = whole(
            k.h_keep * at(h)
            - k.h_u * (at(u) - at(u, east=-1))
            - (k.h_v * at(v) - k.h_v_south * at(v, -1))
        )
        around = at(v) + at(v, east=1) + (at(v, -1) + at(v, -1, 1))
        u = whole(
            spread(u, k.u_keep, k.u_x, k.u_north, k.u_south)
            + k.u_v * around
            - k.u_h * (at(h, east=1) - at(h))
        )
        v = whole(
            spread(v, k.v_keep, k.v_x, k.v_north, k.v_south)
            - k.v_u * (at(u) + at(u, east=-1))
            - k.v_u_north * (at(u, 1) + at(u, 1, -1))
            - k.v_h * (at(h, 1) - at(h))
        )
        return u, v, h

    return step


def start(basin: Basin, members: int) -> OceanState:
    """A different smooth bump of the layer in each member."""
    y, x = basin.latitude[:, None], basin.longitude
    centre = np.linspace(130.0, 270.0, members)[:, None, None]
    h = 10.0 * np.exp(-((y / 5.0) ** 2) - ((x - centre) / 10.0) ** 2) * basin.wet
    zero = jnp.zeros((members, *basin.shape), jnp.float32)
    return OceanState(zero, zero, jnp.asarray(h, jnp.float32))


def thickness(state: OceanState) -> jax.Array:
    """What the benchmark looks at; one function, so that it is compiled once."""
    return state.h


def best_seconds(run: Callable[[], object], repeats: int = 3) -> float:
    """Shortest wall-clock time of some runs, the first, which compiles, not counted."""
    run()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def measure(spacing: tuple[float, float], members: int, steps: int, steps_per_month: int = 244):
    """Seconds of a step in JAX and in NumPy, and the largest difference at the end in m."""
    basin = tropical_basin(open_sample("relief-1deg")["surface_altitude"], spacing)
    ocean = reduced_gravity_ocean(basin, steps_per_month=steps_per_month)
    states, key = start(basin, members), jax.random.key(0)

    def engine() -> jax.Array:
        out = ensemble(ocean, states, 0.0, steps, key, every=steps, observe=thickness)
        return jax.block_until_ready(out)

    step = numpy_step(ocean)

    def plain() -> np.ndarray:
        state: State = (np.asarray(states.u), np.asarray(states.v), np.asarray(states.h))
        for _ in range(steps):
            state = step(state)
        return state[2]

    difference = float(np.abs(engine()[:, 0] - plain()).max())
    return best_seconds(engine) / steps, best_seconds(plain, 1) / steps, difference


def main() -> list[Row]:
    """Seconds of a simulated year of all members, in steps of three (or one and a half) hours."""
    cases = [
        ((2.0, 1.0), 1, 1000, 244),
        ((2.0, 1.0), 8, 300, 244),
        ((2.0, 1.0), 108, 60, 244),
        ((4.0, 2.0), 108, 120, 244),
        ((1.0, 0.5), 8, 60, 488),
    ]
    rows = []
    for spacing, members, steps, per_month in cases:
        ours, plain, difference = measure(spacing, members, steps, per_month)
        year = 12 * per_month
        rows.append(
            Row(
                "ocean, one year",
                f"{spacing[0]:g}° × {spacing[1]:g}°, {members} members",
                Cost(ours * year),
                peer("numpy") + ", same equations",
                Cost(plain * year),
                f"{members / (ours * year):.1f} simulated years a second; largest difference "
                f"{difference:.1e} m after {steps} steps",
            )
        )
    return rows


if __name__ == "__main__":
    show(main())
