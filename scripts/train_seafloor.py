"""Train the networks of the seafloor showcase that ship with Shiome.

    python scripts/train_seafloor.py --checkpoints DIR                    # all, into the package
    python scripts/train_seafloor.py --checkpoints DIR edsr-x4 srcnn-x2   # these, not packed

Trainings are those of ``shiome run seafloor --size full --checkpoints DIR``, whose report holds the
same weights; each goes on from its checkpoint, so that several processes may share the work.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from shiome.showcases.seafloor.config import Config
from shiome.showcases.seafloor.training import Task, everything, keep, tasks, trained

TARGET = Path(__file__).parents[1] / "src" / "shiome" / "showcases" / "seafloor" / "weights"


def some(stems: list[str], folder: Path) -> None:
    """Train the networks of some stems, all their members."""
    for task in tasks():
        if task.stem not in stems:
            continue
        others: dict[str, Any] = {}
        if task.name == "texture":
            start = Task("edsr", task.factor)
            others[start.stem] = [trained(start, 0, folder, {})]
        began, used = time.monotonic(), time.process_time()
        trained(task, 0, folder, others)
        print(
            f"{task.stem}-{task.seed}: {time.monotonic() - began:.0f} s, "
            f"CPU {time.process_time() - used:.0f} s",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Train networks of the seafloor showcase.")
    parser.add_argument("stems", nargs="*", help="for example edsr-x4; all by default")
    parser.add_argument("--checkpoints", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    if options.stems:
        some(options.stems, options.checkpoints)
    else:
        keep(everything(Config(size="full", checkpoints=str(options.checkpoints))), TARGET)


if __name__ == "__main__":
    main()
