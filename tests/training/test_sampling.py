import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core.errors import ConfigError, DataError
from shiome.training.sampling import Mixture, hardest, oversampled, undersampled

KEY = jax.random.key(0)
LABEL = np.repeat([0, 1, 2], [900, 90, 10])


def test_oversampling_makes_classes_equally_frequent():
    index = oversampled(LABEL, 3)(KEY, 6000, jnp.asarray(0))
    np.testing.assert_allclose(np.bincount(LABEL[index]) / 6000, 1 / 3, atol=0.025)
    # Every example of a class is drawn, and about equally often.
    assert np.bincount(index, minlength=1000)[-10:].min() > 130


def test_undersampling_keeps_the_rarest_whole():
    kept = undersampled(LABEL, 3, ratio=3)
    assert np.bincount(LABEL[kept]).tolist() == [30, 30, 10]
    assert len(set(kept)) == 70
    with pytest.raises(DataError, match="one of 4 classes has no example"):
        undersampled(LABEL, 4)


def test_shares_change_with_the_steps():
    mixture = Mixture([np.arange(10), np.arange(10, 20)], [1, 0], later=[1, 3], over=100)
    draw = jax.jit(lambda step: mixture(KEY, 4000, step))
    share = [float((draw(jnp.asarray(step)) >= 10).mean()) for step in (0, 50, 100, 500)]
    np.testing.assert_allclose(share, [0, 0.375, 0.75, 0.75], atol=0.025)


def test_a_mixture_of_nothing_is_refused():
    with pytest.raises(DataError, match="group 1 has no examples but a share of"):
        Mixture([np.arange(3), []], [1, 0.5])
    with pytest.raises(ConfigError, match="expected one per group"):
        Mixture([np.arange(3)], [1, 0.5])
    only = Mixture([np.arange(3), []], [1, 0])(KEY, 50, jnp.asarray(0))
    assert set(np.asarray(only)) == {0, 1, 2}


def test_the_hardest_negatives_are_those_most_like_positives():
    score = np.array([0.9, 0.1, 0.8, 0.3, 0.95])
    negative = np.array([True, True, True, True, False])
    assert hardest(score, negative, share=0.5).tolist() == [True, False, True, False, False]
    assert hardest(score, negative, share=0.01).sum() == 1
    with pytest.raises(DataError, match="no negatives"):
        hardest(score, np.zeros(5, bool))
