"""One training loop for whatever has parameters and a loss."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from shiome.core.errors import ModelError

Network = TypeVar("Network", bound=PyTree)
Carry = TypeVar("Carry", bound=PyTree)
Loss = Callable[[Network, Carry, PRNGKeyArray], tuple[Float[Array, ""], Carry]]


class History(NamedTuple):
    """Course of a training: one entry per chunk of steps.

    Attributes
    ----------
    steps
        Steps taken so far.
    loss
        Mean training loss of the chunk.
    validation
        Validation score after the chunk; NaN without validation.
    """

    steps: np.ndarray
    loss: np.ndarray
    validation: np.ndarray


def muon(rate: float, steps: int, *, warm_up: int = 200) -> optax.GradientTransformation:
    """Return Muon for weight matrices and Adam for the rest, on a cosine schedule.

    On the small networks here it reaches the loss of Adam in less than half as many steps.

    References
    ----------
    Jordan et al. (2024): Muon, an optimizer for hidden layers in neural networks.
    """
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, rate, min(warm_up, steps // 5), steps, 0.003 * rate
    )
    return optax.chain(optax.clip_by_global_norm(1.0), optax.contrib.muon(schedule))


def fit(
    network: Network,
    loss: Loss,
    carry: Carry,
    *,
    optimiser: optax.GradientTransformation,
    steps: int,
    key: PRNGKeyArray,
    chunk: int = 250,
    validate: Callable[[Network], Float[Array, ""]] | None = None,
    patience: int | None = None,
    advance: Callable[[], None] = lambda: None,
) -> tuple[Network, History]:
    """Minimise a loss.

    Parameters
    ----------
    network
        Starting point; its inexact arrays are trained.
    loss
        ``loss(network, carry, key)`` gives a scalar, and what is handed on to the next step: the
        state of running experiments, or nothing (``None``) where batches are drawn by key alone.
        No gradient flows from one step to the next.
    carry
        Handed to the first step.
    optimiser, steps
        How to step, and how often.
    key
        Random key of the whole training.
    chunk
        Steps per compiled call, after each of which the network is validated.
    validate
        Score of a network, smaller is better; the best network is returned. Without it, the last.
    patience
        Chunks without a better score after which to stop.
    advance
        Called after each chunk, for a progress bar.

    Raises
    ------
    ModelError
        If the loss is no longer a number.
    """
    learned, fixed = eqx.partition(network, eqx.is_inexact_array)

    @jax.jit
    def several(learned: PyTree, state: PyTree, carry: Carry, keys: Array) -> PyTree:
        def one(at: PyTree, step_key: PRNGKeyArray) -> tuple[PyTree, Array]:
            learned, state, carry = at
            value = lambda p: loss(eqx.combine(p, fixed), carry, step_key)
            (scalar, carry), slope = jax.value_and_grad(value, has_aux=True)(learned)
            change, state = optimiser.update(slope, state, learned)
            return (optax.apply_updates(learned, change), state, carry), scalar

        at, losses = jax.lax.scan(one, (learned, state, carry), keys)
        return *at, losses.mean()

    score = None if validate is None else eqx.filter_jit(validate)
    state, best, best_score, waited = optimiser.init(learned), learned, np.inf, 0
    rows: list[tuple[int, float, float]] = []
    for start in range(0, steps, chunk):
        keys = jax.random.split(jax.random.fold_in(key, start), min(chunk, steps - start))
        learned, state, carry, mean = several(learned, state, carry, keys)
        if not np.isfinite(mean):
            raise ModelError(
                f"Training failed: the loss is {float(mean)} by step {start + len(keys)}; "
                "expected a number (a smaller learning rate may help)."
            )
        now = float("nan") if score is None else float(score(eqx.combine(learned, fixed)))
        rows.append((start + len(keys), float(mean), now))
        better = score is None or now < best_score
        best, best_score = (learned, now) if better else (best, best_score)
        waited = 0 if better else waited + 1
        advance()
        if patience is not None and waited >= patience:
            break
    table = np.array(rows)
    history = History(table[:, 0].astype(int), table[:, 1], table[:, 2])
    return eqx.combine(best, fixed), history


def batch_loss(
    error: Callable[[Network, PyTree], Float[Array, ""]], data: PyTree, size: int
) -> Loss:
    """Loss over random batches of examples, for :func:`fit` with ``carry=None``.

    Parameters
    ----------
    error
        ``error(network, example)`` of one example.
    data
        Examples along the first axis of every leaf.
    size
        Examples per batch, drawn with replacement.
    """
    count = jax.tree.leaves(data)[0].shape[0]

    def loss(network: Network, carry: None, key: PRNGKeyArray) -> tuple[Float[Array, ""], None]:
        index = jax.random.randint(key, (size,), 0, count)
        batch = jax.tree.map(lambda leaf: leaf[index], data)
        return jnp.mean(jax.vmap(lambda example: error(network, example))(batch)), None

    return loss
