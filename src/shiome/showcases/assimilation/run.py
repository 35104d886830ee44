"""Run the assimilation showcase: published experiments, then what was learned."""

from pathlib import Path

import jax
import numpy as np
import pandas as pd
from jaxtyping import PRNGKeyArray

from shiome.assimilation.cycle import twins
from shiome.assimilation.experiments import TABLE
from shiome.assimilation.experiments.experiment import fully_observed
from shiome.assimilation.learned import LearnedAnalysis
from shiome.assimilation.score import DivergenceError, Score, score
from shiome.core.options import check
from shiome.core.progress import progress_bar
from shiome.data import DataRecord
from shiome.products import Report, prepare_output
from shiome.products.pages import write_report_page
from shiome.showcases.assimilation import learned_var3d
from shiome.showcases.assimilation.config import TITLE, Config
from shiome.showcases.assimilation.figures import table_chart, training_chart
from shiome.showcases.assimilation.learned_analysis import (
    CHUNK,
    STAGES,
    shipped,
    shipped_history,
    train_fully,
)
from shiome.showcases.assimilation.models import enter, hybrids, learned_models

RECORD = DataRecord(
    id="lorenz96-twins",
    title="Twin experiments with Lorenz-96",
    kind="synthetic",
    license="Apache-2.0",
    citation="Lorenz (1996): Predictability – a problem partly solved. ECMWF Seminar.",
    description="Truths and observations drawn by this run from its seed.",
)

QUICK = frozenset(
    {
        "optimal_interpolation",
        "var3d",
        "enkf_perturbed_40",
        "enkf_square_root_24",
        "denkf_40",
        "enkf_n_24",
        "letkf_7",
        "var4d_lag1",
        "ienks_20",
    }
)
"""Experiments of the small size; the others take too long for two minutes."""


def run(
    config: Config,
    out: str | Path,
    *,
    overwrite: bool = False,
    scheduler: str | None = None,
) -> Path:
    """Compute all experiments and write the report.

    Parameters
    ----------
    config
        What the user chose.
    out
        Folder of the report.
    overwrite
        Whether an earlier report there is replaced.
    scheduler
        Not needed here: experiments are vectorised in this process.

    Returns
    -------
    The report's folder.

    Raises
    ------
    ShiomeError
        If an option or the output folder cannot be used.
    """
    check(config)
    prepare_output(out, overwrite)
    keys = jax.random.split(jax.random.key(config.seed), 4)
    with Report.create(
        out,
        showcase="assimilation",
        title=TITLE,
        config=config,
        seed=config.seed,
        overwrite=overwrite,
    ) as report:
        report.data.append(RECORD)
        rows = _published(report, config, keys[0])
        rows.append(_learned_var3d(report, config, jax.random.fold_in(keys[1], 1)))
        rows.append(_learned_analysis(report, config, keys[1]))
        report.add_figure(
            "errors",
            table_chart(frame := pd.DataFrame(rows)),
            caption="Error of the analysis of each scheme, and the published value. Lorenz-96, "
            "synthetic observations.",
            data=frame,
        )
        learned_models(report, config, keys[2])
        hybrids(report, config, keys[3])
        write_report_page(
            report,
            f"{len(rows) - 2} published assimilation experiments repeated; and analyses, a "
            "model and a correction that were learned.",
        )
    return report.path


def _row(title: str, measured: Score, published: float) -> dict[str, str | float]:
    low, high = measured.interval
    return {
        "title": title,
        "measured": measured.mean,
        "low": low,
        "high": high,
        "published": published,
    }


def _published(report: Report, config: Config, key: PRNGKeyArray) -> list[dict[str, str | float]]:
    """Repeat the published experiments; the published values are the baselines."""
    chosen = [x for x in TABLE if config.size == "full" or x.key in QUICK]
    rows: list[dict[str, str | float]] = []
    with progress_bar("experiments", len(chosen)) as advance:
        for experiment in chosen:
            try:
                measured = experiment.run(config.cycles, config.seeds, key)
            except DivergenceError as reason:
                report.warn(f"{experiment.title}: {reason}")
            else:
                name = f"rmse.{experiment.key}"
                enter(report, name, measured)
                report.baselines[f"{name}.published"] = experiment.published
                rows.append(_row(experiment.title, measured, experiment.published))
            advance()
    return rows


def _learned_var3d(report: Report, config: Config, key: PRNGKeyArray) -> dict[str, str | float]:
    """Score a network that was taught the increments of 3D-Var."""
    train_key, run_key = jax.random.split(key)
    network = learned_var3d.imitate(1000, 500, train_key)
    measured = learned_var3d.cycled(network, max(config.cycles, 1000), run_key)
    enter(report, "rmse.learned_3dvar", measured)
    if "rmse.var3d" in report.metrics:
        report.baselines["rmse.learned_3dvar.var3d"] = report.metrics["rmse.var3d"]
    return _row("3D-Var, learned from its increments", measured, float("nan"))


def _learned_analysis(report: Report, config: Config, key: PRNGKeyArray) -> dict[str, str | float]:
    """Score the learned analysis, shipped or trained anew."""
    run_key, train_key = jax.random.split(key)
    network, history = shipped(), shipped_history()
    if config.retrain:
        with progress_bar("training", sum(stage.steps for stage in STAGES) // CHUNK) as advance:
            keep = Path(config.checkpoint) if config.checkpoint else None
            network, history = train_fully(train_key, advance, keep)
    cycles, burn_in = max(config.cycles, 2000), 400
    errors, diagnosis = twins(
        LearnedAnalysis(network), fully_observed(), cycles + burn_in, jax.random.split(run_key, 4)
    )
    measured = score(np.asarray(errors.analysis), diagnosis, burn_in)
    enter(report, "rmse.learned_analysis", measured)
    # The printed number: few cycles of the small size would make the goal uncertain.
    goal = next(x for x in TABLE if x.key == "enkf_square_root_24").published
    report.baselines["rmse.learned_analysis.goal"] = 1.05 * goal
    for name in ("var3d", "enkf_square_root_24"):
        if f"rmse.{name}" in report.metrics:
            report.baselines[f"rmse.learned_analysis.{name}"] = report.metrics[f"rmse.{name}"]
    if measured.mean > 1.05 * goal:
        report.warn(
            f"The learned analysis has an error of {measured.mean:.3f}, {measured.mean / goal:.2f} "
            "times that of the tuned square-root filter; the goal is 1.05."
        )
    report.add_figure(
        "training",
        training_chart(history.steps, history.validation, goal),
        caption="Error of the analysis on independent experiments while it was trained"
        f"{'' if config.retrain else ' (the shipped weights, trained by --retrain)'}.",
        data=pd.DataFrame(history._asdict()),
    )
    return _row("Learned analysis, one state", measured, float("nan"))
