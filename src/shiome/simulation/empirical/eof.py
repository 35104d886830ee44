"""Empirical orthogonal functions: a few patterns that carry most of a field's variance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import eigsh

from shiome.core.errors import ModelError

# Share of the variance below which a pattern is rounding error of single-precision data.
VANISHING = 1e-11


@dataclass(frozen=True)
class EOFBasis:
    """Patterns and the scale that gives the leading component unit variance in training.

    Parameters
    ----------
    patterns
        (modes, points), orthonormal in the weighted inner product.
    weights
        (points,) square root of each point's relative area.
    scale
        Standard deviation of the first component over the training months.
    explained
        (modes,) share of the weighted training variance.
    """

    patterns: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    scale: float
    explained: npt.NDArray[np.float64]

    @classmethod
    def fit(
        cls, anomaly: npt.NDArray, area: npt.NDArray, training: npt.NDArray[np.bool_], modes: int
    ) -> "EOFBasis":
        """Leading patterns of the training months.

        Parameters
        ----------
        anomaly
            (time, points) without missing values.
        area
            (points,) relative area.
        training
            (time,) months that may be used.
        modes
            How many patterns to keep, at most the rank of the training data.

        Raises
        ------
        ModelError
            If the field does not vary in the training months.
        """
        weights = np.sqrt(np.asarray(area, np.float64))
        data = np.asarray(anomaly[training], np.float64) * weights
        modes = min(modes, len(data) - 1, data.shape[1])
        # Fewer months than points: the eigenvectors of the small Gram matrix give the patterns.
        gram = data @ data.T
        months = len(gram)
        total = np.trace(gram)
        if not total > 0.0:
            raise ModelError(
                f"the field does not vary in {months} training months; expected anomalies."
            )
        # A fixed starting vector makes the iteration, and so every report, repeatable. It must not
        # be constant: anomalies add up to zero over time, and the iteration would start at random.
        start = np.random.default_rng(0).normal(size=months)
        variance, vectors = eigsh(gram, k=modes, v0=start)
        # Months of few years, less their own climatology, carry fewer patterns than they count.
        carried = np.flatnonzero(variance > VANISHING * total)[::-1]
        variance, vectors = variance[carried], vectors[:, carried]
        patterns = (vectors / np.sqrt(variance)).T @ data
        # An eigenvector's sign is arbitrary: make the largest loading positive.
        largest = patterns[np.arange(len(carried)), np.abs(patterns).argmax(1)]
        patterns *= np.sign(largest)[:, None]
        scale = float(np.sqrt(variance[0] / months))
        return cls(patterns, weights, scale, variance / total)

    def encode(self, anomaly: npt.NDArray) -> npt.NDArray[np.float64]:
        """(..., points) to principal components (..., modes)."""
        return (anomaly * self.weights) @ self.patterns.T / self.scale
