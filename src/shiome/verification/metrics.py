"""Scores as functions of sums over pairs (:mod:`shiome.verification.sums`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import ConfigError

# A variance this small beside the mean square is rounding, not signal.
_ROUNDING = 1e-13

Sums = Mapping[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Metric:
    """A score that is a function of sums over pairs.

    Parameters
    ----------
    name
        Name of the function and of the variable that holds the score.
    long_name
        Words for axes and captions.
    needs
        The sums that :attr:`value` reads.
    value
        From arrays of sums, all of one shape, to the score; NaN where it is undefined.
    """

    name: str
    long_name: str
    needs: tuple[str, ...]
    value: Callable[[Sums], npt.NDArray[np.float64]]


def _where(condition: npt.NDArray, values: npt.NDArray) -> npt.NDArray[np.float64]:
    """Values where a condition holds, else NaN."""
    return np.where(condition, values, np.nan)


def _mean(sums: Sums, name: str) -> npt.NDArray[np.float64]:
    return sums[name] / _where(sums["n"] > 0, sums["n"])


def _correlation(sums: Sums) -> npt.NDArray[np.float64]:
    f, o = _mean(sums, "f"), _mean(sums, "o")
    ff, oo = _mean(sums, "ff"), _mean(sums, "oo")
    variance_f, variance_o = ff - f * f, oo - o * o
    defined = (variance_f > _ROUNDING * ff) & (variance_o > _ROUNDING * oo)
    covariance = _mean(sums, "fo") - f * o
    return covariance / _where(defined, variance_f * variance_o) ** 0.5


def _skill(name: str) -> Callable[[Sums], npt.NDArray[np.float64]]:
    def skill(sums: Sums) -> npt.NDArray[np.float64]:
        reference = sums["rps_climatology"]
        return 1.0 - sums[name] / _where(reference > 0, reference)

    return skill


def _spread_error(sums: Sums) -> npt.NDArray[np.float64]:
    return (sums["variance"] / _where(sums["ee"] > 0, sums["ee"])) ** 0.5


METRICS = {
    metric.name: metric
    for metric in (
        Metric("acc", "Anomaly correlation", ("n", "f", "o", "ff", "oo", "fo"), _correlation),
        Metric("rmse", "Root-mean-square error", ("n", "ee"), lambda s: _mean(s, "ee") ** 0.5),
        Metric("mae", "Mean absolute error", ("n", "ae"), lambda s: _mean(s, "ae")),
        Metric("bias", "Mean error", ("n", "e"), lambda s: _mean(s, "e")),
        Metric(
            "crps",
            "Continuous ranked probability score",
            ("n", "absolute", "dispersion"),
            lambda s: _mean(s, "absolute") - _mean(s, "dispersion"),
        ),
        Metric(
            "crps_fair",
            "Fair continuous ranked probability score",
            ("n", "absolute", "fair_dispersion"),
            lambda s: _mean(s, "absolute") - _mean(s, "fair_dispersion"),
        ),
        Metric("rps", "Ranked probability score", ("n", "rps"), lambda s: _mean(s, "rps")),
        Metric(
            "rps_fair",
            "Fair ranked probability score",
            ("n", "rps_fair"),
            lambda s: _mean(s, "rps_fair"),
        ),
        Metric("rpss", "Ranked probability skill score", ("rps", "rps_climatology"), _skill("rps")),
        Metric(
            "rpss_fair",
            "Fair ranked probability skill score",
            ("rps_fair", "rps_climatology"),
            _skill("rps_fair"),
        ),
        Metric("spread_error", "Spread–error ratio", ("variance", "ee"), _spread_error),
    )
}


def find_metric(name: str) -> Metric:
    """Look up a metric by name.

    Raises
    ------
    ConfigError
        There is no metric of this name.
    """
    if name not in METRICS:
        raise ConfigError(f"metric {name!r} is unknown; expected one of: {', '.join(METRICS)}.")
    return METRICS[name]


def value_of(metric: Metric, sums: xr.Dataset) -> xr.DataArray:
    """Turn sums, all of the same dimensions, into the score, named and described."""
    # On arrays: a bootstrap makes hundreds of scores, and labels would cost more than numbers.
    first = sums[metric.needs[0]]
    score = metric.value({name: sums[name].values for name in metric.needs})
    return xr.DataArray(
        score, first.coords, first.dims, metric.name, {"long_name": metric.long_name}
    )
