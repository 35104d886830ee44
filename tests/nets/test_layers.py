import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate

from shiome.nets import layers
from shiome.nets.running import Run, learnable, statistics, training_pass, with_statistics

KEY = jax.random.key(0)
X = jax.random.normal(jax.random.key(1), (3, 8, 10, 4))


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_is_the_naive_sum(size, stride):
    layer = layers.Convolution(4, 5, size, stride=stride, key=KEY)
    layer = eqx.tree_at(lambda c: c.bias, layer, jnp.arange(5.0))
    x, w = np.asarray(X), np.asarray(layer.weight)
    naive = np.zeros((3, 8, 10, 5))
    for n, i, o in np.ndindex(3, 4, 5):
        naive[n, ..., o] += correlate(x[n, ..., i], w[..., i, o], mode="same")
    naive = (naive + np.arange(5))[:, ::stride, ::stride]
    np.testing.assert_allclose(layer(X), naive, rtol=1e-4, atol=1e-4)


def test_double_up_fills_each_block_from_one_point():
    layer = layers.DoubleUp(4, 2, key=KEY)
    y = np.asarray(layer(X))
    assert y.shape == (3, 16, 20, 2)
    weight = np.asarray(layer.weight).reshape(4, 2, 2, 2)
    for a, b in np.ndindex(2, 2):
        np.testing.assert_allclose(
            y[:, a::2, b::2], np.asarray(X) @ weight[:, a, b], rtol=1e-4, atol=1e-5
        )


def test_pools_are_the_naive_ones():
    x = np.asarray(X)
    blocks = x.reshape(3, 4, 2, 5, 2, 4)
    np.testing.assert_array_equal(layers.max_pool(X), blocks.max((2, 4)))
    np.testing.assert_allclose(layers.mean_pool(X), blocks.mean((2, 4)), rtol=1e-5, atol=1e-6)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    wide = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))[:, ::2, ::2]
    np.testing.assert_array_equal(layers.max_pool_overlapping(X), wide.max((-1, -2)))
    assert layers.max_pool(X[:, :7, :9]).shape == (3, 3, 4, 4)


def test_blocks_are_undone_by_subpixels():
    made = layers.blocks(X, 2)
    assert made.shape == (3, 4, 5, 16)
    np.testing.assert_array_equal(made[0, 1, 2, 4:8], X[0, 2, 5])
    np.testing.assert_array_equal(layers.subpixels(made, 2), X)


def test_training_normalises_by_the_batch_and_inference_by_what_was_seen():
    norm = layers.BatchNorm(4)
    x = 3 + 2 * X
    for step in range(80):
        y, norm = training_pass(norm, x, jax.random.fold_in(KEY, step))
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std((0, 1, 2)), 1, rtol=1e-4)
    np.testing.assert_allclose(norm.running.mean, x.mean((0, 1, 2)), rtol=1e-3)
    np.testing.assert_allclose(norm.running.variance, x.var((0, 1, 2), ddof=1), rtol=2e-3)
    np.testing.assert_allclose(norm(x[:1]), y[:1], atol=0.02)


def test_statistics_are_carried_and_not_learned():
    norm = layers.BatchNorm(4)
    learned = eqx.filter(norm, learnable(norm))
    assert len(jax.tree.leaves(learned)) == 2
    moved = [layers.Statistics(jnp.ones(4), jnp.ones(4))]
    assert jnp.array_equal(with_statistics(norm, moved).running.mean, jnp.ones(4))
    assert statistics(layers.Dropout(0.5)) == []

    def output(norm):
        y, after = training_pass(norm, X, KEY)
        return (y**3).sum() + after.running.mean.sum() + after.running.variance.sum()

    # What a batch leaves behind has no gradient.
    slope = eqx.filter_grad(output)(norm)
    direct = eqx.filter_grad(lambda n: (training_pass(n, X, KEY)[0] ** 3).sum())(norm)
    np.testing.assert_allclose(slope.scale, direct.scale, rtol=1e-5)


def test_members_side_by_side_are_members_one_by_one():
    norms = eqx.filter_vmap(lambda s: eqx.tree_at(lambda n: n.scale, layers.BatchNorm(4), s))(
        jnp.arange(1.0, 9.0).reshape(2, 4)
    )
    keys = jax.random.split(KEY, 2)
    y, moved = eqx.filter_vmap(training_pass, in_axes=(eqx.if_array(0), None, 0))(norms, X, keys)
    one, alone = training_pass(jax.tree.map(lambda a: a[1], norms), X, keys[1])
    np.testing.assert_allclose(y[1], one, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(moved.running.variance[1], alone.running.variance, rtol=1e-5)


def test_dropout_keeps_the_mean_and_rests_in_inference():
    dropout = layers.Dropout(0.25)
    x = jnp.ones((50, 40, 1, 1))
    y = dropout(x, Run(KEY))
    assert float((y == 0).mean()) == pytest.approx(0.25, abs=0.03)
    assert float(y.mean()) == pytest.approx(1, abs=0.04)
    np.testing.assert_array_equal(dropout(x), x)


def test_activations_agree_where_positive_and_lean_where_negative():
    x = jnp.linspace(-2, 2, 401)
    for name, leans in (("relu", 0), ("leaky_relu", 0.01), ("randomised_leaky_relu", 1 / 5.5)):
        y = layers.find_activation(name)(x, Run())
        np.testing.assert_allclose(y, np.where(x > 0, x, leans * x), rtol=1e-6)
    drawn = layers.randomised_leaky_relu(-jnp.ones(1000), Run(KEY))
    assert -1 / 3 <= float(drawn.min()) < -0.3
    assert -0.14 < float(drawn.max()) <= -1 / 8
