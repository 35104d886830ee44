"""Panels of the report beyond its scores: relief, spectra, ablation, and mended squares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from shiome.grids.distance import KM_PER_DEGREE
from shiome.products import Report
from shiome.showcases.seafloor.basins import TEST, VALIDATION, Basin
from shiome.showcases.seafloor.config import Config
from shiome.showcases.seafloor.denoise import denoise, draw_surveys, filtered, noise_errors, tuned
from shiome.showcases.seafloor.evaluation import FINEST, Scored, learned
from shiome.showcases.seafloor.figures import WORDS, ablation_chart, class_chart, spectrum_chart
from shiome.showcases.seafloor.inpaint import draw_charts, gap_errors, inpaint
from shiome.showcases.seafloor.learning import ABLATION
from shiome.showcases.seafloor.maps import MARIANAS, relief, square_panels
from shiome.showcases.seafloor.scoring import by_class, interval90, spectra

SQUARES = 160
"""How many squares of the test basins are mended."""
SQUARES_SEED = 2027
"""Of the squares, tracks and noise on which mending is scored."""


def add_relief(
    report: Report,
    basins: Sequence[Basin],
    scored: Mapping[str, Scored],
    config: Config,
) -> None:
    """Shaded relief of a place worth looking at."""
    on, scene = basins[0], MARIANAS
    if config.grid:
        middle = on.longitude.mean(), on.latitude.mean()
        side = min(10.0, np.ptp(on.longitude) / 2, np.ptp(on.latitude) / 2)
        scene = scene._replace(
            title=Path(config.grid).name, west=middle[0] - side / 2, south=middle[1] - side / 2,
            size=(side, side), places=(),
        )  # fmt: skip
    rows = (on.latitude >= scene.south) & (on.latitude <= scene.south + scene.size[0])
    columns = (on.longitude >= scene.west) & (on.longitude <= scene.west + scene.size[1])
    cut = lambda field: field[np.ix_(rows, columns)]
    fields = {"truth": cut(on.fine)}
    fields["input"] = cut(scored["nearest"].heights[0])
    chosen = ["bicubic", FINEST, *(["texture"] if "texture" in scored else [])]
    fields |= {WORDS[name]: cut(scored[name].heights[0]) for name in chosen}
    off = cut(scored[FINEST].heights[0] - on.fine)
    figure = relief(
        fields, (f"{WORDS[FINEST]} − truth", off), on.latitude[rows], on.longitude[columns], scene
    )
    off_by = [float(np.sqrt(np.mean((field - fields["truth"]) ** 2))) for field in fields.values()]
    data = pd.DataFrame({"panel": list(fields), "rmse_m": off_by})
    report.add_figure(
        "relief",
        figure,
        caption=f"{scene.title}, lit from the north-west: as it is, as it is given, and as it is "
        "sharpened by a factor of 4; no network has seen this basin.",
        data=data,
    )


def add_details(report: Report, scored: Mapping[str, Scored], basins: Sequence[Basin]) -> None:
    """Spectra, and errors by depth and ruggedness, at a factor of 4."""
    drawn = ("bilinear", "bicubic", "lanczos", "srcnn", "espcn", "edsr", "rrdb", "texture")
    chosen = {name: scored[name].scores for name in drawn if name in scored}
    step = basins[0].step[0]
    table = spectra(chosen, step)
    report.add_figure(
        "spectrum",
        spectrum_chart(table, 4, step * KM_PER_DEGREE),
        caption="Power spectrum of each method over that of the true sea floor, at a factor of 4. "
        "One is right; least squares leaves out what it cannot know.",
        data=table,
    )
    methods = ("bicubic", "lanczos", "spline", "espcn", "edsr", FINEST, "texture")
    classes = by_class({name: scored[name].scores for name in methods if name in scored})
    report.add_figure(
        "classes",
        class_chart(classes),
        caption="Gain over bicubic interpolation by true depth and by ruggedness of the patch, at "
        "a factor of 4.",
        data=classes,
    )


def add_ablation(
    report: Report, networks: Mapping[str, list[Any]], basins: Sequence[Basin], config: Config
) -> None:
    """The same small network with and without residual and constraint."""
    rows = []
    for name in ABLATION:
        one = learned(networks[f"{name}-x4"], basins, config.seed)
        report.metrics[f"rmse.x4.ablation.{name}"] = one.numbers.rmse
        report.intervals[f"rmse.x4.ablation.{name}"] = one.interval("rmse")
        rows.append({"method": name, "rmse": one.numbers.rmse})
    report.add_figure(
        "ablation",
        ablation_chart(table := pd.DataFrame(rows)),
        caption="RMSE at a factor of 4 of one small network, equally long trained: answering in "
        "full, adding to bicubic interpolation (residual), keeping area means, both.",
        data=table,
    )


class Mended(NamedTuple):
    """What several methods made of the same squares.

    Attributes
    ----------
    task
        ``inpaint`` or ``denoise``.
    true
        (squares, side, side) heights in m.
    given
        The same as they were known, NaN where not.
    made
        What each method made of them; the network last.
    errors
        (squares,) mean squared error of each method in m².
    """

    task: str
    true: npt.NDArray[np.float32]
    given: npt.NDArray[np.float32]
    made: Mapping[str, npt.NDArray[np.floating]]
    errors: Mapping[str, npt.NDArray[np.float64]]


def add_inpainting(report: Report, networks: Mapping[str, list[Any]], config: Config) -> None:
    """Whole grids from ship tracks in the test basins."""
    charts = draw_charts(TEST, SQUARES, SQUARES_SEED)
    made = dict(charts.made) | {"unet": inpaint(networks["unet"][0], charts)}
    given = np.where(charts.seen, charts.true, np.float32(np.nan))
    errors = {name: gap_errors(fields, charts) for name, fields in made.items()}
    _add_mended(
        report,
        Mended("inpaint", charts.true, given, made, errors),
        config,
        name="inpainting",
        title="From ship tracks to a whole grid",
        caption="A square of 5.3° of the test basins, and how far off each method is in it where "
        "no ship has been (RMSE). Depths are real, the ship tracks are synthetic.",
    )


def add_denoising(report: Report, networks: Mapping[str, list[Any]], config: Config) -> None:
    """Clean relief from noisy surveys in the test basins; filters are tuned on the validation."""
    strengths = tuned(draw_surveys((VALIDATION,), 96, SQUARES_SEED))
    surveys = draw_surveys(TEST, SQUARES, SQUARES_SEED)
    made: dict[str, npt.NDArray[np.floating]] = {"noisy": surveys.noisy}
    made |= {name: filtered(name, strength, surveys) for name, strength in strengths.items()}
    made["unet"] = denoise(networks["denoiser"][0], surveys)
    errors = {name: noise_errors(fields, surveys) for name, fields in made.items()}
    _add_mended(
        report,
        Mended("denoise", surveys.true, surveys.noisy, made, errors),
        config,
        name="denoising",
        title="From a noisy survey to clean relief",
        caption="A square of 5.3° of the test basins, and how far off each method is in it (RMSE). "
        "Depths are real; the errors of the multibeam survey are synthetic, and their level is "
        "known to all methods.",
    )


def _add_mended(
    report: Report, mended: Mended, config: Config, *, name: str, title: str, caption: str
) -> None:
    """Errors of all methods with intervals over squares, the network's gain, and one square."""
    count = len(mended.true)
    draws = np.random.default_rng(config.seed).integers(0, count, (500, count))
    root = {m: np.sqrt(e.mean()) for m, e in mended.errors.items()}
    drawn = {m: np.sqrt(e[draws].mean(1)) for m, e in mended.errors.items()}
    for method in mended.made:
        key = f"rmse.{mended.task}.{method}"
        report.metrics[key] = float(root[method])
        report.intervals[key] = interval90(drawn[method])
        if method == "unet":
            continue
        report.baselines[f"rmse.{mended.task}.unet.{method}"] = float(root[method])
        # Paired: the same squares for both.
        key = f"gain.{mended.task}.unet.{method}"
        report.metrics[key] = float(100 * (1 - root["unet"] / root[method]))
        report.intervals[key] = interval90(100 * (1 - drawn["unet"] / drawn[method]))
    rows = [
        {"method": m, "rmse": root[m]}
        | dict(zip(("low", "high"), interval90(drawn[m]), strict=True))
        for m in mended.made
    ]
    report.add_figure(name, _square_of(mended, title), caption=caption, data=pd.DataFrame(rows))


def _square_of(mended: Mended, title: str) -> Figure:
    """The square whose relief is greater than that of three quarters."""
    i = int(np.argsort(mended.true.std((1, 2)))[3 * len(mended.true) // 4])
    panels = {"truth": mended.true[i]}
    if "noisy" not in mended.made:
        panels["soundings"] = mended.given[i]
    words = dict(WORDS) | {"spline": "thin-plate spline"}
    for name, fields in mended.made.items():
        off = mended.errors[name][i] ** 0.5
        panels[f"{words[name]}: {off:.0f} m"] = fields[i].astype(np.float32)
    return square_panels(panels, title)
