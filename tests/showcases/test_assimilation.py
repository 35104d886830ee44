"""The pieces of the assimilation showcase; the whole run is a slow test."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.showcases.assimilation import hybrid, learned_model
from shiome.showcases.assimilation.config import Config
from shiome.showcases.assimilation.increments import FIRST_SPREAD, anchored
from shiome.showcases.assimilation.learned_analysis import (
    joined,
    shipped,
    shipped_history,
    untrained,
)
from shiome.showcases.assimilation.run import run
from shiome.simulation.lorenz96 import Lorenz96
from shiome.training.fit import History

KEY = jax.random.key(0)


def test_untrained_analysis_takes_its_first_guess_and_the_shipped_one_does_better():
    forecast, innovation = 2.3 + jnp.arange(40.0) / 10, jnp.sin(jnp.arange(40.0))
    gain = FIRST_SPREAD**2 / (FIRST_SPREAD**2 + 1)
    np.testing.assert_allclose(untrained(KEY)(forecast, innovation), gain * innovation, atol=1e-6)
    increment = shipped()(forecast, innovation)
    assert jnp.isfinite(increment).all()
    assert 0 < jnp.abs(increment).mean() < jnp.abs(innovation).mean()


def test_patterns_are_anchored_around_the_circle():
    patterns = np.arange(1.0, 22.0).reshape(7, 3)
    expected = np.zeros((7, 7))
    for i in range(7):
        for k in range(3):
            expected[i, (i + k - 1) % 7] = patterns[i, k]
    np.testing.assert_array_equal(anchored(jnp.asarray(patterns)), expected)


def test_shipped_analysis_turns_with_the_circle():
    forecast, innovation = 2.3 + 3 * jnp.sin(jnp.arange(40.0) / 3), jnp.cos(jnp.arange(40.0))
    turned = shipped()(jnp.roll(forecast, 7), jnp.roll(innovation, 7))
    np.testing.assert_allclose(turned, jnp.roll(shipped()(forecast, innovation), 7), atol=1e-4)


def test_courses_of_stages_are_joined():
    one = History(np.array([2, 4]), np.array([0.3, 0.2]), np.array([1.0, 0.9]))
    assert joined([one, one]).steps.tolist() == [2, 4, 6, 8]
    assert (np.diff(shipped_history().steps) > 0).all()


def test_a_true_model_has_endless_skill_and_a_wrong_one_little():
    truth = learned_model.observe(300, 1.0, 1.0, KEY).truth
    _, right = learned_model.skill(Lorenz96(), truth, starts=5, length=30)
    errors, wrong = learned_model.skill(Lorenz96(forcing=12.0), truth, starts=5, length=30)
    assert (right == 30 * learned_model.STEP * learned_model.LYAPUNOV).all()
    assert wrong.max() < right.min()
    assert (np.diff(errors.mean(0)[:10]) > 0).all()


def test_missing_values_are_filled_between_their_neighbours():
    series = jnp.array([[0.0, np.nan], [np.nan, 1.0], [2.0, np.nan]])
    filled = learned_model.interpolated(series)
    np.testing.assert_allclose(filled, [[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])


def test_interval_of_the_physical_model_in_the_two_scale_world():
    world = hybrid.observe(80, 1.0, KEY)
    problem = hybrid.slow_problem(hybrid.physical(), world, 1.0)
    said: list[str] = []
    outcome = hybrid.filtered("physical", problem, world, KEY, (1.3, 1.5), warn=said.append)
    assert outcome is not None
    assert not said
    assert outcome.score.mean < 0.8
    assert outcome.seconds > 0


@pytest.mark.slow
def test_small_run_writes_its_promised_metrics(tmp_path):
    folder = run(Config(), tmp_path / "out")
    report = json.loads((folder / "report.json").read_text())
    metrics, baselines = report["metrics"], report["baselines"]
    assert metrics["rmse.learned_3dvar"] == pytest.approx(metrics["rmse.var3d"], rel=0.08)
    assert {"rmse.learned_analysis", "lyapunov.learned_model", "rmse.hybrid"} <= set(metrics)
    assert set(metrics) == set(report["intervals"])
    assert metrics["rmse.learned_analysis"] < 0.6 * metrics["rmse.var3d"]
    assert metrics["rmse.hybrid"] < min(
        baselines["rmse.hybrid.physical"], baselines["rmse.hybrid.learned"]
    )
    assert (
        metrics["lyapunov.learned_model"] > baselines["lyapunov.learned_model.without_assimilation"]
    )
    assert report["data"][0]["kind"] == "synthetic"
