"""Is a record dated right? A field whose months are all off by one or two looks like any other."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.data.catalog import open_sample
from shiome.grids.latlon import area_weights
from shiome.grids.months import month_number
from shiome.grids.regions import climate_index

LAGS = (-2, -1, 0, 1, 2)
# Where the sea has a strong annual cycle everywhere, and no ice.
LATITUDES = (20.0, 50.0)
# Correlation at another lag that is evidence of a shift, and by how much it has to exceed that of
# the dates as given: an annual cycle a month off loses 1 - cos 30° = 0.13.
CYCLE_ALIKE, CYCLE_GAIN = 0.9, 0.05
# Month-to-month changes of Niño 3.4 a month apart correlate 0.37, two months 0.19; the
# shortest overlap in months that decides.
CHANGE_ALIKE, CHANGE_GAIN, OVERLAP = 0.6, 0.3, 60


def shift_note(field: xr.DataArray, where: str) -> str:
    """Say that the months of a field seem to be misdated, or nothing.

    Temperatures are compared with the shipped climatology by their mean annual cycle; anomalies
    have none, and are compared with the shipped record by the changes of Niño 3.4, which a record
    of observations shares and a simulation does not.

    Parameters
    ----------
    field
        Normalised field, ``sst`` or ``sst_anomaly`` (time, latitude, longitude).
    where
        File and variable, for the message.
    """
    absolute = field.name == "sst"
    found = _by_cycle(field) if absolute else _by_changes(field)
    alike, gain = (CYCLE_ALIKE, CYCLE_GAIN) if absolute else (CHANGE_ALIKE, CHANGE_GAIN)
    if found is None:
        return ""
    lag = LAGS[int(np.argmax(found))]
    best, given = max(found), found[LAGS.index(0)]
    if lag == 0 or best < alike or best - given < gain:
        return ""
    what = "mean annual cycle" if absolute else "month-to-month changes of Niño 3.4"
    months = f"{abs(lag)} month{'s' if abs(lag) > 1 else ''}"
    return (
        f"{where} seems to be dated {months} too {'late' if lag > 0 else 'early'}: its {what} "
        f"correlate{'s' if absolute else ''} {best:.2f} with those observed when moved, "
        f"{given:.2f} as dated; expected months stamped with their own date."
    )


def _by_cycle(field: xr.DataArray) -> list[float] | None:
    """Pattern correlation of the annual cycle with the observed one, for each lag."""
    middle = np.abs(field["latitude"].values)
    rows = (middle >= LATITUDES[0]) & (middle <= LATITUDES[1])
    if not rows.any():
        return None
    month = np.asarray(month_number(field["time"].values)) % 12
    values = field.values[:, rows]
    present = np.isfinite(values)
    total = np.zeros((12, *values.shape[1:]))
    count = np.zeros(total.shape, int)
    np.add.at(total, month, np.where(present, values, 0.0))
    np.add.at(count, month, present)
    cycle = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    observed = open_sample("sst-climatology-t30")["sst"].interp(
        latitude=field["latitude"][rows], longitude=field["longitude"], method="nearest"
    )
    observed_cycle = observed.transpose("month", "latitude", "longitude").values
    both = np.isfinite(cycle).all(0) & np.isfinite(observed_cycle).all(0)
    if not both.any():
        return None
    area = np.broadcast_to(area_weights(field["latitude"]).values[rows, None], both.shape)[both]
    own, seen = (x[:, both] - x[:, both].mean(0) for x in (cycle, observed_cycle))
    return [_correlation(own, np.roll(seen, lag, axis=0), area) for lag in LAGS]


def _by_changes(field: xr.DataArray) -> list[float] | None:
    """Correlation of the changes of Niño 3.4 with those observed, for each lag."""
    observed = open_sample("sst-anomaly-t30")["sst_anomaly"]
    try:
        own, seen = (climate_index(x, "nino34") for x in (field, observed))
    except DataError:  # the field does not reach there
        return None
    month, when = (np.asarray(month_number(x["time"].values)) for x in (own, seen))
    change, changed = np.diff(own.values, prepend=np.nan), np.diff(seen.values, prepend=np.nan)
    out = []
    for lag in LAGS:
        _, at, at_seen = np.intersect1d(month - lag, when, return_indices=True)
        pairs = np.stack([change[at], changed[at_seen]])
        pairs = pairs[:, np.isfinite(pairs).all(0)]
        if pairs.shape[1] < OVERLAP or not (pairs.std(1) > 0).all():
            return None
        out.append(float(np.corrcoef(pairs)[0, 1]))
    return out


def _correlation(a: npt.NDArray, b: npt.NDArray, weight: npt.NDArray) -> float:
    """Weighted correlation of (12, points) departures from each point's own annual mean."""
    norm = np.sqrt((weight * a**2).sum() * (weight * b**2).sum())
    return float((weight * a * b).sum() / norm) if norm > 0 else 0.0
