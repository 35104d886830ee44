"""Run the assimilation showcase: published experiments, then what was learned."""

from pathlib import Path

import jax
import pandas as pd
from jaxtyping import PRNGKeyArray

from shiome.assimilation.cycle import twins
from shiome.assimilation.experiments import TABLE
from shiome.assimilation.experiments.experiment import BRIEF_CYCLES, fully_observed
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
    STEPS,
    shipped,
    shipped_history,
    train,
    untrained,
)
from shiome.showcases.assimilation.models import enter, hybrids, learned_models
from shiome.showcases.assimilation.traced import TracedIncrement

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
        rows += _learned_analysis(report, config, keys[1])
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
            f"{len(rows) - 3} published assimilation experiments repeated; and analyses, a "
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
            cycles, seeds = config.cycles, config.seeds
            if experiment.holds is not None and cycles > experiment.holds:
                cycles, seeds = experiment.holds, 6
                report.warn(
                    f"{experiment.title}: only {cycles} cycles; it diverges in longer runs."
                )
            try:
                measured = experiment.run(cycles, seeds, key)
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


def _cycled(increment: TracedIncrement, cycles: int, key: PRNGKeyArray) -> Score:
    """Analysis error of four experiments in which a single state is carried."""
    burn_in, keys = 400, jax.random.split(key, 4)
    scheme = LearnedAnalysis(increment)
    errors, diagnosis = twins(
        scheme, fully_observed(), cycles + burn_in, keys, brief=cycles <= BRIEF_CYCLES
    )
    return score(errors, diagnosis, burn_in)


def _learned_analysis(
    report: Report, config: Config, key: PRNGKeyArray
) -> list[dict[str, str | float]]:
    """Score the learned analysis, shipped or trained anew, and the same with nothing learned."""
    run_key, train_key = jax.random.split(key)
    increment, history = shipped(), shipped_history()
    if config.retrain:
        with progress_bar("training", STEPS // CHUNK) as advance:
            keep = Path(config.checkpoint) if config.checkpoint else None
            increment, history = train(train_key, advance=advance, checkpoint=keep)
    cycles = max(config.cycles, 1000)
    plain = _cycled(untrained(train_key), cycles, run_key)
    measured = _cycled(increment, cycles, run_key)
    enter(report, name := "rmse.learned_analysis", measured)
    report.baselines[f"{name}.equations_alone"] = plain.mean
    # The printed number: few cycles of the small size would make the goal uncertain.
    filtered = next(x for x in TABLE if x.key == "enkf_square_root_24").published
    report.baselines[f"{name}.goal"] = goal = 1.05 * filtered
    for other in ("var3d", "enkf_square_root_24"):
        if f"rmse.{other}" in report.metrics:
            report.baselines[f"{name}.{other}"] = report.metrics[f"rmse.{other}"]
    if measured.mean > goal:
        report.warn(
            f"The learned analysis has an error of {measured.mean:.3f}; the goal, five per cent "
            f"above that of the tuned square-root filter, is {goal:.3f}."
        )
    report.add_figure(
        "training",
        training_chart(history.steps, history.validation, filtered),
        caption="Error of the analysis on independent experiments while it was trained"
        f"{'' if config.retrain else ' (the shipped weights, trained by --retrain)'}.",
        data=pd.DataFrame(history._asdict()),
    )
    return [
        _row("Covariance traced from one state, nothing learned", plain, float("nan")),
        _row("The same, learned: analysis from one state", measured, float("nan")),
    ]
