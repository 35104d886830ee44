import jax
import numpy as np
import optax
import pytest
import zarr

from shiome.core.errors import DataError
from shiome.nets.cnn import CNN
from shiome.training.losses import cross_entropy
from shiome.training.pipeline import ZarrFeed
from shiome.training.supervised import Streamed, train
from tests.training.patterns import discs

KEY = jax.random.key(0)


@pytest.fixture
def store(tmp_path):
    """Images whose first value is their number."""
    x, y, _ = discs(100, size=8)
    x[:, 0, 0, 0] = np.arange(100)
    group = zarr.open_group(tmp_path / "patches.zarr", mode="w")
    group.create_array("images", data=x, chunks=(7, 8, 8, 1))
    group.create_array("labels", data=y, chunks=(100,))
    return tmp_path / "patches.zarr"


def numbers(batches):
    return np.asarray(batches[0])[..., 0, 0, 0].astype(int)


def test_an_epoch_shows_every_example_once_with_its_label(store):
    _, y, _ = discs(100, size=8)
    with ZarrFeed(store, size=10, pool=3) as feed:
        assert feed.steps_per_epoch == 10
        one, two = feed(0, 10), feed(10, 10)
    assert sorted(numbers(one).ravel()) == list(range(100)) == sorted(numbers(two).ravel())
    assert not np.array_equal(numbers(one), numbers(two))
    np.testing.assert_array_equal(one[1], y[numbers(one)])
    # Pools mix: the first batch is not of one chunk.
    assert len(set(numbers(one)[0] // 7)) > 1


def test_batches_depend_on_the_step_alone(store):
    with ZarrFeed(store, size=16, seed=5) as feed:
        whole = numbers(feed(0, 14))
    with ZarrFeed(store, size=16, seed=5) as feed:
        pieces = [numbers(feed(*piece)) for piece in ((0, 4), (4, 4), (8, 2), (10, 4))]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    with ZarrFeed(store, size=16, seed=6) as feed:
        assert not np.array_equal(numbers(feed(0, 14)), whole)


def test_chosen_examples_come_as_often_as_chosen(store):
    chosen = np.array([3, 3, 50, 99])
    with ZarrFeed(store, size=4, index=chosen) as feed:
        assert sorted(numbers(feed(0, 1)).ravel()) == chosen.tolist()


class Killed(BaseException):
    """The end of a process."""


def test_a_killed_training_goes_on_to_the_same_bits(store, tmp_path):
    def run(advance=lambda: None, seed=0, **more):
        with ZarrFeed(store, size=8, seed=seed) as feed:
            return train(
                CNN(1, 2, widths=(4,), key=KEY),
                Streamed(cross_entropy),
                optimiser=OPTIMISER,
                steps=20,
                chunk=6,
                key=KEY,
                feed=feed,
                advance=advance,
                **more,
            )[0]

    def kill():
        raise Killed

    whole = run()
    file = tmp_path / "training.ckpt"
    with pytest.raises(Killed):
        run(kill, checkpoint=file)
    resumed = run(checkpoint=file)
    for one, other in zip(jax.tree.leaves(resumed), jax.tree.leaves(whole), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(DataError, match="belongs to another training"):
        run(checkpoint=file, seed=1)


OPTIMISER = optax.adam(0.01)


def test_stores_that_cannot_feed_are_refused(store, tmp_path):
    with pytest.raises(DataError, match="not a Zarr group"):
        ZarrFeed(tmp_path / "none.zarr", size=4)
    with pytest.raises(DataError, match="no array 'masks'; it has"):
        ZarrFeed(store, ("images", "masks"), size=4)
    with pytest.raises(DataError, match=r"100 examples .* batch of 128"):
        ZarrFeed(store, size=128)
    with pytest.raises(DataError, match="example 100 of 100"):
        ZarrFeed(store, size=1, index=[100])
    group = zarr.open_group(store, mode="a")
    group.create_array("short", data=np.zeros(9), chunks=(9,))
    with pytest.raises(DataError, match=r"different lengths \(images 100, short 9\)"):
        ZarrFeed(store, ("images", "short"), size=4)
    group["images"][41] = np.nan
    with pytest.raises(DataError, match="example 41 holds"), ZarrFeed(store, size=4) as feed:
        feed(0, 25)
