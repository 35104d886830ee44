import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from shiome.core.errors import DataError
from shiome.nets.cnn import CNN
from shiome.nets.inference import outputs
from shiome.nets.running import statistics
from shiome.training.augmentation import Augmentation, Flip, Noise
from shiome.training.losses import cross_entropy
from shiome.training.sampling import oversampled
from shiome.training.supervised import InMemory, Validation, train
from tests.training.patterns import discs

KEY = jax.random.key(0)
OPTIMISER = optax.adam(0.01)


def network():
    return CNN(1, 2, widths=(4, 8), key=KEY)


def task(share=0.5):
    x, y, _ = discs(200, share=share)
    loss = InMemory(
        cross_entropy,
        jnp.asarray(x),
        jnp.asarray(y),
        16,
        oversampled(y, 2),
        Augmentation((Flip(), Noise(0.1))),
    )
    x, y, _ = discs(100, seed=1)
    return loss, Validation(cross_entropy, x, y, batch=64)


class Killed(BaseException):
    """The end of a process."""


def kill():
    raise Killed


def test_discs_are_found_and_a_killed_training_goes_on_to_the_same_bits(tmp_path):
    loss, validation = task(share=0.15)
    run = lambda **more: train(
        network(),
        loss,
        optimiser=OPTIMISER,
        steps=120,
        chunk=30,
        key=KEY,
        validate=validation,
        **more,
    )
    whole, history = run()
    assert history.validation.min() < 0.25 < 0.6 < validation(network())
    assert validation(whole) == pytest.approx(history.validation.min(), rel=1e-6)
    found = outputs(whole, validation.inputs, batch=64).argmax(1)
    assert (found == validation.targets).mean() > 0.9

    file = tmp_path / "training.ckpt"
    with pytest.raises(Killed):
        run(checkpoint=file, advance=kill)
    resumed, again = run(checkpoint=file)
    np.testing.assert_array_equal(again.validation, history.validation)
    for one, other in zip(jax.tree.leaves(resumed), jax.tree.leaves(whole), strict=True):
        np.testing.assert_array_equal(one, other)

    wider = CNN(1, 2, widths=(4, 9), key=KEY)
    with pytest.raises(DataError, match="belongs to another training"):
        train(wider, loss, optimiser=OPTIMISER, steps=120, chunk=30, key=KEY, checkpoint=file)


def test_running_statistics_are_those_of_the_data():
    loss, _ = task()
    loss = eqx.tree_at(lambda it: it.inputs, loss, 3 + 2 * loss.inputs)
    loss = eqx.tree_at(lambda it: it.augment, loss, None)
    frozen = optax.sgd(0.0)
    trained, _ = train(network(), loss, optimiser=frozen, steps=60, chunk=60, key=KEY)
    first = network().convolutions[0](loss.inputs)
    seen = statistics(trained)[0]
    np.testing.assert_allclose(seen.mean, first.mean((0, 1, 2)), rtol=0.15, atol=0.15)
    np.testing.assert_allclose(seen.variance, first.var((0, 1, 2)), rtol=0.2)


@pytest.mark.parametrize("batch", [1, 3, 4, 64])
def test_outputs_do_not_depend_on_the_batch(batch):
    x, _, _ = discs(10)
    direct = network()(x)
    for _ in range(2):  # the second time nothing is compiled, and all batches are side by side
        found = outputs(network(), x, batch=batch)
        np.testing.assert_allclose(found, direct, rtol=1e-4, atol=1e-6)


def test_a_file_is_read_by_one_thread_at_a_time():
    class File:
        shape = (40, 16, 16, 1)
        reading, most = 0, 0

        def __len__(self):
            return self.shape[0]

        def __getitem__(self, which):
            File.reading += 1
            File.most = max(File.most, File.reading)
            time.sleep(0.01)
            File.reading -= 1
            return np.ones((len(range(*which.indices(40))), 16, 16, 1), np.float32)

    outputs(network(), File(), batch=8)
    assert File.most == 1
