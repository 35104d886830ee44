import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiome.core.errors import ModelError
from shiome.training.fit import BatchLoss, fit, muon

KEY = jax.random.key(0)
SLOPE = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)


def examples():
    x = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    return jnp.asarray(x), jnp.asarray(x @ SLOPE)


def error(weights, example):
    x, y = example
    return jnp.mean((x @ weights - y) ** 2)


def test_a_linear_map_is_recovered():
    loss = BatchLoss(error, examples(), 32)
    calls = []
    fitted, history = fit(
        jnp.zeros((2, 2)),
        loss,
        None,
        optimiser=muon(0.05, 600),
        steps=600,
        chunk=200,
        key=KEY,
        advance=lambda: calls.append(1),
    )
    np.testing.assert_allclose(fitted, SLOPE, atol=0.02)
    assert history.steps.tolist() == [200, 400, 600]
    assert history.loss[-1] < 0.01 * history.loss[0]
    assert len(calls) == 3


def test_the_best_network_is_kept_and_waiting_ends():
    target = jnp.array([0.0])
    drift = lambda w, carry, key: (-w.sum(), carry)
    fitted, history = fit(
        jnp.array([0.0]),
        drift,
        None,
        optimiser=muon(0.1, 100),
        steps=100,
        chunk=10,
        key=KEY,
        validate=lambda w: jnp.abs(w - target).sum(),
        patience=2,
    )
    assert len(history.steps) == 3
    assert fitted == pytest.approx(history.validation[0], rel=1e-5)


def test_what_is_carried_reaches_the_next_step():
    count = lambda w, carry, key: (w.sum() ** 2 + carry, carry + 1.0)
    _, history = fit(
        jnp.array([0.0]),
        count,
        jnp.asarray(0.0),
        optimiser=muon(0.1, 20),
        steps=20,
        chunk=10,
        key=KEY,
    )
    assert history.loss[1] - history.loss[0] == pytest.approx(10, abs=0.1)


def test_a_loss_that_is_no_number_is_reported():
    with pytest.raises(ModelError, match="by step 5"):
        fit(
            jnp.array([1.0]),
            lambda w, carry, key: (jnp.log(-w).sum(), carry),
            None,
            optimiser=muon(0.1, 5),
            steps=5,
            key=KEY,
        )
