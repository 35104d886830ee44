"""One training loop for whatever has parameters and a loss."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from shiome.core.errors import ModelError
from shiome.nets.compiler import compiler_options
from shiome.nets.running import learnable
from shiome.training.checkpoint import Progress, fingerprint, read, write

Network = TypeVar("Network", bound=PyTree)
Carry = TypeVar("Carry", bound=PyTree)
Loss = Callable[..., tuple[Float[Array, ""], Carry]]


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


@cache
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


class Feed(Protocol):
    """Batches for :func:`fit` that do not lie in memory."""

    @property
    def signature(self) -> str:
        """What tells these batches from others, for checkpoints."""
        ...

    def __call__(self, first: int, count: int) -> PyTree:
        """Batches of ``count`` steps from step ``first`` on, along the first axis of every leaf.

        The same steps are always fed the same batches.
        """
        ...


def _step(
    loss: Loss, optimiser: optax.GradientTransformation, fixed: PyTree, at: PyTree, given: PyTree
) -> tuple[PyTree, Array]:
    """Take one step with its random key and, where there is a feed, its batch."""
    learned, state, carry = at
    value = lambda p: loss(eqx.combine(p, fixed), carry, *given)
    (scalar, carry), slope = jax.value_and_grad(value, has_aux=True)(learned)
    change, state = optimiser.update(slope, state, learned)
    return (optax.apply_updates(learned, change), state, carry), scalar


# Higher levels compile longer and run no faster here.
@eqx.filter_jit(compiler_options={"xla_backend_optimization_level": 1})  # type: ignore[call-overload]
def _several(
    loss: Loss,
    optimiser: optax.GradientTransformation,
    fixed: PyTree,
    learned: PyTree,
    state: PyTree,
    carry: Carry,
    given: PyTree,
) -> PyTree:
    """Take a chunk of steps, one per key.

    A loss that is a module with arrays for data (:class:`BatchLoss`) is compiled once for all data
    of the same shape.
    """
    one = lambda at, given: _step(loss, optimiser, fixed, at, given)
    at, losses = jax.lax.scan(one, (learned, state, carry), given)
    return *at, losses.mean()


@cache
def _compiled_step() -> Any:
    options = dict(compiler_options())
    return eqx.filter_jit(_step, compiler_options=options)  # type: ignore[call-overload]


def _one_by_one(
    loss: Loss,
    optimiser: optax.GradientTransformation,
    fixed: PyTree,
    learned: PyTree,
    state: PyTree,
    carry: Carry,
    given: PyTree,
) -> PyTree:
    """Take the same chunk with one compiled call per step."""
    at, losses = (learned, state, carry), []
    for i in range(len(given[0])):
        at, scalar = _compiled_step()(loss, optimiser, fixed, at, _at(i, given))
        losses.append(scalar)
    return *at, jnp.stack(losses).mean()


def _at(i: int, given: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: leaf[i], given)


def _stepper(loss: Loss, network: PyTree, carry: Carry, given: PyTree) -> Any:
    """How to take a chunk of steps.

    On a CPU, XLA falls back to naive loops for a convolution inside a loop (a hundred times slower
    with JAX 0.10), so that convolutional networks take their steps one by one there.
    """
    if jax.default_backend() != "cpu":
        return _several
    program, _, _ = eqx.filter_make_jaxpr(loss)(network, carry, *_at(0, given))
    return _one_by_one if "conv_general_dilated" in str(program) else _several


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
    checkpoint: Path | None = None,
    settle: Callable[[Network, Carry], Network] = lambda network, carry: network,
    feed: Feed | None = None,
    compile_validation: bool = True,
) -> tuple[Network, History]:
    """Minimise a loss.

    Parameters
    ----------
    network
        Starting point; what is :func:`~shiome.nets.running.learnable` in it is trained.
    loss
        ``loss(network, carry, key)`` gives a scalar, and what is handed on to the next step: the
        state of running experiments, running statistics, or nothing (``None``) where batches are
        drawn by key alone. No gradient flows from one step to the next. With a feed,
        ``loss(network, carry, key, batch)``.
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
    checkpoint
        File that holds the training after each chunk. Where it exists already, the training goes
        on from it, to the same result as if it had never stopped.
    settle
        Puts what is carried into the network that is validated and returned: its running
        statistics.
    feed
        Batches that do not lie in memory.
    compile_validation
        False where ``validate`` goes through its data batch by batch on its own.

    Raises
    ------
    ModelError
        If the loss is no longer a number.
    DataError
        If the checkpoint is damaged or belongs to another training.
    """
    learned, fixed = eqx.partition(network, learnable(network))
    settled = lambda learned, carry: settle(eqx.combine(learned, fixed), carry)
    best = eqx.filter(network, eqx.is_inexact_array)
    at = Progress(learned, optimiser.init(learned), carry, best, np.inf, 0, [])
    first = _given(key, 0, min(chunk, steps), feed)
    several = _stepper(loss, network, carry, first)
    several = partial(several, loss, optimiser, fixed)
    if checkpoint is not None:
        configuration = fingerprint(
            _several.lower(loss, optimiser, fixed, *at[:3], first).as_text(),
            (*at[:3], eqx.filter((loss, fixed), eqx.is_array), jax.random.key_data(key)),
            *(steps, chunk, patience, validate is None, feed and feed.signature),
        )
        at = read(checkpoint, at, configuration)
        for _ in at.rows:
            advance()
    if validate is not None and compile_validation:
        validate = eqx.filter_jit(validate)
    while at.steps < steps and (patience is None or at.waited < patience):
        count = min(chunk, steps - at.steps)
        given = _given(key, at.steps, count, feed) if at.rows else first
        at = _chunk(at, several, given, validate, settled)
        if checkpoint is not None:
            write(checkpoint, at, configuration)
        advance()
    table = np.array(at.rows)
    history = History(table[:, 0].astype(int), table[:, 1], table[:, 2])
    return eqx.combine(at.best, network), history


def _given(key: PRNGKeyArray, first: int, count: int, feed: Feed | None) -> PyTree:
    """Random keys and batches of a chunk of steps."""
    keys = jax.random.split(jax.random.fold_in(key, first), count)
    return (keys,) if feed is None else (keys, feed(first, count))


def _chunk(
    at: Progress,
    several: Any,
    given: PyTree,
    validate: Callable[[Any], Any] | None,
    settled: Callable[[PyTree, PyTree], Any],
) -> Progress:
    """Take the steps of one chunk and validate; without a score the newest is the best."""
    learned, state, carry, mean = several(*at[:3], given)
    done = at.steps + len(given[0])
    if not np.isfinite(mean):
        raise ModelError(
            f"Training failed: the loss is {float(mean)} by step {done}; "
            "expected a number (a smaller learning rate may help)."
        )
    network = settled(learned, carry)
    now = float("nan") if validate is None else float(validate(network))
    better = validate is None or now < at.best_score
    best, best_score = at.best, at.best_score
    if better:
        best, best_score = eqx.filter(network, eqx.is_inexact_array), now
    rows = [*at.rows, (done, float(mean), now)]
    waited = 0 if better else at.waited + 1
    return Progress(learned, state, carry, best, best_score, waited, rows)


class BatchLoss(eqx.Module):
    """Loss over random batches of examples, for :func:`fit` with ``carry=None``.

    Attributes
    ----------
    error
        ``error(network, example)`` of one example.
    data
        Examples along the first axis of every leaf.
    size
        Examples per batch, drawn with replacement.
    """

    error: Callable[[Any, PyTree], Float[Array, ""]]
    data: PyTree
    size: int = eqx.field(static=True)

    def __call__(
        self, network: PyTree, carry: None, key: PRNGKeyArray
    ) -> tuple[Float[Array, ""], None]:
        """Mean error of one batch."""
        count = jax.tree.leaves(self.data)[0].shape[0]
        index = jax.random.randint(key, (self.size,), 0, count)
        batch = jax.tree.map(lambda leaf: leaf[index], self.data)
        return jnp.mean(jax.vmap(lambda example: self.error(network, example))(batch)), None
