"""From files to the arrays that every fold of the hindcast shares."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.data import (
    DataRecord,
    describe,
    open_indices,
    open_sample,
    open_series,
    open_sst,
    user_record,
)
from shiome.data.anomalies import anomalies
from shiome.data.arrays import SeaPoints
from shiome.data.splits import Split
from shiome.grids import INDICES, climate_index, month_label, month_number, parse_month
from shiome.showcases.seasonal.config import Config
from shiome.showcases.seasonal.coupled import coupled_records, coupled_system
from shiome.simulation.coupled import CoupledSystem
from shiome.simulation.empirical.wind_stress import MIN_WIND_MONTHS
from shiome.simulation.ocean import SimulatedOcean, simulated_ocean

TARGETS = ("nino34", "dmi")
MIN_YEARS = 10
# An index whose anomalies are smaller than this, in its own unit, does not vary.
SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True)
class Observed:
    """Everything observed, on one monthly axis.

    Parameters
    ----------
    month
        (time,) contiguous month numbers.
    indices
        Climate indices by name, each (time,), NaN where missing: those of the SST field, and those
        of the user's file, which take precedence.
    sst
        (time, points) temperature or its anomaly, NaN where missing; None without a field.
    points
        Where the columns of ``sst`` lie.
    field
        The same as a labelled field; None without one.
    ocean
        The ocean that surface temperature drives; None where it is not wanted or not possible.
    coupled
        What the coupled models are fitted with; None where there is no such ocean, or where they
        are not wanted.
    notes, records
        What had to be worked around, and the data sets used.
    """

    month: npt.NDArray[np.int64]
    indices: dict[str, npt.NDArray[np.float64]]
    sst: npt.NDArray[np.float32] | None
    points: SeaPoints | None
    field: xr.DataArray | None
    ocean: SimulatedOcean | None
    coupled: CoupledSystem | None
    notes: tuple[str, ...]
    records: tuple[DataRecord, ...]

    @property
    def years(self) -> npt.NDArray[np.int64]:
        """Distinct calendar years of the record."""
        return np.unique(self.month // 12)

    @property
    def targets(self) -> npt.NDArray[np.float64]:
        """(time, 2) the forecast indices, Niño 3.4 and DMI."""
        return np.stack([self.indices[name] for name in TARGETS], axis=1)


def observe(config: Config) -> Observed:
    """Open what the configuration names.

    Raises
    ------
    DataError
        If a file cannot be understood, the record is too short, a target is missing, or an index
        never varies.
    """
    opened_sst = None
    if config.sst is not None or config.indices is None:
        opened_sst = open_sst(config.sst, variable=config.variable)
    opened_indices = open_indices(config.indices) if config.indices is not None else None
    indices: dict[str, npt.NDArray[np.float64]] = {}
    notes: list[str] = []
    records: list[DataRecord] = []
    points = sst = None
    month = np.zeros(0, np.int64)
    if opened_sst is not None:
        month = _months(opened_sst.field)
        notes += opened_sst.notes
        records.append(opened_sst.record)
        points = SeaPoints.of(opened_sst.field)
        sst = points.pack(opened_sst.field)
        for name in INDICES:
            indices[name] = climate_index(opened_sst.field, name).values.astype(np.float64)
    if opened_indices is not None:
        month = month if opened_sst is not None else _months(opened_indices.series)
        notes += opened_indices.notes
        records.append(opened_indices.record)
        for label, series in opened_indices.series.data_vars.items():
            name = str(label)
            indices[name] = _onto(month, series)
    _check_targets(indices, month, config)
    notes += _ends_early(indices, month)
    if config.rainfall is not None:
        rain = open_series(config.rainfall)
        notes += [f"{config.rainfall}: {rain.attrs['notes']}"] if rain.attrs["notes"] else []
        records.append(user_record(config.rainfall, {}, {}, ()))
    field = opened_sst.field if opened_sst is not None else None
    ocean = coupled = None
    if field is not None and config.ocean:
        relief, winds = "relief-1deg", "navy-winds"
        ocean = simulated_ocean(open_sample(relief)["surface_altitude"], open_sample(winds))
        records += [describe(relief), describe(winds)]
        if config.coupled:
            coupled = coupled_system(ocean)
            records += [record for record in coupled_records() if record not in records]
    return Observed(
        month, indices, sst, points, field, ocean, coupled, tuple(notes), tuple(records)
    )


def without_ocean(observed: Observed) -> Observed:
    """The same record for forecasts that know the surface alone."""
    return replace(observed, ocean=None, coupled=None)


def can_fit(observed: Observed, split: Split) -> bool:
    """Whether a split's training years hold the observed winds that the ocean's fit needs."""
    if observed.ocean is None:
        return True
    trained = observed.month[split.training(observed.month)]
    return observed.ocean.observed_winds(trained) >= MIN_WIND_MONTHS


def last_seen(observed: Observed, start: str | None) -> int:
    """Position in the record of the last month that a forecast from ``start`` has seen.

    Raises
    ------
    ConfigError
        If the start is outside the record, or the month before it has no observation.
    """
    month = observed.month
    usable = _complete(observed.indices)
    if start is None:
        if not usable.any():
            raise DataError(
                f"no month has a value of every index ({', '.join(observed.indices)}); expected "
                "indices that overlap."
            )
        return int(np.flatnonzero(usable)[-1])
    position = parse_month(start) - 1 - int(month[0])
    if not 0 <= position < len(month):
        raise ConfigError(
            f"--start {start} is outside the record; expected a month from "
            f"{month_label(int(month[0]) + 1)} to {month_label(int(month[-1]) + 1)}."
        )
    if not usable[position]:
        missing = [k for k, values in observed.indices.items() if np.isnan(values[position])]
        raise ConfigError(
            f"--start {start}: the month before it, {month_label(int(month[position]))}, has no "
            f"value of {', '.join(missing)} in the data; choose a start after a month that has one."
        )
    return position


def _complete(indices: dict[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.bool_]:
    """(time,) True where every index has a value, so that every model can start."""
    return np.asarray(np.isfinite(np.stack(list(indices.values()))).all(axis=0))


def _ends_early(
    indices: dict[str, npt.NDArray[np.float64]], month: npt.NDArray[np.int64]
) -> list[str]:
    """Sentences on predictors that end before the targets do, and so hold the start back."""
    last = {name: month[np.flatnonzero(np.isfinite(v))[-1]] for name, v in indices.items()
            if np.isfinite(v).any()}  # fmt: skip
    newest = min(last[name] for name in TARGETS)
    return [
        f"Index {name!r} ends in {month_label(int(end))}, before the others: the latest forecast "
        "starts from there."
        for name, end in last.items()
        if end < newest
    ]


def _months(data: xr.DataArray | xr.Dataset) -> npt.NDArray[np.int64]:
    return np.asarray(month_number(data["time"].values))


def _onto(month: npt.NDArray[np.int64], series: xr.DataArray) -> npt.NDArray[np.float64]:
    """Values of a monthly series on another monthly axis, NaN where it has none."""
    place = np.asarray(month_number(series["time"].values)) - month[0]
    inside = (place >= 0) & (place < len(month))
    values = np.full(len(month), np.nan)
    values[place[inside]] = series.values[inside]
    return values


def _check_targets(
    indices: dict[str, npt.NDArray[np.float64]], month: npt.NDArray[np.int64], config: Config
) -> None:
    where = config.sst or config.indices or "the shipped record"
    for name in TARGETS:
        if name not in indices:
            raise DataError(
                f"{where}: no index {name!r}; expected a column such as "
                f"{'Nino34' if name == 'nino34' else 'IOD or DMI'}."
            )
    for name, values in indices.items():
        if not np.isfinite(values).any():
            raise DataError(f"{where}: {name} is missing in every month; expected values over sea.")
    years = len(month) / 12
    if years < MIN_YEARS:
        raise DataError(
            f"{where}: {len(month)} months of data ({month_label(int(month[0]))} to "
            f"{month_label(int(month[-1]))}); expected at least {MIN_YEARS} years."
        )
    for name, values in indices.items():
        if not np.nanstd(anomalies(values, month, np.ones(len(month), bool))) > SMALLEST_SPREAD:
            raise DataError(
                f"{where}: index {name!r} is the same in every year; expected one that varies."
            )
