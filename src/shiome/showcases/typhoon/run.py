"""Run the typhoon showcase: simulate or open, label, train, detect, score, report."""

from pathlib import Path

import jax
import numpy as np
import pandas as pd
import xarray as xr

from shiome.core.errors import DataError
from shiome.core.options import check
from shiome.core.progress import progress_bar
from shiome.products import Report, prepare_output
from shiome.products.pages import render
from shiome.showcases.typhoon import figures as draw
from shiome.showcases.typhoon.archive import Archive
from shiome.showcases.typhoon.config import TITLE, Config
from shiome.showcases.typhoon.evidence import evidence
from shiome.showcases.typhoon.experiments import (
    ENSEMBLE,
    Results,
    Scene,
    ablation,
    compare,
    count,
    reached,
    scene,
)
from shiome.showcases.typhoon.labels import examples
from shiome.showcases.typhoon.observed import observed
from shiome.showcases.typhoon.score import DAYS, Searched
from shiome.showcases.typhoon.shipped import (
    PATH,
    Ensemble,
    calibration,
    load_ensemble,
    save_ensemble,
)
from shiome.showcases.typhoon.whole import architecture
from shiome.showcases.typhoon.world import shipped, simulated
from shiome.verification import reliability_diagram

INTERVALS = ("pod", "far", "average_precision")
OTHERS = ("single", "threshold", "area", "logistic", "shipped")


def run(
    config: Config, out: str | Path, *, overwrite: bool = False, scheduler: str | None = None
) -> Path:
    """Compute everything and write the report.

    Parameters
    ----------
    config
        What the user chose.
    out, overwrite
        Folder of the report, and whether an earlier one there is replaced.
    scheduler
        Not used: trainings follow each other in this process.

    Raises
    ------
    ShiomeError
        If an option, the data, a checkpoint or the output folder cannot be used.
    """
    check(config)
    prepare_output(out, overwrite)
    archive = open_archive(config)
    with Report.create(
        out, showcase="typhoon", title=TITLE, config=config, seed=config.seed, overwrite=overwrite
    ) as report:
        report.data.append(archive.record)
        for note in archive.notes:
            report.warn(note)
        known = examples(
            archive, config.scale.size, jax.random.fold_in(jax.random.key(config.seed), 7)
        )
        setting = scene(config, archive, known)
        with progress_bar("training", count(config)) as advance:
            results = compare(setting, advance)
        _shipped(setting, results)
        _enter(report, results)
        report.add_numbers("samples", _samples(setting))
        _figures(report, setting, results)
        _keep(report, config, setting, results)
        _page(report, config, results)
    return report.path


def open_archive(config: Config) -> Archive:
    """The user's images and tracks, the seasons that ship, or simulated ones."""
    if config.images is not None or config.tracks is not None:
        return observed(config)
    return simulated(config) if config.scale.seasons else shipped()


def _shipped(setting: Scene, results: Results) -> None:
    """Search with the ensemble that ships, where its pixels are those of the images."""
    if not PATH.exists():
        return
    ensemble = load_ensemble()
    if ensemble.coarsen == setting.config.scale.coarsen:
        maps = setting.maps(ensemble.machine(periodic=setting.periodic), ENSEMBLE)
        results.best["shipped"] = setting.search(maps)


def _enter(report: Report, results: Results) -> None:
    """Enter all scores of the first seed: the ensemble's as metrics, the rest beside them."""
    best = results.best
    for key, value in reached(best["full"]).items():
        report.metrics[key] = value
        for other in OTHERS:
            if other in best:
                report.baselines[f"{key}.{other}"] = reached(best[other])[key]
    for number, found in enumerate(results.alone, 1):
        for key in INTERVALS:
            report.baselines[f"{key}.member{number}"] = reached(found)[key]
    for key in INTERVALS:
        low, high = (float(best["full"].scores[key].sel(estimate=e)) for e in ("lower", "upper"))
        report.intervals[key] = [low, high]
    for day in DAYS:
        recall = best["full"].days["recall"].sel(day=day)
        low, high = (float(recall.sel(estimate=e)) for e in ("lower", "upper"))
        report.intervals[f"recall.day{day:.0f}"] = [low, high]


def _samples(setting: Scene) -> pd.DataFrame:
    """How many patches of each group each part holds."""
    known = setting.examples
    table = pd.crosstab(known.part, known.group).rename_axis("part").reset_index()
    return table.rename(columns=dict(enumerate(("background", "failed", "precursor", "cyclone"))))


