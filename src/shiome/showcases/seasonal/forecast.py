"""The forecast itself: from the fitted system to everything that the outlook page shows."""

import jax
import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import ndtr

from shiome.data.anomalies import tercile_edges
from shiome.data.splits import Split, withheld
from shiome.explain import covariability
from shiome.grids import month_label, month_start
from shiome.showcases.seasonal.field_sums import FieldSums
from shiome.showcases.seasonal.hindcast import Calibration
from shiome.showcases.seasonal.inputs import TARGETS, Observed, last_seen
from shiome.showcases.seasonal.members import forecast_field, forecast_members, member_fields
from shiome.showcases.seasonal.system import LEADS, ForecastSystem

# Analogues: how many, and the months before the start over which they are compared.
ANALOGUES = 4
ANALOGUE_MONTHS = 12
# Co-variability: first month of each index's season, and how much earlier its drivers are sought.
DRIVER_SEASONS = {"nino34": 11, "dmi": 10}
DRIVER_MONTHS = 3
# Independent members that must be left beside one for each model.
MIN_FREEDOM = 3


def issue_split(observed: Observed, start: int, margin: int) -> Split:
    """Training years of a forecast whose last month seen is at position ``start``.

    A forecast from the end of the record trains on all years. One from the past is made as if its
    verifying years were unknown: they and a margin on both sides are left out.
    """
    first, last = observed.month[start] + 1, observed.month[start] + LEADS
    if start == last_seen(observed, None):
        return Split("issue", (), tuple(int(y) for y in observed.years))
    return withheld(observed.years, int(first) // 12, int(last) // 12, margin)


def index_forecast(
    system: ForecastSystem, calibration: Calibration, start: int, members: int, key: jax.Array
) -> xr.Dataset:
    """Calibrated members of the target indices: variables (member, lead) in K."""
    drawn = calibration.apply(forecast_members(system, np.array([start]), members, key))[0]
    lead = np.arange(1, LEADS + 1)
    coords = {
        "member": np.arange(1, members + 1),
        "lead": lead,
        "valid_time": ("lead", month_start(system.month[start] + lead)),
    }
    attrs = {"units": "K"}
    return xr.Dataset(
        {name: (("member", "lead"), drawn[:, :, i].T, attrs) for i, name in enumerate(TARGETS)},
        coords,
    )


def field_forecast(
    observed: Observed,
    system: ForecastSystem,
    sums: FieldSums,
    training: npt.NDArray[np.bool_],
    start: int,
) -> xr.Dataset:
    """Mean, spread and tercile probabilities of the sea-surface temperature anomaly.

    The spread is the cross-validated root-mean-square error at each point, for the lead and the
    season of the target; the probabilities are those of a normal distribution with that spread.
    """
    points, field = observed.points, system.field
    assert points is not None
    assert field is not None
    mean = forecast_field(system, np.array([start]))[0]
    target = (system.month[start] + np.arange(1, LEADS + 1)) % 12
    season, lead = (target + 1) % 12 // 3, np.arange(LEADS)
    count = np.maximum(sums.count[season, lead], 1)[:, None]
    spread = np.sqrt(sums.square_error[season, lead] / count)
    edges = tercile_edges(field, system.month, training)[target]
    safe = np.maximum(spread, 1e-6)
    below = ndtr((edges[:, 0] - mean) / safe)
    above = ndtr((mean - edges[:, 1]) / safe)
    shares = np.stack([below, 1 - below - above, above])
    dims = ("lead", "latitude", "longitude")
    return xr.Dataset(
        {
            "sst_anomaly": (dims, points.unpack(mean), {"units": "K"}),
            "sst_spread": (dims, points.unpack(spread), {"units": "K"}),
            "tercile_probability": (("category", *dims), points.unpack(shares), {"units": "1"}),
        },
        {
            "category": ["below", "normal", "above"],
            "lead": lead + 1,
            "latitude": points.latitude,
            "longitude": points.longitude,
        },
    )


def drivers_of(
    observed: Observed,
    system: ForecastSystem,
    forecast: xr.Dataset,
    start: int,
    key: jax.Array,
) -> xr.Dataset | None:
    """What went with the spread of the dipole and of El Niño across the members.

    The temperature ``DRIVER_MONTHS`` before an index's season, and in it, is regressed on the
    season's mean of the index. None without a field, with no such season wholly ahead, or with too
    few members to tell more than the differences between models.

    Parameters
    ----------
    observed, system, start
        The record, the fitted system, the position of the last month seen.
    forecast
        As :func:`index_forecast` gives it.
    key
        The key that drew it.

    Returns
    -------
    ``regression`` (K per standard deviation of the index), ``correlation`` and ``p_value`` by
    (case, latitude, longitude); cases are named "dmi before", "dmi season" and so on, and carry
    their first ``lead``.
    """
    points = observed.points
    if points is None:
        return None
    fields, own, label = member_fields(system, start, forecast.sizes["member"], key)
    if len(own) < len(system.components) + MIN_FREEDOM:
        return None
    model = xr.DataArray(label, dims="member")
    first_month = int(system.month[start]) + 1
    parts = []
    for target, month in DRIVER_SEASONS.items():
        first = (month - 1 - first_month) % 12 + 1
        if first + 2 > LEADS:
            continue
        index = forecast[target].sel(lead=[first, first + 1, first + 2]).mean("lead")[own]
        before = max(first - DRIVER_MONTHS, 1)
        for when, leads in (("before", [before]), ("season", [first, first + 1, first + 2])):
            mean = fields[:, np.array(leads) - 1].mean(1)
            found = covariability(
                xr.DataArray(mean, dims=("member", "point")), index.drop_vars("member"), model=model
            )
            maps = {
                name: (("latitude", "longitude"), points.unpack(values.values))
                for name, values in found.items()
            }
            part = xr.Dataset(maps, {"latitude": points.latitude, "longitude": points.longitude})
            part = part.expand_dims(case=[f"{target} {when}"])
            parts.append(part.assign_coords(lead=("case", [leads[0]])))
    return xr.concat(parts, "case") if parts else None


def history_of(system: ForecastSystem) -> xr.Dataset:
    """Observed target indices as anomalies from the training climatology, over time."""
    data = {name: ("time", system.targets[:, i]) for i, name in enumerate(TARGETS)}
    return xr.Dataset(data, {"time": month_start(system.month)}).dropna("time", how="any")


def analogues_of(system: ForecastSystem, start: int) -> xr.Dataset | None:
    """Observed paths of the past years most like the months before the start.

    Likeness is the mean square difference of both indices, each over its standard deviation, in
    the ``ANALOGUE_MONTHS`` months up to the start; candidates begin in the same calendar month, at
    least two years away, and end within the record.
    """
    length = len(system.month)
    scaled = system.targets / np.nanstd(system.targets, axis=0)
    window = np.arange(-ANALOGUE_MONTHS + 1, 1)
    candidates = np.arange(start % 12, length - LEADS, 12)
    candidates = candidates[
        (candidates >= ANALOGUE_MONTHS - 1) & (np.abs(candidates - start) >= 24)
    ]
    if not len(candidates) or start < ANALOGUE_MONTHS - 1:
        return None
    difference = scaled[candidates[:, None] + window] - scaled[start + window]
    distance = np.mean(difference**2, axis=(1, 2))
    best = candidates[np.argsort(distance)[:ANALOGUES]]
    best = best[np.isfinite(np.sort(distance)[:ANALOGUES])]
    offset = np.arange(-ANALOGUE_MONTHS + 1, LEADS + 1)
    paths = system.targets[best[:, None] + offset]
    return xr.Dataset(
        {name: (("analogue", "offset"), paths[..., i]) for i, name in enumerate(TARGETS)},
        {
            "analogue": [month_label(int(system.month[b]) + 1) for b in best],
            "offset": offset,
        },
    )
