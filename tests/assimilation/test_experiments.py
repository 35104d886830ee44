"""Published experiments: the cheap ones briefly, all of them at full length as slow tests."""

import dataclasses

import jax
import numpy as np
import pytest

from shiome.assimilation.cycle import twins
from shiome.assimilation.experiments import TABLE

UNSTABLE = "ienks_sparse_100"
BETTER = "ienks_20"
BRIEF = ("var3d", "letkf_7")


@pytest.mark.parametrize("key", BRIEF)
def test_brief(key):
    experiment = next(x for x in TABLE if x.key == key)
    experiment.confirm(experiment.run(600, 4, jax.random.key(1)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "experiment", [x for x in TABLE if x.key not in (UNSTABLE, BETTER)], ids=lambda x: x.key
)
def test_published_number(experiment):
    experiment.confirm(experiment.run(10_000, 2, jax.random.key(1)))


@pytest.mark.slow
def test_sparse_smoother_while_it_holds_the_truth():
    # It does for some hundred cycles: many short experiments instead of two long ones.
    experiment = next(x for x in TABLE if x.key == UNSTABLE)
    experiment.confirm(experiment.run(experiment.holds, 6, jax.random.key(7)))


@pytest.mark.slow
def test_sparse_smoother_needs_its_rotation():
    experiment = next(x for x in TABLE if x.key == UNSTABLE)
    with jax.enable_x64(True):
        scheme, problem = experiment.build()
        still = dataclasses.replace(scheme, rotation=False)
        errors, _ = twins(still, problem, 250, jax.random.split(jax.random.key(7), 6))
        last = np.asarray(errors.analysis)[:, -50:].mean(-1)
    assert (last > 2).sum() >= 2


@pytest.mark.slow
def test_smoother_is_better_than_printed():
    experiment = next(x for x in TABLE if x.key == BETTER)
    measured = experiment.run(10_000, 2, jax.random.key(1))
    # DAPPER 1.7.1 gives 0.287 ± 0.005 with these settings, not the 0.31 of its comment.
    assert measured.mean == pytest.approx(0.287, abs=0.015)
    assert measured.mean < experiment.published
