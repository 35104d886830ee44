import jax
import jax.numpy as jnp
import numpy as np

from shiome.nets.mlp import MLP


def test_it_begins_at_zero_and_can_move() -> None:
    net = MLP(5, 3, width=8, key=jax.random.key(0))
    x = jnp.arange(5.0)
    np.testing.assert_array_equal(net(x), np.zeros(3))
    slope = jax.grad(lambda exit: MLP.__call__(_with_exit(net, exit), x).sum())(net.exit)
    assert np.abs(slope).max() > 0


def _with_exit(net: MLP, exit: jax.Array) -> MLP:
    return jax.tree.unflatten(jax.tree.structure(net), [net.entry, net.bias, exit])
