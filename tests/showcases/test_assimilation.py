"""The pieces of the assimilation showcase; the whole run is a slow test."""

import json

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.showcases.assimilation import hybrid, learned_model
from shiome.showcases.assimilation.config import Config
from shiome.showcases.assimilation.increments import anchored
from shiome.showcases.assimilation.learned_analysis import (
    BACK,
    populate,
    shipped,
    shipped_history,
    untrained,
    validation,
)
from shiome.showcases.assimilation.run import run
from shiome.showcases.assimilation.traced import BEYOND, FIRST_SPREAD
from shiome.simulation.lorenz96 import Lorenz96

KEY = jax.random.key(0)


FORECAST, INNOVATION = 2.3 + 3 * jnp.sin(jnp.arange(40.0) / 3), jnp.cos(jnp.arange(40.0))


@pytest.fixture(scope="module")
def attractor():
    return populate(1, KEY).truth[0]


def test_trace_leads_back_to_where_the_forecast_came_from(attractor):
    increment = untrained(KEY)
    forecast = attractor
    for _ in range(BACK):
        forecast = increment.model.step(forecast, jnp.asarray(0.0), KEY)
    way = increment.traced(forecast)
    assert way.shape == (BACK, 40)
    np.testing.assert_allclose(way[0], attractor, atol=0.5)
    np.testing.assert_allclose(way[-1], increment.traced(forecast)[-1])
    # However wild the state, the way back stays bounded.
    assert (jnp.abs(increment.traced(50.0 * forecast)) <= BEYOND).all()


def test_untrained_increment_is_that_of_the_extended_kalman_filter(attractor):
    increment = untrained(KEY)
    way = np.asarray(increment.traced(attractor), float)
    unit = np.eye(40)
    covariance = FIRST_SPREAD**2 * unit
    for state in way:
        slope = np.asarray(increment.model.tangent(jnp.asarray(state, jnp.float32)), float)
        prior = slope @ covariance @ slope.T
        covariance = prior - prior @ np.linalg.solve(prior + unit, prior)
    expected = prior @ np.linalg.solve(prior + unit, np.asarray(INNOVATION, float))
    np.testing.assert_allclose(increment(attractor, INNOVATION), expected, atol=1e-4)


def test_patterns_are_anchored_around_the_circle():
    patterns = np.arange(1.0, 22.0).reshape(7, 3)
    expected = np.zeros((7, 7))
    for i in range(7):
        for k in range(3):
            expected[i, (i + k - 1) % 7] = patterns[i, k]
    np.testing.assert_array_equal(anchored(jnp.asarray(patterns)), expected)


def test_shipped_analysis_turns_with_the_circle():
    increment = eqx.filter_jit(shipped())
    turned = increment(jnp.roll(FORECAST, 7), jnp.roll(INNOVATION, 7))
    np.testing.assert_allclose(turned, jnp.roll(increment(FORECAST, INNOVATION), 7), atol=1e-4)


def test_shipped_analysis_is_better_than_the_equations_alone():
    assert (np.diff(shipped_history().steps) > 0).all()
    run = eqx.filter_jit(validation)
    learned, plain = (float(run(increment)) for increment in (shipped(), untrained(KEY)))
    assert learned < plain - 0.004


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
