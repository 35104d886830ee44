"""Assimilation timings: cost per cycle beside DAPPER, many experiments at once, large states.

DAPPER is not a dependency. Where it is installed (``pip install dapper==1.7.1``), in this or in
another environment whose Python is given as DAPPER_PYTHON, it is timed too.
"""

import os
import resource
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

from shiome.assimilation.cycle import assimilate, twins
from shiome.assimilation.ensembles import Multiplicative
from shiome.assimilation.experiments import TABLE
from shiome.assimilation.letkf import LocalTransform
from shiome.assimilation.localisation import neighbourhood
from shiome.assimilation.observations import Everything, IndependentError
from shiome.assimilation.problem import Gaussian, Problem
from shiome.simulation.lorenz96 import Lorenz96

CYCLES = 1000

PEER = """
import time, numpy, dapper, dapper.da_methods as da, dapper.tools.progressbar as bar
from dapper.mods.Lorenz96.sakov2008 import HMM
bar.disable_progbar = True
HMM.tseq.Ko = {cycles}
dapper.set_seed(3001)
truth, seen = HMM.simulate()
for scheme in (da.EnKF("Sqrt", N=24, infl=1.013, rot=True),
               da.LETKF(N=7, infl=1.04, loc_rad=4, rot=True)):
    begin = time.process_time()
    scheme.assimilate(HMM, truth, seen, liveplots=False)
    print("RESULT", (time.process_time() - begin) / {cycles} * 1e3)
"""


def cpu_per_cycle(scheme, problem, experiments):
    """Milliseconds of CPU time per cycle of each experiment, once compiled."""
    keys = jax.random.split(jax.random.key(1), experiments)
    jax.block_until_ready(twins(scheme, problem, CYCLES, keys))
    begin = time.process_time()
    jax.block_until_ready(twins(scheme, problem, CYCLES, keys))
    return (time.process_time() - begin) / CYCLES / experiments * 1e3


def peer():
    """Milliseconds of CPU time per cycle of DAPPER's square-root EnKF and LETKF."""
    python = os.environ.get("DAPPER_PYTHON", sys.executable)
    single = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-c", PEER.format(cycles=CYCLES)],
        env=single,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [float(line.split()[1]) for line in done.stdout.splitlines() if "RESULT" in line]
    return found or [None, None]


def large(size, members):
    """Milliseconds of wall-clock per LETKF cycle on a circle of ``size`` variables."""
    circle = np.arange(size)
    near = neighbourhood(circle, circle, 4.0, period=size)
    problem = Problem(
        Lorenz96(), Everything(), IndependentError(1.0), Gaussian(jnp.full(size, 2.3), 1.0)
    )
    scheme = LocalTransform(members, near, Multiplicative(1.04))
    key = jax.random.key(0)
    truth = problem.initial.sample(key)
    run = jax.jit(lambda y: assimilate(scheme, problem, y, key, record=lambda *_: None).state)
    seen = truth + jax.random.normal(key, (3, size))
    jax.block_until_ready(run(seen))
    begin = time.perf_counter()
    jax.block_until_ready(run(seen))
    return (time.perf_counter() - begin) / 3 * 1e3


def main():
    theirs = peer()
    by_key = {x.key: x for x in TABLE}
    for key, other in zip(("enkf_square_root_24", "letkf_7"), theirs, strict=True):
        scheme, problem = by_key[key].build()
        one, many = (cpu_per_cycle(scheme, problem, n) for n in (1, 100))
        words = (
            "DAPPER not installed"
            if other is None
            else (
                f"DAPPER {other:.2f} ms: {other / one:.0f}x, and {other / many:.0f}x with 100 at once"
            )
        )
        print(f"{key}: {one:.3f} ms CPU per cycle, {many:.3f} with 100 at once; {words}")
    for size, members in ((1000, 10), (10_000, 10), (100_000, 10), (10_000, 20), (10_000, 40)):
        milliseconds = large(size, members)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"LETKF, {size} variables, N = {members}: {milliseconds:.0f} ms; peak {peak:.2f} GiB")


if __name__ == "__main__":
    main()
