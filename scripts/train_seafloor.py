"""Train the networks of the seafloor showcase that ship with Shiome.

    python scripts/train_seafloor.py edsr 4               # one network, as shipped
    python scripts/train_seafloor.py edsr 4 --seed 1      # a further member of its ensemble

Each training writes ``NAME-xFACTOR-SEED.eqx`` into the folder of ``--out``; interrupted ones go on
from the checkpoint beside it. ``scripts/pack_seafloor.py`` puts members together.
"""

import argparse
import time
from pathlib import Path

import jax

from shiome.nets.weights import save_weights
from shiome.showcases.seafloor.basins import VALIDATION, basin
from shiome.showcases.seafloor.learning import find_recipe, learn, rmse, sharpen_whole


def main() -> None:
    parser = argparse.ArgumentParser(description="Train one network of the seafloor showcase.")
    parser.add_argument("name")
    parser.add_argument("factor", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--out", type=Path, default=Path("out/seafloor-training"))
    options = parser.parse_args()
    stem = options.out / f"{options.name}-x{options.factor}-{options.seed}"
    began = time.monotonic()
    network, history = learn(
        options.name,
        options.factor,
        jax.random.key(options.seed),
        steps=options.steps,
        advance=lambda: print(f"{time.monotonic() - began:.0f} s", flush=True),
        checkpoint=stem.with_suffix(".ckpt"),
    )
    judge = basin(VALIDATION, options.factor)
    about = {
        "name": options.name,
        "seed": options.seed,
        "steps": int(history.steps[-1]),
        "seconds": round(time.monotonic() - began),
        "validation_rmse": round(rmse(sharpen_whole(network, judge)[0], judge), 3),
    }
    settings = dict(find_recipe(options.name).settings) | {"factor": options.factor}
    path = stem.with_suffix(".eqx")
    save_weights(path, [network], family="sharpener", settings=settings, about=about)
    print(about, [round(float(v), 2) for v in history.validation], flush=True)


if __name__ == "__main__":
    main()
