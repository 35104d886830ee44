"""Run the seafloor showcase: basins never seen, sharpened by all methods and scored."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
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
    FINEST,
    Scored,
    coverage90,
    interpolated,
    joined,
    learned,
)
from shiome.showcases.seafloor.figures import score_chart
from shiome.showcases.seafloor.learning import ABLATION, learn
from shiome.showcases.seafloor.panels import (
    add_ablation,
    add_denoising,
    add_details,
    add_inpainting,
    add_relief,
)


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
        networks = shipped.everything() if config.size == "small" else _trained(report, config)
        scored = {f: _at_factor(report, networks, basins(f), f, config) for f in FACTORS}
        add_relief(report, basins(4), scored[4], config)
        for factor in FACTORS:
            _errors(report, scored[factor], basins(factor), factor)
        add_details(report, scored[4], basins(4))
        add_ablation(report, networks, basins(4), config)
        add_inpainting(report, networks, config)
        add_denoising(report, networks, config)
        write_report_page(report, _summary(report))
    return report.path


def _trained(report: Report, config: Config) -> dict[str, list[Any]]:
    """All networks anew; they lie in the report as they ship."""
    networks = training.everything(config)
    training.keep(networks, report.work / "weights")
    return networks


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
            if name == shipped.BEST:
                scored |= joined(members, basins, config.seed)
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


def _summary(report: Report) -> str:
    m = report.metrics
    gain = m[f"gain.x4.{FINEST}"]
    return (
        f"Sharpened by a factor of 4, basins that no network has seen are off by "
        f"{m[f'rmse.x4.{FINEST}']:.0f} m, {gain:.0f} % less than by bicubic interpolation "
        f"({m['rmse.x4.bicubic']:.0f} m); {100 * m['coverage90.x4']:.0f} % of the true heights lie "
        "in the stated 90 % intervals."
    )
