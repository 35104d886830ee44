"""Learned models, corrections and emulators: what the showcase reports of them."""

from functools import partial

import jax
import numpy as np
import pandas as pd
from jaxtyping import PRNGKeyArray

from shiome.assimilation.problem import Problem
from shiome.assimilation.score import Score
from shiome.core.progress import progress_bar
from shiome.products import Report
from shiome.showcases.assimilation import hybrid, learned_model
from shiome.showcases.assimilation.config import Config
from shiome.showcases.assimilation.figures import cost_chart, skill_chart
from shiome.simulation.lorenz96 import Lorenz96

CHIEF = (0.5, 1.0)
"""Part of the variables seen, and error of the observations, of the metric without a setting."""

TUNINGS = {
    "physical": (1.3, 1.5),
    "hybrid": (1.05, 1.15),
    "learned": (1.15, 1.3),
    "emulator": (1.05,),
    "full": (1.05,),
}
"""Inflations tried for each model in the local filter; the best is reported."""


def enter(report: Report, key: str, measured: Score) -> None:
    """Enter a metric with its interval."""
    report.metrics[key] = measured.mean
    report.intervals[key] = measured.interval


def learned_models(report: Report, config: Config, key: PRNGKeyArray) -> None:
    """Learn the model from observations of several densities and errors."""
    cycles, steps, rounds = config.learning
    settings = [(d, n) for d in config.densities for n in (0.5, 1.0)]
    truth = learned_model.observe(1500, 1.0, 1.0, jax.random.fold_in(key, 99)).truth
    true_errors, _ = learned_model.skill(Lorenz96(forcing=8.0 + 1e-6), truth)
    steps_ahead = np.arange(1, true_errors.shape[1] + 1)
    curves = {"lyapunov_times": steps_ahead * learned_model.STEP * learned_model.LYAPUNOV}
    with progress_bar("models", len(settings)) as advance:
        for i, (density, noise) in enumerate(settings):
            k = jax.random.fold_in(key, i)
            nature = learned_model.observe(cycles, density, noise, k)
            models = learned_model.alternate(
                nature.observations, noise, inflations=rounds, steps=steps, key=k
            )
            errors, times = learned_model.skill(models[-1], truth)
            curves[f"seen {density:.0%}, error {noise:g}"] = errors.mean(0)
            _, without = learned_model.skill(models[0], truth)
            name = "lyapunov.learned_model"
            tags = [f"{name}.density{density * 100:03.0f}_noise{noise * 10:02.0f}"]
            for tag in [*tags, name] if (density, noise) == CHIEF else tags:
                enter(report, tag, _mean_of(times))
                report.baselines[f"{tag}.without_assimilation"] = float(without.mean())
            advance()
    report.add_figure(
        "skill",
        skill_chart(frame := pd.DataFrame(curves)),
        caption="Error of forecasts from the true state with models learned from observations "
        "alone (synthetic). A perfect model stays at zero.",
        data=frame,
    )


def _mean_of(times: np.ndarray) -> Score:
    return Score(float(times.mean()), float(times.std(ddof=1) / len(times) ** 0.5))


def _problems(
    config: Config, world: hybrid.World, trial: hybrid.World, variance: float, key: PRNGKeyArray
) -> dict[str, Problem]:
    """Models of the slow variables, learned or not, and the full one; each with the trial."""
    _, steps, rounds = config.learning
    physics, noise = hybrid.physical(), variance**0.5
    alternate = partial(
        learned_model.alternate, world.observations, noise, inflations=rounds, steps=steps, key=key
    )
    mixed, learned = alternate(physics=physics.tendency, physical=physics), alternate()
    states = world.slow[learned_model.SETTLE :]
    emulator = learned_model.learn(states, steps=steps, key=key, physics=physics.tendency)
    models = {
        "physical": physics,
        "learned": learned[-1],
        "hybrid": mixed[-1],
        "emulator": emulator,
    }
    problems = {name: hybrid.slow_problem(m, trial, variance) for name, m in models.items()}
    return problems | {"full": hybrid.nature_problem(variance, trial.truth[0])}


def hybrids(report: Report, config: Config, key: PRNGKeyArray) -> None:
    """Physical, learned and hybrid model, and an emulator of the full one, in one filter.

    What learns sees the first part of the observations; the filter is judged on the rest.
    """
    cycles, variance = config.learning[0], 1.0
    whole = hybrid.observe(cycles + config.trial, variance, jax.random.fold_in(key, 0))
    world, trial = whole.part(slice(cycles)), whole.part(slice(cycles, None))
    rows = []
    for name, problem in _problems(config, world, trial, variance, key).items():
        sizes = config.ensembles.get(name, (20,))
        for members in sizes:
            best = hybrid.filtered(
                name, problem, trial, key, TUNINGS[name], warn=report.warn, members=members
            )
            if best is None:
                continue
            if members == 20:
                _enter_model(report, name, best.score)
            low, high = best.score.interval
            rows.append(
                {
                    "model": name,
                    "members": members,
                    "milliseconds": 1000 * best.seconds,
                    "measured": best.score.mean,
                    "low": low,
                    "high": high,
                }
            )
    report.add_figure(
        "cost",
        cost_chart(frame := pd.DataFrame(rows)),
        caption="Error and cost of the local filter with each model; the number is that of the "
        "members. The truth is the two-scale Lorenz-96 model (synthetic); the emulator was "
        "trained on its states, the hybrid on observations alone.",
        data=frame,
    )


def _enter_model(report: Report, name: str, measured: Score) -> None:
    """Metrics are of what was learned with physics; the others are its baselines."""
    if name in ("hybrid", "emulator"):
        enter(report, f"rmse.{name}", measured)
    else:
        report.baselines[f"rmse.hybrid.{name}"] = measured.mean
