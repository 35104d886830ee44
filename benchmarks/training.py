"""Training and inference of a ResNet and a U-Net beside PyTorch, on **synthetic** noise.

PyTorch runs channels-last in single precision on as many threads as there are cores. Its weights
are copied from ours, and the largest difference of the outputs is in the notes.

    pip install torch==2.13.0
    python -m benchmarks training
"""

import os
from typing import Any

import numpy as np

from benchmarks.table import Cost, Row, in_own_process, measured, peer, show

SIDE, BATCHES = 64, (16, 64)
NETS = {"ResNet, 16–128 channels": "resnet", "U-Net, 16–128 channels": "unet"}


def _network(family: str) -> Any:
    import jax

    from shiome.nets.resnet import ResNet
    from shiome.nets.unet import UNet

    key = jax.random.key(0)
    if family == "resnet":
        return ResNet(1, 3, stages=(1, 1, 1, 1), width=16, key=key)
    return UNet(1, 1, width=16, depth=3, key=key)


def _images(batch: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(batch, SIDE, SIDE, 1)).astype(np.float32)


def _fastest(run: Any, repeats: int = 5) -> Cost:
    """Cost of the fastest of a few runs, after two to warm up."""
    run(), run()
    costs = []
    for _ in range(repeats):
        with measured() as cost:
            run()
        costs.append(cost)
    return min(costs, key=lambda cost: cost.seconds)


def time_ours(family: str, batch: int) -> tuple[Cost, Cost, Any, np.ndarray]:
    """Inference, training step, weights in order of use, and outputs for ``_images``."""
    import jax
    import jax.numpy as jnp
    import optax

    from shiome.nets.inference import outputs
    from shiome.training.supervised import InMemory, train

    network, x = _network(family), _images(batch)
    inference = _fastest(lambda: outputs(network, x, batch=batch))
    loss = InMemory(_square, jnp.asarray(x), jnp.zeros(batch), batch)
    optimiser = optax.adam(1e-3)
    # Steps as `fit` takes them, timed from one report of progress to the next.
    clock = _Clock()
    key = jax.random.key(0)
    train(network, loss, optimiser=optimiser, steps=24, chunk=4, key=key, advance=clock)
    return inference, clock.fastest(4), _arrays(network), outputs(network, x, batch=batch)


def _square(output: Any, target: Any) -> Any:
    return (output.reshape(len(output), -1) ** 2).mean(1)


class _Clock:
    """Costs between calls."""

    def __init__(self) -> None:
        self.costs: list[Cost] = []
        self._block = measured()
        self._now = self._block.__enter__()

    def __call__(self) -> None:
        self._block.__exit__(None, None, None)
        self.costs.append(self._now)
        self._block = measured()
        self._now = self._block.__enter__()

    def fastest(self, steps: int) -> Cost:
        """Cost of one step in the fastest chunk; the first also compiles."""
        best = min(self.costs[1:], key=lambda cost: cost.seconds)
        return Cost(best.seconds / steps, (best.cpu_seconds or 0) / steps, best.mib)


def _arrays(network: Any) -> list[tuple[str, list[np.ndarray]]]:
    """Weights of all layers, in the order in which the networks list them."""
    import jax

    from shiome.nets.layers import BatchNorm, Convolution, Dense, DoubleUp

    kinds = (BatchNorm, Convolution, Dense, DoubleUp)
    layers = jax.tree.leaves(network, is_leaf=lambda node: isinstance(node, kinds))
    return [
        (type(layer).__name__, [np.asarray(leaf) for leaf in jax.tree.leaves(layer)])
        for layer in layers
    ]


def time_torch(
    family: str, batch: int, threads: int, weights: Any, expected: np.ndarray
) -> tuple[Cost, Cost, float]:
    """Inference, training step, and the largest difference of the outputs."""
    import torch

    from benchmarks.torch_nets import ResNet, UNet, load

    torch.set_num_threads(threads)
    network = ResNet(16, 4, 3) if family == "resnet" else UNet(16, 3)
    load(network, weights)
    network = network.to(memory_format=torch.channels_last)
    x = torch.from_numpy(_images(batch).transpose(0, 3, 1, 2).copy())
    x = x.contiguous(memory_format=torch.channels_last)

    def infer() -> Any:
        with torch.no_grad():
            return network(x)

    network.eval()
    made = infer().numpy()
    made = made.transpose(0, 2, 3, 1) if made.ndim == 4 else made
    inference = _fastest(infer)
    network.train()
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        (network(x) ** 2).mean().backward()
        optimiser.step()

    return inference, _fastest(step), float(np.abs(made - expected).max())


def main() -> list[Row]:
    """All rows."""
    name = peer("torch")
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    rows = []
    for what, family in NETS.items():
        for batch in BATCHES:
            *ours, weights, made = in_own_process(time_ours, family, batch)
            *theirs, apart = in_own_process(time_torch, family, batch, threads, weights, made)
            size = f"{batch} images of {SIDE} × {SIDE}, {threads} threads"
            note = f"largest difference of the outputs {apart:.1e}; goal: ratio 0.9"
            rows.append(Row(f"{what}: inference", size, ours[0], name, theirs[0], note))
            step = Row(f"{what}: training step", size, ours[1], name, theirs[1], "goal: ratio 0.7")
            rows.append(step)
    return rows


if __name__ == "__main__":
    show(main())
