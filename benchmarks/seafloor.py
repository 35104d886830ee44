"""Sharpening: million fine cells per second beside the same network in PyTorch, and memory.

All heights are **synthetic**. PyTorch is timed where it is installed (``pip install torch``).

    python -m benchmarks.seafloor
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.table import Cost, MissingPeerError, Row, in_own_process, measured, peer, show

FACTOR = 4
TILE, REACH = 256, 20
BLOCKS, WIDTH = 5, 32


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


def time_command(rows: int, columns: int, cores: int) -> tuple[Cost, int]:
    """``sharpen`` from file to file, compiled before; and the fine cells that were written."""
    _only(cores)
    from shiome.showcases.seafloor.sharpen import sharpen

    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.nc", Path(folder) / "large.nc"
        _grid(small, TILE, TILE)
        _grid(large, rows, columns)
        sharpen(str(small), Path(folder) / "warm.nc", factor=FACTOR)
        with measured() as cost:
            done = sharpen(str(large), Path(folder) / "out.nc", factor=FACTOR)
    return cost, done.cells


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
    for size, cores in (((512, 512), 1), ((512, 512), 2), ((256, 2560), 2), ((256, 10240), 2)):
        cost, cells = in_own_process(time_command, *size, cores)
        note = f"{cells / 1e6 / cost.seconds:.2f} million cells per second"
        what = "shiome sharpen, file to file"
        rows.append(Row(what, f"{size[0]} × {size[1]}, {cores} core(s)", cost, note=note))
    return rows


if __name__ == "__main__":
    show(main())
