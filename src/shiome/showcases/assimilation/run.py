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
from shiome.showcases.assimilation import hybrid, learned_model, learned_var3d
from shiome.showcases.assimilation.config import TITLE, Config
from shiome.showcases.assimilation.figures import (
    cost_chart,
    skill_chart,
    table_chart,
    training_chart,
)
from shiome.showcases.assimilation.learned_analysis import (
    Increment,
    shipped,
    train,
    train_fully,
    untrained,
)
from shiome.simulation.lorenz96 import Lorenz96

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

TUNINGS = {
    "physical": (1.3, 1.5),
    "hybrid": (1.05, 1.15),
    "learned": (1.15, 1.3),
    "emulator": (1.05,),
}
"""Inflations tried for each model in the local filter; the best is reported."""


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
        _learned_model(report, config, keys[2])
        _hybrid(report, config, keys[3])
        write_report_page(
            report,
            f"{len(rows) - 2} published assimilation experiments repeated; and analyses, a "
            "model and a correction that were learned.",
        )
    return report.path


def _enter(report: Report, key: str, measured: Score) -> None:
    report.metrics[key] = measured.mean
    report.intervals[key] = measured.interval


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
                _enter(report, name, measured)
                report.baselines[f"{name}.published"] = experiment.published
                rows.append(_row(experiment.title, measured, experiment.published))
            advance()
    return rows


def _learned_var3d(report: Report, config: Config, key: PRNGKeyArray) -> dict[str, str | float]:
    """Score a network that was taught the increments of 3D-Var."""
    train_key, run_key = jax.random.split(key)
    network = learned_var3d.imitate(1000, 500, train_key)
    measured = learned_var3d.cycled(network, max(config.cycles, 1000), run_key)
    _enter(report, "rmse.learned_3dvar", measured)
    if "rmse.var3d" in report.metrics:
        report.baselines["rmse.learned_3dvar.var3d"] = report.metrics["rmse.var3d"]
    return _row("3D-Var, learned from its increments", measured, float("nan"))


def _learned_analysis(report: Report, config: Config, key: PRNGKeyArray) -> dict[str, str | float]:
    """Score the learned analysis, and train it anew: a little, or at full length."""
    run_key, train_key = jax.random.split(key)
    network: Increment = shipped()
    if config.retrain:
        with progress_bar("training", 136) as advance:
            keep = Path(config.checkpoint) if config.checkpoint else None
            network, history = train_fully(train_key, advance, keep)
    else:
        steps = 300 if config.size == "small" else 3000
        with progress_bar("training", steps // 100) as advance:
            _, history = train(
                untrained(train_key),
                steps=steps,
                rate=1e-2,
                experiments=24,
                cycles=2,
                chunk=100,
                key=train_key,
                advance=advance,
            )
    cycles, burn_in = max(config.cycles, 2000), 400
    errors, diagnosis = twins(
        LearnedAnalysis(network), fully_observed(), cycles + burn_in, jax.random.split(run_key, 4)
    )
    measured = score(np.asarray(errors.analysis), diagnosis, burn_in)
    _enter(report, "rmse.learned_analysis", measured)
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
        caption="Error of an analysis trained anew in this run; the shipped one was trained "
        "longer.",
        data=pd.DataFrame(history._asdict()),
    )
    return _row("Learned analysis, one state", measured, float("nan"))


