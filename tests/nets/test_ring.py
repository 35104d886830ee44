import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from shiome.nets.ring import RingConvolution, RingNet


def test_convolution_is_the_naive_sum():
    layer = RingConvolution(2, 3, 5, key=jax.random.key(0))
    x = np.asarray(jax.random.normal(jax.random.key(1), (7, 2)))
    weight = np.asarray(layer.weight).reshape(5, 2, 3)
    naive = [
        sum(x[(i + k - 2) % 7] @ weight[k] for k in range(5)) + np.asarray(layer.bias)
        for i in range(7)
    ]
    np.testing.assert_allclose(layer(jnp.asarray(x)), naive, rtol=1e-4, atol=1e-5)


def test_network_starts_at_zero_and_turns_with_its_input():
    net = RingNet(2, 1, width=8, blocks=2, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (12, 2))
    np.testing.assert_array_equal(net(x), 0)
    net = eqx.tree_at(lambda n: n.exit.weight, net, jnp.ones_like(net.exit.weight))
    turned = net(jnp.roll(x, 3, axis=0))
    np.testing.assert_allclose(turned, jnp.roll(net(x), 3, axis=0), rtol=1e-4, atol=1e-5)
    assert jnp.abs(turned).max() > 0
