"""Two networks against each other: who is moved by what, and what comes of it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from shiome.nets.layers import Dense
from shiome.nets.running import INFERENCE
from shiome.training.adversarial import AdversarialLoss, Players, frozen, plain, relativistic
from shiome.training.fit import fit

KEY = jax.random.key(0)


class Moved(eqx.Module):
    """Noise, stretched and moved: a generator of a normal distribution."""

    scale: jax.Array
    mean: jax.Array

    def __call__(self, x, run=INFERENCE):
        return self.mean + self.scale * x


class Judge(eqx.Module):
    one: Dense
    two: Dense

    def __init__(self, key):
        first, second = jax.random.split(key)
        self.one, self.two = Dense(1, 16, key=first), Dense(16, 1, key=second)

    def __call__(self, x):
        return self.two(jnp.tanh(self.one(x)))


def draw(key):
    """Noise, and real numbers: normal around 3 with a spread of 0.5."""
    one, two = jax.random.split(key)
    return jax.random.normal(one, (64, 1)), 3 + 0.5 * jax.random.normal(two, (64, 1))


def shown(given, image):
    return image


def no_content(made, real):
    return jnp.zeros(())


def players():
    return Players(Moved(jnp.ones(1), jnp.zeros(1)), Judge(KEY))


@pytest.mark.parametrize("game", [relativistic, plain])
def test_the_generator_learns_what_is_real(game):
    loss = AdversarialLoss(draw, shown, no_content, 1.0, game)
    trained, _ = fit(
        players(), loss, None, optimiser=optax.adam(1e-2, b1=0.5), steps=1500, chunk=500, key=KEY
    )
    made = trained.generator(jax.random.normal(KEY, (2000, 1)))
    assert float(made.mean()) == pytest.approx(3.0, abs=0.4)


def test_each_player_is_moved_by_its_own_loss_alone():
    def slopes(weight):
        loss = AdversarialLoss(draw, shown, no_content, weight)
        value = lambda p: loss(p, None, KEY)[0]
        return eqx.filter_grad(value)(players())

    small, large = slopes(1.0), slopes(10.0)
    for a, b in zip(jax.tree.leaves(small.critic), jax.tree.leaves(large.critic), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    np.testing.assert_allclose(10 * small.generator.mean, large.generator.mean, rtol=1e-4)
    # The critic would have real numbers rise above those made, the generator the contrary.
    assert float(small.generator.mean[0]) != 0


def test_relative_belief_is_that_of_the_published_formula():
    real, made = jnp.array([1.0, 2.0]), jnp.array([0.5, -1.0])
    sigma = lambda x: 1 / (1 + np.exp(-x))
    expected = -np.mean(np.log(sigma(real - made.mean())))
    expected -= np.mean(np.log(1 - sigma(made - real.mean())))
    assert float(relativistic(real, made)) == pytest.approx(expected, rel=1e-5)
    assert float(relativistic(made, real)) > float(relativistic(real, made))


def test_what_is_frozen_has_no_slope():
    slope = jax.grad(lambda w: frozen({"w": w, "n": 3})["w"].sum() * w.sum())(jnp.ones(3))
    np.testing.assert_allclose(slope, 3.0)
