"""Steppers know no physics; their order, keys and gradients are tested on known equations."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from shiome.simulation import Model, ensemble, runge_kutta_4, trajectory


class Relaxation(Model):
    """dx/dt = −rate x + sin(t) by Runge–Kutta, with noise between steps; x has two parts."""

    rate: float | Array = 0.7
    noise: float = 0.0
    time_step: float = 0.25
    time_unit: ClassVar[str] = "1"
    units: ClassVar[dict[str, str]] = {"x": "1", "y": "1"}

    def step(self, state, time, key):
        def tendency(state, time):
            return {"x": -self.rate * state["x"] ** 3 + jnp.sin(time), "y": state["x"].sum()}

        following = runge_kutta_4(tendency, state, time, self.time_step)
        following["x"] += self.noise * jax.random.normal(key, state["x"].shape, state["x"].dtype)
        return following


def start(seed=0):
    return {"x": jax.random.normal(jax.random.key(seed), (3,)), "y": jnp.zeros(())}


def assert_same(first, second, **tolerance):
    tolerance = tolerance or {"rtol": 0, "atol": 0}
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **tolerance), first, second)


def test_runge_kutta_converges_at_fourth_order():
    # dx/dt = x cos t has x = exp(sin t); the second part has y = t⁵ / 5, beyond Simpson's rule.
    with jax.enable_x64(True):

        def tendency(state, time):
            return state[0] * jnp.cos(time), time**4

        def error(steps):
            step = 2.0 / steps
            state, time = (jnp.ones(()), jnp.zeros(())), jnp.zeros(())
            for i in range(steps):
                state = runge_kutta_4(tendency, state, time + i * step, step)
            return abs(state[0] - np.exp(np.sin(2.0))), abs(state[1] - 2.0**5 / 5)

        steps = np.array([5, 10, 20, 40])
        errors = np.array([error(n) for n in steps])
    for part in errors.T:
        order = -np.polyfit(np.log(steps), np.log(part), 1)[0]
        assert order == pytest.approx(4.0, abs=0.2)


def test_runge_kutta_is_exact_for_cubics_in_time():
    state = runge_kutta_4(lambda x, t: 4 * t**3, jnp.zeros(()), jnp.asarray(1.0), 2.0)
    assert float(state) == pytest.approx(3.0**4 - 1.0)


def test_a_trajectory_is_the_loop_of_its_steps():
    model, key = Relaxation(noise=0.1), jax.random.key(3)
    path = trajectory(model, start(), 1.5, 5, key)
    state = start()
    for i in range(5):
        state = model.step(state, jnp.asarray(1.5 + 0.25 * i), jax.random.fold_in(key, i))
        assert_same(jax.tree.map(lambda x, i=i: x[i], path), state, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("every", [1, 2, 3, 6])
def test_every_thins_the_same_trajectory(every):
    model, key = Relaxation(noise=0.1), jax.random.key(0)
    whole = trajectory(model, start(), 0.0, 6, key)
    thinned = trajectory(model, start(), 0.0, 6, key, every=every)
    assert thinned["x"].shape == (6 // every, 3)
    assert_same(thinned, jax.tree.map(lambda x: x[every - 1 :: every], whole), rtol=1e-6)


def test_observe_sees_each_kept_state():
    seen = trajectory(
        Relaxation(), start(), 0.0, 6, jax.random.key(0), every=2, observe=lambda s: s["x"][0]
    )
    whole = trajectory(Relaxation(), start(), 0.0, 6, jax.random.key(0))
    np.testing.assert_allclose(seen, whole["x"][1::2, 0], rtol=1e-6)


def test_a_trajectory_can_be_continued():
    model, key = Relaxation(), jax.random.key(0)
    whole = trajectory(model, start(), 0.5, 8, key)
    middle = jax.tree.map(lambda x: x[3], whole)
    rest = trajectory(model, middle, 0.5 + 4 * model.time_step, 4, key)
    assert_same(rest, jax.tree.map(lambda x: x[4:], whole), rtol=1e-5)


def test_times_may_be_whole_numbers_of_months():
    whole, real = (
        trajectory(Relaxation(), start(), time, 4, jax.random.key(0)) for time in (24000, 24000.0)
    )
    assert_same(whole, real)


@pytest.mark.parametrize(("steps", "every"), [(5, 2), (4, 0), (4, -1), (2, 4)])
def test_steps_that_cannot_be_thinned_are_refused(steps, every):
    with pytest.raises(ValueError, match=f"steps={steps} is not a multiple of every={every}"):
        trajectory(Relaxation(), start(), 0.0, steps, jax.random.key(0), every=every)


def test_an_ensemble_is_the_loop_of_its_trajectories():
    model, key = Relaxation(noise=0.1), jax.random.key(5)
    states = {"x": jax.random.normal(jax.random.key(1), (4, 3)), "y": jnp.zeros(4)}
    together = ensemble(model, states, 2.0, 6, key, every=3)
    assert together["x"].shape == (4, 2, 3)
    for m, member_key in enumerate(jax.random.split(key, 4)):
        alone = trajectory(
            model, jax.tree.map(lambda x, m=m: x[m], states), 2.0, 6, member_key, every=3
        )
        assert_same(jax.tree.map(lambda x, m=m: x[m], together), alone, rtol=1e-5, atol=1e-6)


def test_the_key_decides_every_number():
    model = Relaxation(noise=0.1)
    states = jax.tree.map(lambda x: jnp.broadcast_to(x, (4, *x.shape)), start())
    first, again, other = (
        np.asarray(ensemble(model, states, 0.0, 4, jax.random.key(seed))["x"]) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    # Equal starts part: members, steps and variables all draw their own numbers.
    assert len(np.unique(first)) == first.size


def test_gradients_through_a_trajectory_match_finite_differences():
    with jax.enable_x64(True):

        @jax.jit
        def loss(rate, x):
            model = Relaxation(rate=rate, noise=0.1)
            path = trajectory(model, {"x": x, "y": jnp.zeros(())}, 0.3, 12, jax.random.key(0))
            return (path["x"] ** 2).mean() + path["y"][-1]

        rate, x = jnp.asarray(0.7), jnp.array([0.2, -1.1, 0.8])
        by_rate, by_x = jax.grad(loss, argnums=(0, 1))(rate, x)
        step = 1e-6
        slope = (loss(rate + step, x) - loss(rate - step, x)) / (2 * step)
        assert float(by_rate) == pytest.approx(float(slope), rel=1e-6)
        for i in range(3):
            nudge = step * jnp.eye(3)[i]
            slope = (loss(rate, x + nudge) - loss(rate, x - nudge)) / (2 * step)
            assert float(by_x[i]) == pytest.approx(float(slope), rel=1e-6)
