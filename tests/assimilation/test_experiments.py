"""Published experiments: the cheap ones briefly, all of them at full length as slow tests."""

import jax
import pytest

from shiome.assimilation.experiments import TABLE
from shiome.assimilation.score import DivergenceError

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
def test_published_setting_that_loses_the_truth_is_reported():
    experiment = next(x for x in TABLE if x.key == UNSTABLE)
    with pytest.raises(DivergenceError):
        experiment.run(1000, 2, jax.random.key(1))


@pytest.mark.slow
def test_smoother_is_better_than_printed():
    experiment = next(x for x in TABLE if x.key == BETTER)
    measured = experiment.run(10_000, 2, jax.random.key(1))
    # DAPPER 1.7.1 gives 0.287 ± 0.005 with these settings, not the 0.31 of its comment.
    assert measured.mean == pytest.approx(0.287, abs=0.015)
    assert measured.mean < experiment.published
