import jax
import jax.numpy as jnp
import numpy as np
import optax

from shiome.explain.grad_cam import grad_cam
from shiome.nets.cnn import CNN
from shiome.training.losses import cross_entropy
from shiome.training.supervised import InMemory, train
from tests.training.patterns import discs

KEY = jax.random.key(0)


def test_the_map_lies_on_what_was_drawn():
    x, y, _ = discs(300, size=16, strength=3.0)
    loss = InMemory(cross_entropy, jnp.asarray(x), jnp.asarray(y), 32)
    network = CNN(1, 2, widths=(8, 16), key=KEY)
    network, _ = train(network, loss, optimiser=optax.adam(0.01), steps=120, key=KEY)
    x, y, place = discs(60, size=16, strength=3.0, seed=1)
    found = (np.asarray(network(jnp.asarray(x))).argmax(1) == 1) & (y == 1)
    assert found.sum() > 20
    maps = np.asarray(grad_cam(network, jnp.asarray(x[found]), 1))
    assert maps.min() >= 0
    np.testing.assert_allclose(maps.max((1, 2)), 1, rtol=1e-5)
    peak = np.stack(np.unravel_index(maps.reshape(len(maps), -1).argmax(1), (16, 16)), -1)
    far = np.hypot(*(peak - place[found]).T)
    assert np.median(far) < 2.5
    assert (far < 4).mean() > 0.8


def test_the_map_is_the_published_sum():
    network = CNN(1, 3, widths=(4, 4), key=KEY)
    x = jax.random.normal(KEY, (2, 8, 8, 1))
    # The head is a mean and a matrix: its gradient is the matrix's column everywhere.
    score = np.asarray(network.features(x)) @ np.asarray(network.exit.weight)
    label = score.max((1, 2)).argmax(1)
    raw = np.maximum([score[0, ..., label[0]], score[1, ..., label[1]]], 0)
    expected = np.array(jax.image.resize(raw, (2, 8, 8), "linear"))
    expected /= expected.max((1, 2), keepdims=True)
    cam = grad_cam(network, x, jnp.asarray(label))
    np.testing.assert_allclose(cam, expected, rtol=1e-3, atol=1e-5)
