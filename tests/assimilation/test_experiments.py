"""Published experiments: the cheap ones briefly, all of them at full length as slow tests."""

import jax
import pytest

from shiome.assimilation.experiments import TABLE
from shiome.assimilation.score import DivergenceError

UNSTABLE = "ienks_sparse_100"
BRIEF = ("var3d", "letkf_7")


@pytest.mark.parametrize("key", BRIEF)
def test_brief(key):
    experiment = next(x for x in TABLE if x.key == key)
    experiment.confirm(experiment.run(600, 4, jax.random.key(1)))


@pytest.mark.slow
@pytest.mark.parametrize("experiment", [x for x in TABLE if x.key != UNSTABLE], ids=lambda x: x.key)
def test_published_number(experiment):
    experiment.confirm(experiment.run(10_000, 2, jax.random.key(1)))


@pytest.mark.slow
def test_published_setting_that_loses_the_truth_is_reported():
    experiment = next(x for x in TABLE if x.key == UNSTABLE)
    with pytest.raises(DivergenceError):
        experiment.run(1000, 2, jax.random.key(1))
