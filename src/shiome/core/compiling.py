"""Compiling little: options for small programs, and arrays that need no program."""

import jax
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

# For programs that hardly run longer than their compilation takes. Full optimisation makes that up
# to four times as long, and small programs no faster.
QUICK = {"xla_backend_optimization_level": 1}


def single(values: ArrayLike) -> Array:
    """Values in single precision, converted by NumPy: JAX would compile that for every shape."""
    return jax.device_put(np.asarray(values, np.float32))
