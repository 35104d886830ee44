"""Assimilation: cost per cycle beside DAPPER, a hundred experiments at once, and large states.

All observations are **synthetic**. DAPPER is timed where it is installed (``pip install
dapper==1.7.1``), here or in the environment whose Python DAPPER_PYTHON names; it asks for older
companions than Shiome, so that an environment of its own may be needed.

    DAPPER_PYTHON=/path/to/python python -m benchmarks.assimilation
"""

import os
import subprocess
import sys
from typing import Any

import numpy as np

from benchmarks.table import Cost, Row, in_own_process, measured, show

CYCLES = 1000
SHALLOW_WATER = "reduced gravity, 64 x 64 x 3"

PEER = """
import importlib.metadata, time
print("RESULT", importlib.metadata.version("dapper"))
import dapper, dapper.da_methods as da, dapper.tools.progressbar as bar
from dapper.mods.Lorenz96.sakov2008 import HMM
bar.disable_progbar = True
HMM.tseq.Ko = {cycles}
dapper.set_seed(3001)
truth, seen = HMM.simulate()
for scheme in (da.EnKF("Sqrt", N=24, infl=1.013, rot=True),
               da.LETKF(N=7, infl=1.04, loc_rad=4, rot=True)):
    begin, cpu = time.perf_counter(), time.process_time()
    scheme.assimilate(HMM, truth, seen, liveplots=False)
    print("RESULT", time.perf_counter() - begin, time.process_time() - cpu)
"""


def time_dapper() -> tuple[str, list[Cost | None]]:
    """Version of DAPPER, and its cost of ``CYCLES`` cycles of each scheme; on one thread."""
    done = subprocess.run(
        [os.environ.get("DAPPER_PYTHON", sys.executable), "-c", PEER.format(cycles=CYCLES)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if len(found) != 3:
        return "", [None, None]
    return f"dapper {found[0][0]}", [Cost(float(s), float(cpu)) for s, cpu in found[1:]]


def time_table(key: str, experiments: int) -> Cost:
    """``CYCLES`` cycles of a published experiment, compiled before."""
    import jax

    from shiome.assimilation.cycle import twins
    from shiome.assimilation.experiments import TABLE

    scheme, problem = next(x for x in TABLE if x.key == key).build()
    keys = jax.random.split(jax.random.key(1), experiments)
    jax.block_until_ready(twins(scheme, problem, CYCLES, keys))
    with measured() as cost:
        jax.block_until_ready(twins(scheme, problem, CYCLES, keys))
    return cost


def time_letkf(size: int, members: int) -> Cost:
    """One LETKF cycle on a circle of ``size`` variables."""
    import jax.numpy as jnp

    from shiome.assimilation.letkf import LocalTransform
    from shiome.assimilation.localisation import neighbourhood
    from shiome.assimilation.observations import Everything, IndependentError
    from shiome.assimilation.problem import Gaussian, Problem
    from shiome.simulation.lorenz96 import Lorenz96

    circle = np.arange(size)
    near = neighbourhood(circle, circle, 4.0, period=size)
    start = Gaussian(jnp.full(size, 2.3), 1.0)
    problem = Problem(Lorenz96(), Everything(), IndependentError(1.0), start)
    return _one_cycle(LocalTransform(members, near), problem)[0]


def time_shallow_water(members: int) -> tuple[Cost, float, float]:
    """One LETKF cycle of 12,288 variables, and thickness errors with and without assimilation."""
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    from shiome.assimilation.letkf import LocalTransform
    from shiome.assimilation.localisation import neighbourhood
    from shiome.assimilation.observations import IndependentError, Selection
    from shiome.assimilation.problem import Gaussian, Problem
    from shiome.simulation.shallow_water.reduced_gravity import Layer, ReducedGravity

    size, model = 64, ReducedGravity()
    waves = 2 * np.pi * np.arange(size) / size
    h = 40 * np.sin(2 * waves)[:, None] * np.cos(2 * waves) + 15 * np.cos(3 * waves)
    rest = model.balanced(jnp.asarray(h, jnp.float32))
    mean, unravel = ravel_pytree(rest)
    spread = Layer(*(jnp.full((size, size), value) for value in (0.02, 0.02, 5.0)))
    place = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), -1)
    place = np.tile(place.reshape(-1, 2), (3, 1))
    # Thickness on every second row and column, with an error of 1 m.
    seen = np.arange(2 * size**2, 3 * size**2).reshape(size, size)[::2, ::2].ravel()
    near = neighbourhood(place, place[seen], 2.0, period=size)
    variance = ravel_pytree(spread)[0] ** 2
    problem = Problem(
        model,
        Selection(jnp.asarray(seen)),
        IndependentError(1.0),
        Gaussian(mean, variance),
        6,
        unravel,
    )
    cost, errors = _one_cycle(LocalTransform(members, near), problem, cycles=20, part=seen)
    return cost, float(errors[0][-5:].mean()), float(errors[1][-5:].mean())


def _one_cycle(scheme: Any, problem: Any, cycles: int = 3, part: Any = slice(None)) -> Any:
    """Cost of one of a few cycles, and errors with observations and without."""
    import jax
    import jax.numpy as jnp

    from shiome.assimilation.cycle import assimilate, simulate

    key = jax.random.key(0)
    truth, seen = jax.jit(lambda k: simulate(problem, cycles, k))(key)
    mean = lambda prior, posterior, cycle: posterior.mean
    run = jax.jit(lambda y: assimilate(scheme, problem, y, key, record=mean).record)
    free = jax.block_until_ready(run(jnp.full_like(seen, jnp.nan)))
    with measured() as cost:
        with_data = jax.block_until_ready(run(seen))
    cost.seconds, cost.cpu_seconds = cost.seconds / cycles, (cost.cpu_seconds or 0) / cycles
    error = lambda x: np.sqrt(np.mean(np.asarray(x - truth)[:, part] ** 2, axis=1))
    return cost, (error(with_data), error(free))


def main() -> list[Row]:
    """All rows."""
    name, theirs = time_dapper()
    rows = []
    for key, their in zip(("enkf_square_root_24", "letkf_7"), theirs, strict=True):
        what = f"{key}, {CYCLES} cycles"
        rows.append(Row(what, "1 experiment", in_own_process(time_table, key, 1), name, their))
        many = their and Cost(100 * their.seconds, 100 * (their.cpu_seconds or 0))
        note = f"{name}: 100 times its single run" if many else ""
        ours = in_own_process(time_table, key, 100)
        rows.append(Row(what, "100 experiments", ours, name, many, note))
    for size, members in ((1000, 10), (10_000, 10), (100_000, 10), (10_000, 20), (10_000, 40)):
        cost = in_own_process(time_letkf, size, members)
        rows.append(Row("LETKF, one cycle", f"{size} variables, N = {members}", cost))
    cost, error, free = in_own_process(time_shallow_water, 20)
    note = f"thickness error {error:.2f} m after 20 cycles, {free:.2f} m without observations"
    rows.append(Row("LETKF, one cycle", f"{SHALLOW_WATER}, N = 20", cost, note=note))
    return rows


if __name__ == "__main__":
    show(main())
