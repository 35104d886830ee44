import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.training.augmentation import (
    Augmentation,
    Brightness,
    Flip,
    Noise,
    Roll,
    Rotation,
    Shift,
    symmetry,
)

KEY = jax.random.key(0)
IMAGE = jnp.arange(32.0).reshape(4, 4, 2)


def test_symmetries_are_the_eight_of_the_square():
    all_eight = np.asarray(jax.vmap(lambda i: symmetry(IMAGE, i))(jnp.arange(8)))
    assert len({image.tobytes() for image in all_eight}) == 8
    np.testing.assert_array_equal(all_eight[0], IMAGE)
    np.testing.assert_array_equal(all_eight[1], np.rot90(IMAGE))
    # A group: each followed by any other is one of them.
    both = jax.vmap(lambda j: symmetry(symmetry(IMAGE, 6), j))(jnp.arange(8))
    twice = {image.tobytes() for image in np.asarray(both)}
    assert twice == {image.tobytes() for image in all_eight}


@pytest.mark.parametrize(
    ("change", "ways"), [(Flip(), 4), (Rotation(), 4), (Shift(1), 9), (Roll(), 4)]
)
def test_moves_draw_all_their_ways_and_nothing_else(change, ways):
    seen = jax.vmap(lambda key: change(IMAGE, key))(jax.random.split(KEY, 200))
    assert len({np.asarray(image).tobytes() for image in seen}) == ways
    assert change.moves


def test_a_shift_moves_and_repeats_the_edge():
    shifted = np.asarray(jax.vmap(lambda k: Shift(1)(IMAGE, k))(jax.random.split(KEY, 100)))
    down = np.asarray(IMAGE)[[0, 0, 1, 2]]
    assert any(np.array_equal(image, down) for image in shifted)


def test_a_roll_loses_nothing():
    rolled = np.asarray(jax.vmap(lambda k: Roll()(IMAGE, k))(jax.random.split(KEY, 20)))
    assert any(np.array_equal(image, np.roll(IMAGE, 1, axis=1)) for image in rolled)
    assert (np.sort(rolled.reshape(20, -1)) == np.arange(32)).all()


def test_noise_and_brightness_have_their_spread():
    zero = jnp.zeros((4, 4, 2))
    keys = jax.random.split(KEY, 2000)
    noise = jax.vmap(lambda k: Noise(0.5)(zero, k))(keys)
    assert float(noise.std()) == pytest.approx(0.5, rel=0.02)
    brighter = np.asarray(jax.vmap(lambda k: Brightness(0.5)(zero, k))(keys))
    assert np.ptp(brighter.reshape(2000, -1), axis=1).max() == 0
    assert brighter[:, 0, 0, 0].std() == pytest.approx(0.5, rel=0.05)
    assert not Noise(1.0).moves
    assert not Brightness(1.0).moves


def test_targets_follow_where_points_move_and_keep_their_values():
    images = jax.random.normal(KEY, (30, 6, 6, 1))
    augment = Augmentation((Flip(), Rotation(), Shift(2), Brightness(1.0)), targets=True)
    x, target = jax.jit(augment)(images, images, KEY)
    offset = np.asarray(x - target).reshape(30, -1)
    np.testing.assert_allclose(np.ptp(offset, axis=1), 0, atol=1e-5)
    assert np.abs(offset).max() > 0.5
    assert not np.array_equal(target, images)
    again, _ = jax.jit(augment)(images, images, KEY)
    np.testing.assert_array_equal(again, x)
    _, label = Augmentation((Flip(),))(images, jnp.arange(30), KEY)
    np.testing.assert_array_equal(label, np.arange(30))
