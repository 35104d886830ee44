"""Run the seafloor showcase: basins never seen, sharpened by all methods and scored."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

from shiome.core.options import check
from shiome.core.progress import progress_bar
from shiome.data import describe
from shiome.data.sources.bathymetry import open_bathymetry
from shiome.products import Report, prepare_output
from shiome.products.pages import write_report_page
from shiome.showcases.seafloor import shipped, training
from shiome.showcases.seafloor.basins import (
    FACTORS,
    TEST,
    TRAINING,
    VALIDATION,
    Basin,
    basin,
    pair,
)
from shiome.showcases.seafloor.config import TITLE, Config
from shiome.showcases.seafloor.evaluation import (
    Scored,
    coverage90,
    interpolated,
    learned,
    of_heights,
    sharpened,
)
from shiome.showcases.seafloor.figures import (
    MARIANAS,
    WORDS,
    ablation_chart,
    chart_of_tracks,
    class_chart,
    relief,
    score_chart,
    spectrum_chart,
)
from shiome.showcases.seafloor.inpaint import draw_charts, gap_errors, inpaint
from shiome.showcases.seafloor.learning import ABLATION, learn
from shiome.showcases.seafloor.scoring import by_class, spectra
from shiome.verification.spatial import KM_PER_DEGREE

TRACKS_SEED = 2026
"""Of the squares and tracks on which inpainting is scored."""


def run(
    config: Config,
    out: str | Path,
    *,
    overwrite: bool = False,
    scheduler: str | None = None,
) -> Path:
    """Score all methods and write the report.

    Parameters
    ----------
    config
        What the user chose.
    out
        Folder of the report.
    overwrite
        Whether an earlier report there is replaced.
    scheduler
        Not needed here: networks use all cores of this process.

    Returns
    -------
    The report's folder.

    Raises
    ------
    ShiomeError
        If an option, a grid or the output folder cannot be used.
    """
    check(config)
    prepare_output(out, overwrite)
    with Report.create(
        out, showcase="seafloor", title=TITLE, config=config, seed=config.seed, overwrite=overwrite
    ) as report:
        basins = _basins(report, config)
        networks = training.everything(config) if config.size == "full" else shipped.everything()
        scored = {f: _at_factor(report, networks, basins(f), f, config) for f in FACTORS}
        _relief(report, basins(4), scored[4], config)
        for factor in FACTORS:
            _errors(report, scored[factor], basins(factor), factor)
        _details(report, scored[4], basins(4))
        _ablation(report, networks, basins(4), config)
        _inpainting(report, networks, config)
        write_report_page(report, _summary(report))
    return report.path


def _basins(report: Report, config: Config) -> Callable[[int], list[Basin]]:
    """What is scored at each factor: the test basins, or the user's own grid."""
    report.data += [describe(f"seafloor-{name}") for name in (*TRAINING, VALIDATION)]
    if not config.grid:
        report.data += [describe(f"seafloor-{name}") for name in TEST]
        return lambda factor: [basin(name, factor) for name in TEST]
    opened = open_bathymetry(config.grid)
    report.data.append(opened.record)
    for note in opened.notes:
        report.warn(note)
    return lambda factor: [pair(opened.field, config.grid, factor)]


def _at_factor(
    report: Report,
    networks: Mapping[str, list[Any]],
    basins: Sequence[Basin],
    factor: int,
    config: Config,
) -> dict[str, Scored]:
    """Every method at one factor; their numbers go into the report."""
    scored = interpolated(basins, config.seed)
    mine = {
        name.removesuffix(f"-x{factor}"): members
        for name, members in networks.items()
        if name.endswith(f"-x{factor}") and not name.startswith(ABLATION)
    }
    if config.size == "small" and factor == 4:
        mine["brief"] = [_briefly(config)]
    with progress_bar(f"factor {factor}", len(mine)) as advance:
        for name, members in mine.items():
            scored[name] = learned(members, basins, config.seed)
            if len(members) > 1:
                heights = [sharpened(members, b)[0] for b in basins]
                scored["ensemble"] = of_heights([heights], basins, config.seed)
            advance()
    for name, one in scored.items():
        _enter(report, factor, name, one)
        if name != "bicubic":
            key = f"gain.x{factor}.{name}"
            report.metrics[key], report.intervals[key] = one.gain(scored["bicubic"])
    report.metrics[f"coverage90.x{factor}"] = coverage90(mine[shipped.BEST], basins)
    return scored


