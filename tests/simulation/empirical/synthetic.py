"""Long synthetic series from models whose every coefficient is known."""

import jax
import jax.numpy as jnp
import numpy as np

from shiome.simulation import ensemble
from shiome.simulation.empirical import LinearInverseModel, MonthlyModel, RechargeOscillator
from shiome.simulation.empirical.recharge import harmonics

FIRST = 12 * 1000


def lim_truth() -> LinearInverseModel:
    """Two variables that turn into each other, damped, faster in one season than in the other."""
    season = np.cos(2 * np.pi * np.arange(12) / 12)
    damping = 0.85 + 0.08 * season
    turn = 0.25 + 0.1 * season
    propagator = np.stack(
        [[[d * np.cos(a), d * np.sin(a)], [-d * np.sin(a), d * np.cos(a)]]
         for d, a in zip(damping, turn, strict=True)]
    )  # fmt: skip
    noise = np.stack([(0.5 + 0.2 * s) * np.array([[1.0, 0.3], [0.3, 0.6]]) for s in season])
    return LinearInverseModel(jnp.asarray(propagator, jnp.float32), jnp.asarray(noise, jnp.float32))


def recharge_truth() -> RechargeOscillator:
    """ENSO's temperature and warm water, the dipole, their seasons and quadratic terms."""
    linear = np.zeros((3, 3, len(harmonics(1)[0])))
    linear[0, 0], linear[0, 1] = [-0.10, 0.03, 0.04], [0.20, 0.0, 0.0]
    linear[1, 0], linear[1, 1] = [-0.20, 0.0, 0.0], [-0.05, 0.0, 0.0]
    linear[2, 0], linear[2, 2] = [0.10, 0.05, -0.05], [-0.30, 0.05, 0.0]
    products = ((0, 0), (0, 1), (2, 2))
    quadratic = np.zeros((3, 3, linear.shape[-1]))
    quadratic[0, 0, 0], quadratic[0, 1, 0], quadratic[2, 2, 1] = 0.03, 0.04, 0.05
    noise = np.broadcast_to(np.diag([0.20, 0.25, 0.40]), (12, 3, 3))
    return RechargeOscillator(
        linear=jnp.asarray(linear, jnp.float32),
        quadratic=jnp.asarray(quadratic, jnp.float32),
        noise=jnp.asarray(noise, jnp.float32),
        products=products,
        order=1,
    )


def series(
    model: MonthlyModel, years: int, variables: int, members: int = 1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Free runs after ten years of spin-up, end to end: state (time, n), month, training.

    The first month of each member is no training month, so that no pair spans two members.
    """
    states = jnp.zeros((members, variables), jnp.float32)
    path = ensemble(model, states, float(FIRST), 12 * (years + 10), jax.random.key(seed))
    path = np.asarray(path[:, 120:], np.float64)
    # State k is that of the month after step k.
    month = np.tile(FIRST + 121 + np.arange(12 * years), members)
    training = np.ones((members, 12 * years), bool)
    training[:, 0] = False
    return path.reshape(-1, variables), month, training.ravel()
