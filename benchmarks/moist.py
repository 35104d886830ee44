"""Time for a simulated day of the moist world as the grid grows; its dry core beside NumPy."""

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.ocean import best_seconds
from benchmarks.table import Cost, Row, peer, show
from shiome.simulation import ensemble
from shiome.simulation.shallow_water.moist import moist_world
from shiome.simulation.shallow_water.operators import shallow_water

HOUR = 215 * 24.0
DEPTH, GRAVITY, SPACING, CORIOLIS = 3000.0, 0.4, 25_000.0, 5e-5
Layer = tuple[np.ndarray, np.ndarray, np.ndarray]


def numpy_tendency(state: Layer) -> Layer:
    """The tendency of wind and thickness on NumPy arrays (y, x), in 32 bits."""
    u, v, h = state

    def at(a: np.ndarray, north: int = 0, east: int = 0) -> np.ndarray:
        return np.roll(a, (-north, -east), (-2, -1))

    thick = DEPTH + h
    flux_x, flux_y = 0.5 * (thick + at(thick, 0, 1)) * u, 0.5 * (thick + at(thick, 1)) * v
    corner = 0.25 * (thick + at(thick, 0, 1) + at(thick, 1) + at(thick, 1, 1))
    q = (CORIOLIS + (at(v, 0, 1) - v - at(u, 1) + u) / SPACING) / corner
    energy = GRAVITY * h + 0.25 * (u**2 + at(u, 0, -1) ** 2 + v**2 + at(v, -1) ** 2)
    turn_u = q * 0.5 * (flux_y + at(flux_y, 0, 1))
    turn_v = q * 0.5 * (flux_x + at(flux_x, 1))
    return (
        0.5 * (turn_u + at(turn_u, -1)) - (at(energy, 0, 1) - energy) / SPACING,
        -0.5 * (turn_v + at(turn_v, 0, -1)) - (at(energy, 1) - energy) / SPACING,
        -(flux_x - at(flux_x, 0, -1) + flux_y - at(flux_y, -1)) / SPACING,
    )


def world_seconds(rows: int, columns: int, members: int = 1, hours: int = 6) -> float:
    """Seconds of a simulated day of all members."""
    world = moist_world(rows, columns)
    key = jax.random.key(0)
    states = jax.vmap(lambda k: world.start(HOUR, k))(jax.random.split(key, members))

    def engine() -> jax.Array:
        out = ensemble(world, states, HOUR, hours, key, every=hours, observe=cloud)
        return jax.block_until_ready(out)

    return best_seconds(engine) * 24 / hours


def cloud(state):
    """What the benchmark looks at; one function, so that it is compiled once."""
    return state.w


def core_seconds(rows: int, columns: int, calls: int = 50) -> tuple[float, float, float]:
    """Seconds of one tendency in JAX and in NumPy, and the largest relative difference."""
    rng = np.random.default_rng(0)
    state = tuple(s * rng.normal(size=(rows, columns)).astype(np.float32) for s in (5, 5, 50))

    def tendency(u, v, h):
        du, dv, x, y = shallow_water(u, v, h, DEPTH, CORIOLIS, GRAVITY, SPACING)
        dh = -(x - jnp.roll(x, 1, 1) + y - jnp.roll(y, 1, 0)) / SPACING
        return du, dv, dh

    @jax.jit
    def many(state):
        # The tiny weight keeps the state in place, and each call in need of the one before.
        def once(state, _):
            return tuple(a + 1e-9 * b for a, b in zip(state, tendency(*state), strict=True)), None

        return jax.lax.scan(once, state, length=calls)[0]

    ours = best_seconds(lambda: jax.block_until_ready(many(state))) / calls
    theirs = best_seconds(lambda: [numpy_tendency(state) for _ in range(5)], 1) / 5
    pairs = zip(jax.jit(tendency)(*state), numpy_tendency(state), strict=True)
    difference = max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)
    return ours, theirs, difference


def main() -> list[Row]:
    """Seconds of a simulated day at several sizes, and of the dry core beside NumPy."""
    rows = []
    first = None
    for size, members in (((96, 96), 1), ((192, 192), 1), ((192, 256), 1), ((96, 96), 4)):
        seconds = world_seconds(*size, members)
        cells = size[0] * size[1] * members
        first = first or seconds / cells
        rows.append(
            Row(
                "moist world, one day",
                f"{size[0]} × {size[1]}, {members} members",
                Cost(seconds),
                note=f"{members / seconds:.2f} simulated days a second; per cell "
                f"{seconds / cells / first:.2f} × the first row",
            )
        )
    for size in ((192, 192), (384, 384)):
        ours, theirs, difference = core_seconds(*size)
        rows.append(
            Row(
                "shallow-water tendency",
                f"{size[0]} × {size[1]}",
                Cost(ours),
                peer("numpy") + ", same equations",
                Cost(theirs),
                f"largest relative difference {difference:.1e}",
            )
        )
    return rows


if __name__ == "__main__":
    show(main())
