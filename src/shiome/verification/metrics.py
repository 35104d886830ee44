"""Scores as functions of sums over pairs (:mod:`shiome.verification.sums`)."""

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr

from shiome.core.errors import ConfigError

# A variance this small beside the mean square is rounding, not signal.
_ROUNDING = 1e-13


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
        From a dataset of sums to the score; NaN where it is undefined.
    """

    name: str
    long_name: str
    needs: tuple[str, ...]
    value: Callable[[xr.Dataset], xr.DataArray]


def _mean(sums: xr.Dataset, name: str) -> xr.DataArray:
    return sums[name] / sums["n"].where(sums["n"] > 0)


def _correlation(sums: xr.Dataset) -> xr.DataArray:
    f, o = _mean(sums, "f"), _mean(sums, "o")
    ff, oo = _mean(sums, "ff"), _mean(sums, "oo")
    variance_f, variance_o = ff - f * f, oo - o * o
    defined = (variance_f > _ROUNDING * ff) & (variance_o > _ROUNDING * oo)
    covariance = _mean(sums, "fo") - f * o
    return covariance / (variance_f * variance_o).where(defined) ** 0.5


def _skill(name: str) -> Callable[[xr.Dataset], xr.DataArray]:
    def skill(sums: xr.Dataset) -> xr.DataArray:
        reference = sums["rps_climatology"]
        return 1.0 - sums[name] / reference.where(reference > 0)

    return skill


def _spread_error(sums: xr.Dataset) -> xr.DataArray:
    error = sums["ee"].where(sums["ee"] > 0)
    return (sums["variance"] / error) ** 0.5


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
    """Turn sums into the score, named and described."""
    return metric.value(sums).rename(metric.name).assign_attrs(long_name=metric.long_name)
