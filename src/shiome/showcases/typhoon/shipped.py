"""An ensemble in a file, with all that one must know to use it."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from shiome.core.errors import DataError
from shiome.nets.weights import load_weights, save_weights
from shiome.showcases.typhoon.detector import Machine
from shiome.showcases.typhoon.labels import LAGS
from shiome.showcases.typhoon.score import Searched
from shiome.showcases.typhoon.whole import Mapper
from shiome.training.calibration import calibrated

PATH = Path(__file__).parent / "files" / "ensemble.eqx"


class Ensemble(NamedTuple):
    """Members that belong together.

    Attributes
    ----------
    members, weight
        Networks and how much each counts.
    coarsen
        Cells of 25 km along a pixel of its images.
    threshold
        Score from which something is announced.
    scale, shift
        Of the calibration: the probability of a detection is expit(scale · logit(score) + shift).
    about
        Where it came from.
    """

    members: list[Mapper]
    weight: tuple[float, ...]
    coarsen: int
    threshold: float
    scale: float
    shift: float
    about: dict[str, Any]

    def machine(self, *, periodic: bool) -> Machine:
        """The detector, with test-time augmentation."""
        return Machine(self.members, self.weight, periodic, symmetric=True)

    def probability(self, score: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Probability that a detection of this score is right."""
        return expit(self.scale * _odds(score) + self.shift)


def calibration(held: Searched) -> tuple[float, float]:
    """Scale and shift that make scores of detections probabilities, from the validation's."""
    found = held.validation.detections
    odds = _odds(found["score"])
    fitted = calibrated(lambda x: x, np.stack([0 * odds, odds], 1), found["hit"].to_numpy(int))
    return float(fitted.scale), float(fitted.shift[1] - fitted.shift[0])


def save_ensemble(path: Path, ensemble: Ensemble, settings: dict[str, Any]) -> None:
    """Write members and what belongs to them; errors as those of ``save_weights``."""
    about = ensemble.about | {
        "weight": list(ensemble.weight),
        "coarsen": ensemble.coarsen,
        "threshold": ensemble.threshold,
        "scale": ensemble.scale,
        "shift": ensemble.shift,
        "lags_hours": list(LAGS),
    }
    networks = [member.network for member in ensemble.members]
    save_weights(path, networks, family="unet", settings=settings, about=about, half=True, digits=7)


def load_ensemble(path: Path = PATH) -> Ensemble:
    """Read an ensemble; by default the one that ships.

    Raises
    ------
    DataError
        If the file is damaged, or holds something else.
    """
    held = load_weights(path)
    about = held.about
    try:
        if held.family != "unet":
            raise ValueError(f"family {held.family!r}")
        coarsen = int(about["coarsen"])
        weight = tuple(float(w) for w in about["weight"])
        threshold, scale, shift = (float(about[n]) for n in ("threshold", "scale", "shift"))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: no ensemble of the typhoon showcase ({error}).") from error
    members = [Mapper(network) for network in held.networks]
    return Ensemble(members, weight, coarsen, threshold, scale, shift, about)


def _odds(score: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return logit(np.clip(np.asarray(score, np.float64), 1e-4, 1 - 1e-4))
