"""Simple ways to find cyclones in clouds, to be beaten: thresholds, and a logistic regression."""

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jaxtyping import Float
from scipy import ndimage
from scipy.optimize import minimize
from scipy.special import expit

from shiome.showcases.typhoon.labels import Examples

COLD = 0.47  # cloudiness of 200 W m-2
WIDTHS = (75.0, 150.0, 300.0, 600.0)  # km

Maps = Float[npt.NDArray, "time rows columns"]


def feature_maps(
    frames: Float[npt.NDArray, "time row column channels"],
    *,
    pixel: float,
    points: int,
    periodic: bool,
) -> dict[str, Maps]:
    """Simple features around each point: cloudiness, cold area, change in a day, latitude.

    Parameters
    ----------
    frames
        As :func:`~shiome.showcases.typhoon.labels.frames` gives them; sides that ``points``
        divides.
    pixel
        Size in km.
    points
        Pixels along a point of the maps.
    periodic
        Whether the columns go around the world.
    """
    now, latitude, past = (frames[..., channel] for channel in (0, 1, -1))
    mode = ("nearest", "nearest", "wrap" if periodic else "nearest")
    smooth = lambda x, km: ndimage.gaussian_filter(x, (0, km / pixel, km / pixel), mode=mode)
    maps = {f"cloud{km:.0f}": smooth(now, km) for km in WIDTHS}
    maps["area"] = smooth((now > COLD).astype(np.float32), 300.0)
    maps["spread"] = np.sqrt(np.maximum(smooth(now**2, 300.0) - maps["cloud300"] ** 2, 0.0))
    maps["change"] = maps["cloud300"] - smooth(past, 300.0)
    maps["latitude"] = latitude
    return {name: _points(values, points) for name, values in maps.items()}


def threshold_maps(features: dict[str, Maps]) -> dict[str, Maps]:
    """Scores of the two thresholds: coldest tops, and largest area of cold cloud."""
    return {"threshold": features["cloud75"], "area": features["area"]}


def logistic_map(
    features: dict[str, Maps], known: Examples, times: npt.NDArray[np.datetime64], points: int
) -> Maps:
    """Probability by logistic regression, fitted to training patches as they come.

    Parameters
    ----------
    features
        Of all images.
    known
        Training patches.
    times
        Of the images.
    points
        Pixels along a point of the maps.
    """
    every = np.stack(list(features.values()), axis=-1)
    every = np.concatenate([every, every**2], axis=-1)
    step = np.searchsorted(times, known.patches["time"].values)
    shift = 0.5 * (known.inputs.shape[1] - points)
    row, column = (
        np.rint((known.patches[name].values + shift) / points).astype(int)
        for name in ("row", "column")
    )
    chosen = every[step, row, column % every.shape[2]]
    mean, spread = chosen.mean(0), chosen.std(0) + 1e-6
    x, y = (chosen - mean) / spread, known.label > 0

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        z = x @ parameters[1:] + parameters[0]
        error = (expit(z) - y) / len(y)
        ridge = 1e-4 * parameters[1:]
        value = np.mean(np.logaddexp(0, z) - y * z) + 0.5 * ridge @ parameters[1:]
        return float(value), np.concatenate([[error.sum()], error @ x + ridge])

    found = minimize(loss, np.zeros(1 + x.shape[1]), jac=True, method="L-BFGS-B").x
    return expit((every - mean) / spread @ found[1:] + found[0]).astype(np.float32)


def _points(values: Maps, side: int) -> Maps:
    """Means over the pixels of each point."""
    time, rows, columns = values.shape
    blocks = values.reshape(time, rows // side, side, columns // side, side)
    return np.asarray(jnp.asarray(blocks).mean((2, 4)))
