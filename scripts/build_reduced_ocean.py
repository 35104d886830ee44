"""Reduce the ocean to the state that ships: about two minutes on two busy cores.

    python scripts/build_reduced_ocean.py

Runs the reduced-gravity ocean (2° × 1°, three-hour steps) backwards for six years from each region,
balances its response to winds, truncates, and writes ``simulation/coupled/reduced_ocean.npz``.
Only the shipped relief and the equations go in.
"""

import numpy as np

from shiome.data import open_sample
from shiome.simulation.coupled.reduced_ocean import (
    BLOCK,
    REGIONS,
    SHIPPED,
    basin_and_weights,
    blocked_mean,
    reduce,
    save,
)
from shiome.simulation.ocean import reduced_gravity_ocean, wind_influence

MONTHS = 72


def main() -> None:
    basin, weights = basin_and_weights(open_sample("relief-1deg")["surface_altitude"])
    influence = np.asarray(wind_influence(reduced_gravity_ocean(basin), weights, MONTHS))
    # The response to a block's stress is the sum over its cells.
    blocks = blocked_mean(influence) * (BLOCK[0] * BLOCK[1])
    ocean = reduce(blocks, [region.name for region in REGIONS])
    save(ocean)
    print(f"{SHIPPED}: {SHIPPED.stat().st_size / 1024:.0f} KiB, state of {ocean.size}")


if __name__ == "__main__":
    main()
