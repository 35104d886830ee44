"""Empirical orthogonal functions: a few patterns that carry most of a field's variance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import eigsh


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
            How many patterns to keep (at most the number of training months less one).
        """
        weights = np.sqrt(np.asarray(area, np.float64))
        data = np.asarray(anomaly[training], np.float64) * weights
        modes = min(modes, len(data) - 1, data.shape[1])
        # Fewer months than points: the eigenvectors of the small Gram matrix give the patterns.
        gram = data @ data.T
        months = len(gram)
        # A fixed starting vector makes the iteration, and so every report, repeatable.
        variance, vectors = eigsh(gram, k=modes, v0=np.ones(months))
        variance, vectors = variance[::-1], vectors[:, ::-1]
        patterns = (vectors / np.sqrt(variance)).T @ data
        # An eigenvector's sign is arbitrary: make the largest loading positive.
        largest = patterns[np.arange(modes), np.abs(patterns).argmax(1)]
        patterns *= np.sign(largest)[:, None]
        scale = float(np.sqrt(variance[0] / months))
        return cls(patterns, weights, scale, variance / np.trace(gram))

    def encode(self, anomaly: npt.NDArray) -> npt.NDArray[np.float64]:
        """(..., points) to principal components (..., modes)."""
        return (anomaly * self.weights) @ self.patterns.T / self.scale
