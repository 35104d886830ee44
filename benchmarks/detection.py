"""Whole images searched a second by the shipped ensemble, on **synthetic** noise.

python -m benchmarks detection
"""

import numpy as np

from benchmarks.table import Cost, Row, in_own_process, measured, show

SIDES = (96, 128)  # pixels of 50 km: the simulated world
BATCHES = (16, 64)


def time_search(images: int, members: int, symmetric: bool) -> Cost:
    """Cost of searching so many images once, compiled before."""
    from shiome.showcases.typhoon.detector import Machine
    from shiome.showcases.typhoon.labels import CHANNELS
    from shiome.showcases.typhoon.shipped import load_ensemble

    networks = load_ensemble().members[:members]
    machine = Machine(networks, [1 / len(networks)] * len(networks), True, symmetric)
    x = np.random.default_rng(0).uniform(size=(images, *SIDES, CHANNELS)).astype(np.float32)
    machine.maps(x)
    with measured() as cost:
        machine.maps(x)
    return cost


def main() -> list[Row]:
    """A member alone, and the ensemble with test-time augmentation."""
    rows = []
    for what, members, symmetric in (("a member", 1, False), ("ensemble, four views", 99, True)):
        for images in BATCHES:
            cost = in_own_process(time_search, images, members, symmetric)
            size = f"{images} images of {SIDES[0]} × {SIDES[1]}"
            note = f"{images / cost.seconds:.1f} images a second"
            rows.append(Row(f"detection: {what}", size, cost, note=note))
    return rows


if __name__ == "__main__":
    show(main())
