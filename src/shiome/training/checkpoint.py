"""The state of a training in a file, from which an interrupted run goes on exactly."""

import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import PyTree

from shiome.core.errors import DataError


class Progress(NamedTuple):
    """All that a training needs to go on.

    Attributes
    ----------
    learned, state, carry
        Parameters, state of the optimiser, and what the next step is handed.
    best, best_score
        Arrays of the best network so far and its validation score.
    waited
        Chunks since then.
    rows
        Steps so far, loss and validation score of each chunk.
    """

    learned: PyTree
    state: PyTree
    carry: PyTree
    best: PyTree
    best_score: float
    waited: int
    rows: list[tuple[int, float, float]]

    @property
    def steps(self) -> int:
        """Steps taken so far."""
        return self.rows[-1][0] if self.rows else 0


def fingerprint(program: str, values: PyTree, *settings: object) -> str:
    """Short name of a training: equal only where program, starting values and settings are.

    Parameters
    ----------
    program
        Text of the compiled step; loss, optimiser and data are part of it.
    values
        Arrays that the training starts from.
    settings
        Whatever else determines its course.
    """
    digest = hashlib.sha256(program.encode())
    digest.update(repr(settings).encode())
    for leaf in jax.tree.leaves(values):
        array = np.asarray(leaf)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def write(path: Path, progress: Progress, configuration: str) -> None:
    """Replace the checkpoint in one step: a reader finds the old one or the new one, whole."""
    header = {
        "configuration": configuration,
        "best_score": progress.best_score,
        "waited": progress.waited,
        "rows": progress.rows,
    }
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with unfinished.open("wb") as file:
            file.write(json.dumps(header).encode() + b"\n")
            eqx.tree_serialise_leaves(file, progress[:4])
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read(path: Path, start: Progress, configuration: str) -> Progress:
    """Progress in a file, or the start where there is no file yet.

    Raises
    ------
    DataError
        If the file is damaged, or belongs to another training.
    """
    if not path.exists():
        return start
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline())
            owner, score = str(header["configuration"]), float(header["best_score"])
            waited, rows = int(header["waited"]), [tuple(row) for row in header["rows"]]
            trees = eqx.tree_deserialise_leaves(file, start[:4]) if owner == configuration else None
    except (ValueError, KeyError, TypeError, EOFError, OSError, RuntimeError) as reason:
        raise DataError(
            f"{path}: not a whole checkpoint of a training ({type(reason).__name__}); "
            "remove it to start anew."
        ) from reason
    if trees is None:
        raise DataError(
            f"{path}: the checkpoint belongs to another training (configuration {owner}, here "
            f"{configuration}); name another file, or remove it to start anew."
        )
    learned, state, carry, best = trees
    return Progress(learned, state, carry, best, score, waited, rows)
