"""Probabilities that can be believed: a classifier's logits, rescaled on examples it never saw."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array, Float
from scipy.optimize import minimize
from scipy.special import log_softmax

from shiome.core.errors import DataError
from shiome.verification.reliability import reliability_diagram


class Calibrated(eqx.Module):
    """A classifier with its logits scaled and shifted.

    Attributes
    ----------
    network
        Called with a batch, gives logits.
    scale
        Inverse temperature: below 1 where the network is too sure.
    shift
        Of each class: mends what over- or undersampling did to the frequencies.
    """

    network: Callable[[Array], Float[Array, "batch classes"]]
    scale: Float[Array, ""]
    shift: Float[Array, " classes"]

    def __call__(self, x: Array) -> Float[Array, "batch classes"]:
        """Calibrated logits of a batch."""
        return self.scale * self.network(x) + self.shift


def calibrated(
    network: Callable[[Array], Float[Array, "batch classes"]],
    logits: npt.ArrayLike,
    label: npt.ArrayLike,
    *,
    shifts: bool = True,
) -> Calibrated:
    """Calibrate a network by maximum likelihood.

    Targets are those of Platt: a little less than certain, as far as the number of examples of a
    class warrants, so that the scale stays finite where classes are separable.

    Parameters
    ----------
    network
        To be calibrated.
    logits, label
        (examples, classes) what it says of examples that it was not trained on, and (examples,)
        the truth; in their natural frequencies.
    shifts
        Whether each class is shifted too (Platt scaling); else temperature scaling.

    Raises
    ------
    DataError
        If logits are not finite or do not fit the labels, or only one class occurs.

    References
    ----------
    Platt (1999), section 2.2; Guo et al. (2017): On calibration of modern neural networks.
    """
    z, y = np.asarray(logits, np.float64), np.asarray(label)
    if z.ndim != 2 or y.shape != z.shape[:1] or not np.isfinite(z).all():
        raise DataError(
            f"logits of shape {z.shape} and labels of shape {y.shape}; expected finite values "
            "(examples, classes) and (examples,)."
        )
    if len(np.unique(y)) < 2:
        raise DataError(f"all {len(y)} examples are of one class; expected at least two classes.")
    classes = z.shape[1]
    count = np.bincount(y, minlength=classes)[y][:, None]
    target = (np.eye(classes)[y] * count + 1) / (count + classes)

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scale, shift = np.exp(parameters[0]), parameters[1:]
        log_p = log_softmax(scale * z + shift, axis=1)
        error = (np.exp(log_p) - target) / len(z)
        slope = np.concatenate([[scale * (error * z).sum()], shifts * error.sum(0)])
        return float(-(target * log_p).sum() / len(z)), slope

    found = minimize(loss, np.zeros(1 + classes), jac=True, method="BFGS").x
    shift = found[1:] - found[1:].mean()
    return Calibrated(network, jnp.float32(np.exp(found[0])), jnp.asarray(shift, jnp.float32))


def calibration_error(probability: npt.ArrayLike, event: npt.ArrayLike, *, bins: int = 10) -> float:
    """Expected calibration error: mean distance of forecast probability and observed frequency.

    Parameters
    ----------
    probability, event
        (examples,) of the event, and whether it happened.
    bins
        Equal bins between 0 and 1.
    """
    fcst = xr.DataArray(np.asarray(probability, np.float64), dims="example")
    obs = xr.DataArray(np.asarray(event, np.float64), dims="example")
    diagram = reliability_diagram(fcst, obs, dim="example", bins=bins)
    distance = abs(diagram["probability"] - diagram["frequency"])
    return float((distance * diagram["count"]).sum() / diagram["count"].sum())
