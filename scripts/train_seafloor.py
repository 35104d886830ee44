"""Train the networks of the seafloor showcase that ship with Shiome.

    python scripts/train_seafloor.py edsr 4               # one network
    python scripts/train_seafloor.py edsr 4 --seed 1      # a further member of its ensemble
    python scripts/train_seafloor.py texture 4            # adversarial, from the network above
    python scripts/train_seafloor.py unet                 # ship tracks to grids
    python scripts/train_seafloor.py --pack               # put what was trained into the package

Each training writes ``NAME-xFACTOR-SEED.eqx`` into the folder of ``--out``; interrupted ones go on
from the checkpoint beside it. Packing joins the members of each network, in half precision, and
scales their errors so that the ensemble's 90 % interval holds 90 % of the validation basin.
"""

import argparse
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import equinox as eqx
import jax

from shiome.nets.weights import load_weights, save_weights
from shiome.showcases.seafloor import inpaint, learning, texture
from shiome.showcases.seafloor.basins import TRAINING, VALIDATION, basin
from shiome.showcases.seafloor.evaluation import coverage90

TARGET = Path(__file__).parents[1] / "src" / "shiome" / "showcases" / "seafloor" / "weights"
TEXTURE_STEPS, UNET_STEPS, SQUARES = 260, 400, 500


def train(options: argparse.Namespace, advance: Callable[[], None]) -> tuple[Any, str, Any, Any]:
    """The network, its family and settings, and the history of its training."""
    name, factor, key = options.name, options.factor, jax.random.key(options.seed)
    checkpoint = options.out / f"{stem_of(options)}.ckpt"
    if name == "unet":
        charts = inpaint.draw_charts(TRAINING, SQUARES, options.seed)
        judge = inpaint.draw_charts((VALIDATION,), 48, options.seed)
        steps = options.steps or UNET_STEPS
        network, history = inpaint.learn_inpainting(
            charts, judge, key, steps=steps, advance=advance, checkpoint=checkpoint
        )
        return network, "unet", inpaint.SETTINGS, history
    if name == "texture":
        start = load_weights(options.out / f"edsr-x{factor}-0.eqx")
        network, history = texture.learn_texture(
            start.networks[0],
            key,
            steps=options.steps or TEXTURE_STEPS,
            advance=advance,
            checkpoint=checkpoint,
        )
        return network, "sharpener", start.settings, history
    network, history = learning.learn(
        name, factor, key, steps=options.steps, advance=advance, checkpoint=checkpoint
    )
    settings = dict(learning.find_recipe(name).settings) | {"factor": factor}
    return network, "sharpener", settings, history


def stem_of(options: argparse.Namespace) -> str:
    return (
        options.name
        if options.name == "unet"
        else (f"{options.name}-x{options.factor}-{options.seed}")
    )


def pack(folder: Path) -> None:
    """Join members and put them into the package."""
    files = sorted(folder.glob("*.eqx"))
    whole = lambda path: path.stem.rsplit("-", 1)[0] if path.stem.count("-") == 2 else path.stem
    for stem, paths in groupby(files, key=whole):
        parts = [load_weights(path) for path in paths]
        members = [part.networks[0] for part in parts]
        if parts[0].family == "sharpener":
            judge = basin(VALIDATION, members[0].factor)
            for _ in range(12):  # the members' own spread does not scale: approach the goal
                off = coverage90(members, [judge]) - 0.9
                grow = lambda n, off=off: eqx.tree_at(
                    lambda one: one.spread, n, n.spread * (1 - 2 * off)
                )
                members = [grow(member) for member in members]
        save_weights(
            TARGET / f"{stem}.eqx",
            members,
            family=parts[0].family,
            settings=parts[0].settings,
            about={"trainings": [part.about for part in parts], "data": "ETOPO5, training basins"},
            half=True,
        )
        print(f"{stem}: {(TARGET / f'{stem}.eqx').stat().st_size / 1024:.0f} KiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train one network of the seafloor showcase.")
    parser.add_argument("name", nargs="?")
    parser.add_argument("factor", type=int, nargs="?", default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--out", type=Path, default=Path("out/seafloor-training"))
    parser.add_argument("--pack", action="store_true")
    options = parser.parse_args()
    if options.pack:
        return pack(options.out)
    began = time.monotonic()
    advance = lambda: print(f"{time.monotonic() - began:.0f} s", flush=True)
    network, family, settings, history = train(options, advance)
    about = {
        "name": options.name,
        "seed": options.seed,
        "steps": int(history.steps[-1]),
        "seconds": round(time.monotonic() - began),
    }
    if family == "sharpener":
        judge = basin(VALIDATION, options.factor)
        height, _ = learning.sharpen_whole(network, judge)
        about["validation_rmse"] = round(learning.rmse(height, judge), 3)
    path = options.out / f"{stem_of(options)}.eqx"
    save_weights(path, [network], family=family, settings=settings, about=about)
    print(about, [round(float(v), 4) for v in history.validation], flush=True)
    return None


if __name__ == "__main__":
    main()
