"""Sharpening: million fine cells per second beside the same network in PyTorch, and memory.

All heights are **synthetic**. PyTorch is timed where it is installed (``pip install torch``).

    python -m benchmarks.seafloor
    python -m benchmarks.seafloor memory   # only the strips around the Earth
"""

import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.table import Cost, MissingPeerError, Row, in_own_process, measured, peer, show

FACTOR = 4
TILE, REACH = 256, 20
BLOCKS, WIDTH = 5, 32
GLOBE = 86_400, 43_200
"""Columns and rows of the whole Earth at 15 arc-seconds."""


def _only(cores: int) -> None:
    """Keep this process to so many cores; before JAX and PyTorch make their threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    os.environ["OMP_NUM_THREADS"] = str(cores)


def _grid(path: Path, rows: int, columns: int) -> None:
    """A grid of 15 arc-seconds of synthetic relief, written row by row as int16."""
    import netCDF4

    rng = np.random.default_rng(0)
    with netCDF4.Dataset(path, "w") as file:
        for name, size, first, unit in (
            ("lat", rows, -10.0, "degrees_north"),
            ("lon", columns, -180.0, "degrees_east"),
        ):
            file.createDimension(name, size)
            axis = file.createVariable(name, "f8", (name,))
            axis.units = unit
            axis[:] = first + np.arange(size) / 240
        heights = file.createVariable("elevation", "i2", ("lat", "lon"))
        heights.units, heights.standard_name = "m", "height_above_mean_sea_level"
        for row in range(rows):
            heights[row] = np.cumsum(rng.normal(0, 20, columns)).clip(-3000, 3000) - 4000


def time_command(
    rows: int, columns: int, cores: int, factor: int = FACTOR, *, quick: bool = False
) -> tuple[Cost, int, float]:
    """``sharpen`` from file to file, compiled before.

    Parameters
    ----------
    rows, columns
        Of the input.
    cores
        To run on.
    factor
        How much finer.
    quick
        Whether to use a tiny untrained network: where memory is asked for, not time.

    Returns
    -------
    What it took, the fine cells that were written, and the size of the input in MB.
    """
    _only(cores)
    import jax

    from shiome.nets.sharpener import sharpener
    from shiome.showcases.seafloor.sharpen import sharpen

    tiny = {"widths": (8, 8), "sizes": (3, 1, 3)}
    networks = None
    if quick:
        networks = [sharpener(body="srcnn", factor=factor, settings=tiny, key=jax.random.key(0))]
    options: dict[str, Any] = {"factor": factor, "networks": networks}
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.nc", Path(folder) / "large.nc"
        _grid(small, TILE, TILE)
        _grid(large, rows, columns)
        sharpen(str(small), Path(folder) / "warm.nc", **options)
        with measured() as cost:
            done = sharpen(str(large), Path(folder) / "out.nc", **options)
        size = large.stat().st_size / 1e6
    return cost, done.cells, size


def time_network(cores: int, side: int) -> Cost:
    """The body of the network alone on one tile, compiled before."""
    _only(cores)
    import equinox as eqx
    import jax

    from shiome.nets.compiler import compiler_options
    from shiome.nets.superres import EDSR

    network = EDSR(
        3, 2, factor=FACTOR, blocks=BLOCKS, width=WIDTH, direct=True, key=jax.random.key(0)
    )
    run = eqx.filter_jit(lambda net, x: net(x), compiler_options=dict(compiler_options()))
    x = jax.random.normal(jax.random.key(1), (1, side, side, 3))
    jax.block_until_ready(run(network, x))
    with measured() as cost:
        for _ in range(3):
            jax.block_until_ready(run(network, x))
    return Cost(cost.seconds / 3, (cost.cpu_seconds or 0) / 3, cost.mib)


def time_torch(cores: int, side: int) -> Cost:
    """The same network in PyTorch, channels last."""
    _only(cores)
    import torch
    from torch import nn

    torch.set_num_threads(cores)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
            self.two = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.two(torch.relu(self.one(x)))

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.entry = nn.Conv2d(3, WIDTH, 3, padding=1)
            self.blocks = nn.Sequential(*[Block() for _ in range(BLOCKS)])
            self.body = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
            self.exit = nn.Conv2d(WIDTH, 2 * FACTOR**2, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            start = self.entry(x)
            made = self.exit(start + self.body(self.blocks(start)))
            return nn.functional.pixel_shuffle(made, FACTOR)

    network = Network().eval().to(memory_format=torch.channels_last)
    x = torch.randn(1, 3, side, side).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        network(x)
        with measured() as cost:
            for _ in range(3):
                network(x)
    return Cost(cost.seconds / 3, (cost.cpu_seconds or 0) / 3, cost.mib)


def main() -> list[Row]:
    """All rows."""
    side = TILE + 2 * REACH
    rows = []
    try:
        name = peer("torch")
    except MissingPeerError:
        name = ""
    for cores in (1, 2):
        ours = in_own_process(time_network, cores, side)
        theirs = in_own_process(time_torch, cores, side) if name else None
        kept = (FACTOR * TILE) ** 2 / 1e6
        rows.append(
            Row(
                "network, one tile",
                f"{side} × {side} to × {FACTOR}, {cores} core(s)",
                ours,
                name,
                theirs,
                f"{kept / ours.seconds:.2f} million kept cells per second; of the cells computed "
                f"{100 * (side**2 / TILE**2 - 1):.0f} % are surroundings",
            )
        )
    for cores in (1, 2):
        cost, cells, _ = in_own_process(time_command, 512, 512, cores)
        hours = GLOBE[0] * GLOBE[1] * FACTOR**2 / cells * cost.seconds / 3600
        rows.append(
            Row(
                "shiome sharpen, file to file",
                f"512 × 512 to × {FACTOR}, {cores} core(s)",
                cost,
                note=f"{cells / 1e6 / cost.seconds:.2f} million cells per second; at that pace the "
                f"globe at 15 arc-seconds would take {hours:.0f} h",
            )
        )
    return [*rows, *memory()]


def memory() -> list[Row]:
    """Peak memory on strips around the Earth of ever more rows."""
    made = []
    for count in (256, 512):
        run = partial(time_command, quick=True)
        cost, cells, size = in_own_process(run, count, GLOBE[0], 1, 2)
        made.append(
            Row(
                "shiome sharpen, strips around the Earth",
                f"{count} × {GLOBE[0]} to × 2, tiny network",
                cost,
                note=f"input {size:.0f} MB, {cells / 1e6:.0f} million cells written",
            )
        )
    return made


if __name__ == "__main__":
    show(memory() if sys.argv[1:] == ["memory"] else main())
