"""An interrupted training goes on exactly, and never from somebody else's checkpoint."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from shiome.core.errors import DataError
from shiome.training.fit import fit

QUADRATIC = jnp.array([[3.0, 1.0], [1.0, 2.0]])


def noisy_loss(weights, carry, key):
    """Depends on parameters, on what is carried, and on the key."""
    off = weights - jax.random.normal(key, weights.shape) - carry
    return jnp.sum(off * (QUADRATIC @ off)), 0.9 * carry + 0.1 * weights.mean()


def train(checkpoint=None, advance=lambda: None, **changes):
    settings = {
        "optimiser": optax.adam(0.05),
        "steps": 50,
        "chunk": 10,
        "key": jax.random.key(3),
        "validate": lambda w: jnp.abs(w - 0.2).sum(),
        **changes,
    }
    return fit(
        jnp.ones((2, 2)),
        noisy_loss,
        jnp.asarray(0.5),
        checkpoint=checkpoint,
        advance=advance,
        **settings,
    )


class Killed(BaseException):
    """The end of a process, wherever it happens to be."""


def kill_after(chunks):
    count = iter(range(1, 100))

    def advance():
        if next(count) == chunks:
            raise Killed

    return advance


def test_killed_and_resumed_is_the_same_to_the_last_bit(tmp_path):
    file = tmp_path / "new" / "training.ckpt"
    whole, history = train()
    with pytest.raises(Killed):
        train(file, kill_after(3))
    calls = []
    resumed, again = train(file, lambda: calls.append(1))
    np.testing.assert_array_equal(resumed, whole)
    for one, other in zip(history, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(calls) == 5
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "changes",
    [{"optimiser": optax.adam(0.04)}, {"key": jax.random.key(4)}],
    ids=["rate", "key"],
)
def test_another_training_is_refused(tmp_path, changes):
    file = tmp_path / "training.ckpt"
    train(file)
    before = file.read_bytes()
    with pytest.raises(DataError, match="belongs to another training") as refused:
        train(file, **changes)
    assert "\n" not in str(refused.value)
    assert file.read_bytes() == before


@pytest.mark.parametrize("length", [40, -30])
def test_a_damaged_file_is_refused(tmp_path, length):
    file = tmp_path / "training.ckpt"
    train(file)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(DataError, match="not a whole checkpoint"):
        train(file)