def _errors(
    report: Report, scored: Mapping[str, Scored], basins: Sequence[Basin], factor: int
) -> None:
    """Errors of all methods at one factor."""
    table = pd.DataFrame(
        [
            {"method": name, "rmse": one.numbers.rmse}
            | dict(zip(("low", "high"), one.interval("rmse"), strict=True))
            for name, one in scored.items()
        ]
    )
    where = " and ".join(b.name for b in basins)
    report.add_figure(
        f"rmse-x{factor}",
        score_chart(table, f"Error of sharpening by {factor}"),
        caption=f"RMSE in the {where}, which no network has seen. Inputs are area means.",
        data=table,
    )


def _enter(report: Report, factor: int, name: str, one: Scored) -> None:
    for score in one.numbers._fields:
        key = f"{score}.x{factor}.{name}"
        report.metrics[key] = getattr(one.numbers, score)
        report.intervals[key] = one.interval(score)
        if name != "bicubic" and f"{score}.x{factor}.bicubic" in report.metrics:
            report.baselines[f"{key}.bicubic"] = report.metrics[f"{score}.x{factor}.bicubic"]


def _briefly(config: Config) -> Any:
    """A small network, trained for some seconds: that training works, not that it is finished."""
    with progress_bar("training", 2) as advance:
        network, _ = learn(
            "both", 4, jax.random.key(config.seed), steps=60, chunks=2, advance=advance
        )
    return network


def _relief(
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
    best = "ensemble" if "ensemble" in scored else shipped.BEST
    fields = {"truth": cut(on.fine)}
    fields["input"] = cut(scored["nearest"].heights[0])
    chosen = ["bicubic", best, *(["texture"] if "texture" in scored else [])]
    fields |= {WORDS[name]: cut(scored[name].heights[0]) for name in chosen}
    off = cut(scored[best].heights[0] - on.fine)
    figure = relief(
        fields, (f"{WORDS[best]} − truth", off), on.latitude[rows], on.longitude[columns], scene
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


def _details(report: Report, scored: Mapping[str, Scored], basins: Sequence[Basin]) -> None:
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
    methods = ("bicubic", "lanczos", "spline", "espcn", "edsr", "ensemble", "texture")
    classes = by_class({name: scored[name].scores for name in methods if name in scored})
    report.add_figure(
        "classes",
        class_chart(classes),
        caption="Gain over bicubic interpolation by true depth and by ruggedness of the patch, at "
        "a factor of 4.",
        data=classes,
    )


def _ablation(
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


def _inpainting(report: Report, networks: Mapping[str, list[Any]], config: Config) -> None:
    """Whole grids from ship tracks in the test basins."""
    count = 32 if config.size == "small" else 400
    charts = draw_charts(TEST, count, TRACKS_SEED)
    made = dict(charts.made) | {"unet": inpaint(networks["unet"][0], charts)}
    rng = np.random.default_rng(config.seed)
    draws = rng.integers(0, count, (300, count))
    for name, fields in made.items():
        square = gap_errors(fields, charts)
        key = f"rmse.inpaint.{name}"
        report.metrics[key] = float(square.mean() ** 0.5)
        low, high = np.quantile(square[draws].mean(1) ** 0.5, [0.05, 0.95])
        report.intervals[key] = (float(low), float(high))
    for name in charts.made:
        report.baselines[f"rmse.inpaint.unet.{name}"] = report.metrics[f"rmse.inpaint.{name}"]
    i = int(np.argsort(charts.true.std((1, 2)))[3 * count // 4])
    tracks = np.where(charts.seen[i], charts.true[i], np.nan)
    panels = {"truth": charts.true[i], "soundings": tracks}
    panels |= {name: fields[i] for name, fields in made.items()}
    rows = [
        {"method": name, "rmse": report.metrics[f"rmse.inpaint.{name}"]}
        | dict(zip(("low", "high"), report.intervals[f"rmse.inpaint.{name}"], strict=True))
        for name in made
    ]
    report.add_figure(
        "inpainting",
        chart_of_tracks(panels, charts.seen[i], "From ship tracks to a whole grid"),
        caption="A square of 5.3° of the test basins. Depths are real, the ship tracks are "
        "synthetic.",
        data=pd.DataFrame(rows),
    )


def _summary(report: Report) -> str:
    m = report.metrics
    best = "ensemble" if "rmse.x4.ensemble" in m else shipped.BEST
    gain = 100 * (1 - m[f"rmse.x4.{best}"] / m["rmse.x4.bicubic"])
    return (
        f"Sharpened by a factor of 4, basins that no network has seen are off by "
        f"{m[f'rmse.x4.{best}']:.0f} m, {gain:.0f} % less than by bicubic interpolation "
        f"({m['rmse.x4.bicubic']:.0f} m); {100 * m['coverage90.x4']:.0f} % of the true heights lie "
        "in the stated 90 % intervals."
    )