def _figures(report: Report, setting: Scene, results: Results) -> None:
    best = results.best
    world = _kind(setting.archive)
    table = draw.curves(best)
    report.add_figure(
        "precision_recall",
        draw.draw_curves(table, best),
        caption="Precision over recall of cyclones and precursors up to seven days before "
        f"genesis, in whole images that no method saw ({world}). Dots: at the score "
        "threshold chosen on the validation.",
        data=table,
    )
    ladder = ablation(results.rows)
    report.add_figure(
        "ladder",
        draw.draw_ladder(ladder),
        caption=f"Average precision on images held out ({world}) as one thing after another is "
        "added.",
        data=ladder,
    )
    precursors = draw.precursor_table(best)
    report.add_figure(
        "precursors",
        draw.draw_precursors(precursors),
        caption="Share of precursors up to seven days before genesis that are found, where the "
        f"threshold is lowered until so many of all detections are false ({world}). The numbers "
        "have it by days before genesis.",
        data=precursors,
    )
    _map(report, setting, best["full"], world)
    _reliability(report, best["full"], world)
    pictures = evidence(setting, results)
    report.add_figure(
        "grad_cam",
        draw.draw_evidence(*pictures[:3]),
        caption="Where the strongest network that was taught patches saw evidence (Grad-CAM, "
        "below) in patches of 1,600 km (above): its hits, misses and false alarms in images held "
        f"out ({world}).",
        data=pictures[3],
    )


def _map(report: Report, setting: Scene, found: Searched, world: str) -> None:
    """Draw the test image with most events."""
    truth, seen = found.test.truth, found.test.detections
    seen = seen[seen["score"] >= found.threshold]
    busiest = truth["time"].value_counts().sort_index().idxmax()
    at, here = truth[truth["time"] == busiest], seen[seen["time"] == busiest]
    image = setting.archive.images.sel(time=busiest)
    numbers = pd.concat(
        [
            at[["time", "latitude", "longitude", "storm", "days_to_genesis"]].assign(what="truth"),
            here[["time", "latitude", "longitude", "score", "hit"]].assign(what="detection"),
        ]
    )
    report.add_figure(
        "map",
        draw.draw_detections(image, here, at),
        caption=f"Clouds held out ({world}) at the time of most events: what was "
        "there, and what the ensemble found.",
        data=numbers,
    )


def _reliability(report: Report, found: Searched, world: str) -> None:
    scale, shift = calibration(found)
    ensemble = Ensemble([], (), 0, found.threshold, scale, shift, {})
    seen = found.test.detections
    diagram = reliability_diagram(
        xr.DataArray(ensemble.probability(seen["score"]), dims="detection"),
        xr.DataArray(seen["hit"].to_numpy(float), dims="detection"),
        dim="detection",
    )
    report.add_figure(
        "reliability",
        draw.draw_reliability(diagram),
        caption="How often detections were right, by their probability, which was calibrated on "
        f"the validation ({world}). Larger dots: more detections.",
        data=diagram,
    )


def _keep(report: Report, config: Config, setting: Scene, results: Results) -> None:
    """Save the ensemble beside the numbers."""
    found = results.best["full"]
    scale, shift = calibration(found)
    about = {
        "size": config.size,
        "seed": config.seed,
        "kind": setting.archive.record.kind,
        "test": {k: round(v, 4) for k, v in reached(found).items() if v == v},
    }
    weight = tuple(results.weight)
    ensemble = Ensemble(
        results.members,
        weight,
        config.scale.coarsen,
        found.threshold,
        scale,
        shift,
        about,
    )
    settings = architecture(config.scale.whole)
    save_ensemble(report.work / "data" / "ensemble.eqx", ensemble, settings)


def _kind(archive: Archive) -> str:
    return "simulated" if archive.record.kind == "synthetic" else archive.record.kind


def _page(report: Report, config: Config, results: Results) -> None:
    best, ladder = results.best, ablation(results.rows)
    value = reached(best["full"])
    events = len(best["full"].test.truth)
    storms = best["full"].test.truth["storm"].nunique()
    if not np.isfinite(value["pod"]):
        raise DataError("nothing was scored; expected events in the test.")
    summary = (
        f"In images it never saw, the ensemble found {value['pod']:.0%} of {events} positions of "
        f"{storms} cyclones and precursors; {value['far']:.0%} of its announcements were false. A "
        f"temperature threshold: {reached(best['threshold'])['pod']:.0%} and "
        f"{reached(best['threshold'])['far']:.0%}."
    )
    words = {name: draw.METHODS[name][0] for name in OTHERS if name in best}
    html = render(
        report,
        "typhoon.html",
        ["shiome.showcases.typhoon"],
        summary=summary,
        ladder=ladder.to_dict("records"),
        others={f"member {n} alone": reached(a) for n, a in enumerate(results.alone, 1)}
        | {words[name]: reached(best[name]) for name in words},
        seeds=config.scale.seeds,
        days=[f"{day:.0f}" for day in DAYS],
    )
    report.write_page(html)
