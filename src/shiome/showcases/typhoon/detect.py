"""Find cyclones and precursors in images of yours with the shipped ensemble."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from shiome.core.errors import DataError, OutputError
from shiome.data.windows import ImageGrid
from shiome.products.style import save
from shiome.showcases.typhoon.archive import Archive
from shiome.showcases.typhoon.config import Config
from shiome.showcases.typhoon.detector import fitting
from shiome.showcases.typhoon.figures import draw_detections
from shiome.showcases.typhoon.labels import frames
from shiome.showcases.typhoon.observed import open_clouds, pixel
from shiome.showcases.typhoon.score import peaks
from shiome.showcases.typhoon.shipped import Ensemble, load_ensemble

CAUTION = "The networks learned from a simulated (synthetic) world and were tested on no other."


class Found(NamedTuple):
    """Detections: time, latitude, longitude, score and probability; and what a reader must know."""

    table: pd.DataFrame
    notes: tuple[str, ...]


def detect(
    path: str,
    *,
    threshold: float | None = None,
    out: str | None = None,
    figure: str | None = None,
    ensemble: Ensemble | None = None,
) -> Found:
    """Search all images of a file.

    Parameters
    ----------
    path
        Brightness temperature in K or outgoing longwave radiation in W m-2: a file, glob or
        address.
    threshold
        Lowest score, 0 to 1; by default the one chosen on the ensemble's own validation.
    out
        CSV file for the table.
    figure
        PNG file with the last image and what was found in it.
    ensemble
        By default the one that ships.

    Raises
    ------
    DataError
        If the images cannot be used.
    OutputError
        If a result cannot be written.
    """
    ensemble = ensemble or load_ensemble()
    threshold = ensemble.threshold if threshold is None else threshold
    if not 0 < threshold < 1:
        raise DataError(f"--threshold {threshold:g}; expected between 0 and 1.")
    for target in (out, figure):
        if target is not None and not Path(target).expanduser().parent.is_dir():
            raise OutputError(f"{target}: there is no such folder; expected one that exists.")
    images, notes, record = open_clouds(path, pixel(ensemble.coarsen))
    least = 32 // ensemble.coarsen
    if min(images.shape[1:]) < least:
        raise DataError(
            f"{path}: images of {images.shape[1]}×{images.shape[2]} pixels of "
            f"{pixel(ensemble.coarsen):.2g}°; expected at least {least}×{least}."
        )
    if not np.isfinite(images.values).any((1, 2)).all():
        raise DataError(f"{path}: an image has no pixel with a value; expected clouds to look at.")
    grid = ImageGrid.of(images)
    now = np.datetime64("now")
    archive = Archive(images, pd.DataFrame(), (now, now), record)
    seen = fitting(frames(archive), ensemble.members[0].network.multiple)
    maps = ensemble.machine(periodic=grid.periodic).maps(seen)
    table = peaks(maps, images["time"].values, grid, Config())
    table = table[table["score"] >= threshold].reset_index(drop=True)
    table["probability"] = ensemble.probability(table["score"])
    if out is not None:
        table.to_csv(Path(out).expanduser(), index=False, float_format="%.4g")
    if figure is not None:
        last = images[-1]
        marked = table[table["time"] == last["time"].values].assign(hit=True)
        drawn = draw_detections(last, marked, None)
        save(drawn, Path(figure).expanduser(), f"What was found in {path}. {CAUTION}")
    return Found(table, (*notes, CAUTION))
