import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from shiome.core.errors import ModelError
from shiome.nets.cnn import CNN
from shiome.training.ensembles import Ensemble, Symmetric, skill_weights, train_members
from shiome.training.losses import focal
from shiome.training.sampling import Mixture, by_class
from shiome.training.supervised import InMemory
from tests.training.patterns import discs

KEY = jax.random.key(0)


def corner(x):
    """Two logits that depend on the first corner, as no symmetric network does."""
    return jnp.stack([x[:, 0, 0, 0], -x[:, 0, 0, 0]], -1)


def test_symmetries_are_averaged_as_probabilities():
    x = jax.random.normal(KEY, (5, 4, 4, 1))
    corners = np.asarray(x)[:, [0, 0, -1, -1], [0, -1, 0, -1], 0]
    expected = (1 / (1 + np.exp(-2 * corners))).mean(1)
    p = jax.nn.softmax(Symmetric(corner)(x))
    np.testing.assert_allclose(p[:, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(p[:, 0], jax.nn.softmax(Symmetric(corner)(x[:, ::-1]))[:, 0], 1e-5)


@pytest.mark.parametrize("width", [4, 6], ids=["square", "oblong"])
def test_images_are_turned_back(width):
    x = jax.random.normal(KEY, (2, 4, width, 1))
    np.testing.assert_allclose(Symmetric(lambda image: 2 * image)(x), 2 * x, rtol=1e-6)
    moved = Symmetric(lambda image: jnp.roll(image, 1, axis=1))(x)
    np.testing.assert_allclose(
        moved, sum(jnp.roll(x, s, a) for s in (1, -1) for a in (1, 2)) / 4, rtol=1e-5, atol=1e-6
    )


def test_members_count_by_their_skill():
    weight = skill_weights([0.5, 0.75, 1.2], 1.0)
    np.testing.assert_allclose(weight, [2 / 3, 1 / 3, 0])
    sure = lambda sign: lambda x: sign * jnp.tile(jnp.array([[50.0, -50.0]]), (len(x), 1))
    p = jax.nn.softmax(Ensemble([sure(1), sure(-1), sure(-1)], weight)(jnp.zeros((1, 2, 2, 1))))
    np.testing.assert_allclose(p, [[2 / 3, 1 / 3]], rtol=1e-5)
    with pytest.raises(ModelError, match="no member has skill"):
        skill_weights([1.1], 1.0)


def test_members_differ_by_their_hard_negative_ratio(tmp_path):
    x, y, _ = discs(60)
    negatives, positives = by_class(y, 2)
    loss = lambda ratio: InMemory(
        focal,
        jnp.asarray(x),
        jnp.asarray(y),
        8,
        Mixture([positives, negatives[:5], negatives[5:]], [1, ratio, 1 - ratio]),
    )
    start = CNN(1, 2, widths=(4,), key=KEY)
    members, histories = train_members(
        [start, start],
        [loss(0.2), loss(0.8)],
        key=KEY,
        checkpoints=tmp_path,
        optimiser=optax.adam(0.01),
        steps=4,
        chunk=2,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["member00.ckpt", "member01.ckpt"]
    assert not np.array_equal(members[0].exit.weight, members[1].exit.weight)
    assert len(histories[1].loss) == 2
