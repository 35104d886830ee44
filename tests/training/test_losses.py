import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight

from shiome.core.errors import DataError
from shiome.training.losses import class_weights, cross_entropy, focal

LOGITS = jax.random.normal(jax.random.key(0), (40, 3)) * 3
LABEL = jnp.arange(40) % 3


def test_cross_entropy_is_the_log_loss():
    mean = float(cross_entropy(LOGITS, LABEL).mean())
    assert mean == pytest.approx(log_loss(LABEL, jax.nn.softmax(LOGITS)), rel=1e-4)


def test_focal_loss_is_the_published_formula():
    p = np.asarray(jax.nn.softmax(LOGITS))[np.arange(40), LABEL]
    alpha = np.array([0.25, 0.5, 2.0])
    expected = -alpha[LABEL] * (1 - p) ** 2 * np.log(p)
    np.testing.assert_allclose(focal(LOGITS, LABEL, alpha=alpha), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_gradients_are_finite_where_the_network_is_sure(gamma):
    logits = jnp.array([[200.0, -200.0], [-200.0, 200.0]])
    slope = jax.grad(lambda x: focal(x, jnp.array([0, 0]), gamma=gamma).sum())(logits)
    assert bool(jnp.isfinite(slope).all())
    assert abs(float(slope[0, 0])) < 1e-5 < 0.9 < abs(float(slope[1, 0]))


def test_class_weights_are_balanced():
    label = np.repeat([0, 1, 2], [70, 20, 10])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=label)
    np.testing.assert_allclose(class_weights(label, 3), expected, rtol=1e-6)
    assert class_weights(label, 3)[label].mean() == pytest.approx(1)
    with pytest.raises(DataError, match="no example of class 3 among 100"):
        class_weights(label, 4)