def _learned_model(report: Report, config: Config, key: PRNGKeyArray) -> None:
    """Learn the model from observations of several densities and errors."""
    small = config.size == "small"
    settings = [(0.5, 1.0)] if small else [(d, n) for d in (1.0, 0.5, 0.25) for n in (0.5, 1.0)]
    cycles, steps, inflations = (600, 250, (1.3,)) if small else (4000, 1500, (1.3, 1.15, 1.08))
    truth = learned_model.observe(1500, 1.0, 1.0, jax.random.fold_in(key, 99)).truth
    true_errors, _ = learned_model.skill(Lorenz96(forcing=8.0 + 1e-6), truth)
    curves = {"lyapunov_times": _lyapunov_axis(true_errors.shape[1])}
    with progress_bar("models", len(settings)) as advance:
        for i, (density, noise) in enumerate(settings):
            k = jax.random.fold_in(key, i)
            nature = learned_model.observe(cycles, density, noise, k)
            models = learned_model.alternate(
                nature.observations, noise, inflations=inflations, steps=steps, key=k
            )
            name = f"seen {density:.0%}, error {noise:g}"
            errors, times = learned_model.skill(models[-1], truth)
            curves[name] = errors.mean(0)
            _, unassimilated = learned_model.skill(models[0], truth)
            tag = f"lyapunov.learned_model.density{density * 100:03.0f}_noise{noise * 10:02.0f}"
            _enter(report, tag, _mean_of(times))
            report.baselines[f"{tag}.without_assimilation"] = float(unassimilated.mean())
            if (density, noise) == (0.5, 1.0):
                _enter(report, "lyapunov.learned_model", _mean_of(times))
                report.baselines["lyapunov.learned_model.without_assimilation"] = float(
                    unassimilated.mean()
                )
            advance()
    report.add_figure(
        "skill",
        skill_chart(frame := pd.DataFrame(curves)),
        caption="Error of forecasts from the true state with models learned from observations "
        "alone (synthetic). A perfect model stays at zero.",
        data=frame,
    )


def _lyapunov_axis(length: int) -> np.ndarray:
    return np.arange(1, length + 1) * learned_model.STEP * learned_model.LYAPUNOV


def _mean_of(times: np.ndarray) -> Score:
    return Score(float(times.mean()), float(times.std(ddof=1) / len(times) ** 0.5))


def _hybrid(report: Report, config: Config, key: PRNGKeyArray) -> None:
    """Physical, learned and hybrid model, and an emulator of the full one, in one filter."""
    small, variance = config.size == "small", 1.0
    cycles, steps, rounds = (800, 250, (1.3,)) if small else (4000, 1500, (1.3, 1.1, 1.05))
    world = hybrid.observe(cycles, variance, jax.random.fold_in(key, 0))
    trial = hybrid.observe(400 if small else 4000, variance, jax.random.fold_in(key, 1))
    physics = hybrid.physical()
    mixed = learned_model.alternate(
        world.observations,
        variance**0.5,
        inflations=rounds,
        steps=steps,
        key=key,
        physics=physics.tendency,
        physical=physics,
    )[-1]
    learned = learned_model.alternate(
        world.observations, variance**0.5, inflations=rounds, steps=steps, key=key
    )[-1]
    emulator = learned_model.learn(
        world.slow[learned_model.SETTLE :], steps=steps, key=key, physics=physics.tendency
    )
    models = {"physical": physics, "learned": learned, "hybrid": mixed, "emulator": emulator}
    problems = {name: hybrid.slow_problem(m, trial, variance) for name, m in models.items()}
    problems["full"] = hybrid.nature_problem(variance, trial.truth[0])
    rows = []
    for name, problem in problems.items():
        inflations = TUNINGS.get(name, (1.05,))
        best = hybrid.filtered(name, problem, trial, key, inflations, warn=report.warn)
        if best is None:
            continue
        if name == "hybrid":
            _enter(report, "rmse.hybrid", best.score)
        elif name == "emulator":
            _enter(report, "rmse.emulator", best.score)
        else:
            report.baselines[f"rmse.hybrid.{name}"] = best.score.mean
        low, high = best.score.interval
        rows.append(
            {
                "name_of_model": name,
                "milliseconds": best.microseconds / 1000,
                "measured": best.score.mean,
                "low": low,
                "high": high,
            }
        )
    report.add_figure(
        "cost",
        cost_chart(frame := pd.DataFrame(rows)),
        caption="Error and cost of the local filter with each model. The truth is the two-scale "
        "Lorenz-96 model (synthetic); the emulator was trained on its states, the hybrid on "
        "observations alone.",
        data=frame,
    )
