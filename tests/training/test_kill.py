"""A training whose process is killed without warning goes on to the same weights."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

TRAINING = """
import sys
import jax, jax.numpy as jnp, numpy as np
from pathlib import Path
from shiome.training.fit import BatchLoss, fit, muon

x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
y = np.sin(x).sum(1)

def error(layers, example):
    x, y = example
    return jnp.mean((jnp.tanh(x @ layers[0]) @ layers[1] - y) ** 2)

def score(layers):
    print("chunk", flush=True)
    return error(layers, (x, y))

one, two = jax.random.split(jax.random.key(1))
start = [0.5 * jax.random.normal(one, (3, 16)), 0.5 * jax.random.normal(two, (16,))]
layers, _ = fit(
    start,
    BatchLoss(error, (jnp.asarray(x), jnp.asarray(y)), 32),
    None,
    optimiser=muon(0.02, 200_000),
    steps=200_000,
    chunk=5_000,
    key=jax.random.key(0),
    validate=score,
    compile_validation=False,
    checkpoint=Path(sys.argv[1]),
)
np.savez(sys.argv[2], *layers)
"""


def start(folder, name):
    """The training in a process of its own, which tells of each chunk it computes."""
    command = [sys.executable, "-c", TRAINING, str(folder / f"{name}.ckpt"), str(folder / name)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_killed_process_goes_on_to_the_same_weights(tmp_path):
    whole, killed = start(tmp_path, "whole.npz"), start(tmp_path, "killed.npz")
    # In the middle of the fourth chunk.
    for _ in range(3):
        assert killed.stdout.readline() == "chunk\n"
    os.kill(killed.pid, signal.SIGKILL)
    told = len(killed.communicate()[0].splitlines())
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed.npz").exists()
    again = start(tmp_path, "killed.npz")
    rest = len(again.communicate()[0].splitlines())
    assert len(whole.communicate()[0].splitlines()) == 40
    assert whole.returncode == again.returncode == 0
    # It went on, and did not begin anew.
    assert rest <= 40 - 3 - told + 1
    one, other = np.load(tmp_path / "whole.npz"), np.load(tmp_path / "killed.npz")
    assert all(np.array_equal(one[name], other[name]) for name in one.files)
