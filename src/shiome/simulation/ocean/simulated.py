"""The ocean that has only ever seen surface temperature.

Surface temperature gives wind stress (a map fitted on observed winds of training months), stress
drives the ocean, and the thickness of its warm layer tells what the surface alone does not: the
charge of the equatorial Pacific, which leads El Niño by seasons (Wyrtki 1985; Jin 1997).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import equinox as eqx
import numpy as np
import numpy.typing as npt
import xarray as xr

from shiome.core.errors import DataError
from shiome.grids.latlon import area_weights
from shiome.grids.months import month_number
from shiome.grids.regions import Region
from shiome.simulation.empirical.wind_stress import WindMap, bulk_stress
from shiome.simulation.ocean.basin import tropical_basin
from shiome.simulation.ocean.coefficients import OceanParameters
from shiome.simulation.ocean.influence import respond, wind_influence
from shiome.simulation.ocean.reduced_gravity import reduced_gravity_ocean

WARM_WATER = Region("Equatorial Pacific", 120, 280, -5, 5, "Meinen and McPhaden 2000")
# Where the wind map looks, and with how many patterns.
_INDIAN, _INDIAN_MODES = Region("Tropical Indian Ocean", 35, 120, -20, 20, "this model"), 3
_PACIFIC, _PACIFIC_MODES = Region("Tropical Pacific", 120, 285, -20, 20, "this model"), 4


@dataclass(frozen=True)
class MappedWind:
    """Stress of every month as a sum of a few patterns.

    Parameters
    ----------
    patterns
        (pattern, 2, latitude, longitude) N/m² per unit of amplitude.
    amplitude
        (time, pattern).
    """

    patterns: npt.NDArray[np.float64]
    amplitude: npt.NDArray[np.float64]


@dataclass(frozen=True)
class SimulatedOcean:
    """All of the simulated ocean that does not depend on the training months.

    Parameters
    ----------
    names
        Names of the regions whose mean thickness it gives.
    influence
        (index, months, 2, latitude, longitude) of
        :func:`~shiome.simulation.ocean.influence.wind_influence`.
    stress, stress_month
        Observed stress on the ocean's grid (time, 2, latitude, longitude) in N/m², and its months.
    """

    names: tuple[str, ...]
    influence: npt.NDArray[np.float32]
    stress: npt.NDArray[np.float32]
    stress_month: npt.NDArray[np.int64]

    def observed_winds(self, month: npt.NDArray[np.int64]) -> int:
        """How many of these months have observed winds to fit the wind map on."""
        return int(np.isin(self.stress_month, month).sum())

    def indices(
        self, sst: xr.DataArray, training: npt.NDArray[np.bool_], *, penalty: float = 1.0
    ) -> npt.NDArray[np.float64]:
        """Anomalies of layer thickness at the end of every month, m.

        The wind map is fitted on training months alone. With that map, the value of a month
        depends on the temperature of that month and earlier ones, never on later ones. The ocean
        starts from rest, and takes about three years to forget it.

        Parameters
        ----------
        sst
            Temperature or its anomaly, normalised (time, latitude, longitude), NaN on land. A
            month without values keeps the wind of the month before.
        training
            (time,) months that may be used for fitting.
        penalty
            As in :meth:`~shiome.simulation.empirical.wind_stress.WindMap.fit`.

        Returns
        -------
        (time, index).

        Raises
        ------
        DataError
            If the field has no values in the tropical Indian or Pacific Ocean.
        ModelError
            If too few training months have observed winds.
        """
        return self.respond(self.wind(sst, training, penalty=penalty))

    def respond(self, wind: MappedWind) -> npt.NDArray[np.float64]:
        """(time, index) anomalies of layer thickness under some wind, as :meth:`indices`."""
        return respond(self.influence, wind.patterns, wind.amplitude)

    def wind(
        self, sst: xr.DataArray, training: npt.NDArray[np.bool_], *, penalty: float = 1.0
    ) -> MappedWind:
        """Wind stress that goes with the temperature of every month.

        Parameters and errors as in :meth:`indices`.
        """
        month = month_number(sst["time"].values)
        anomaly, area, oceans = _surface(sst, month, training)
        known = np.asarray(np.isfinite(anomaly).all(axis=1))
        wind = WindMap.fit(
            anomaly[known],
            area,
            oceans,
            month[known],
            training[known],
            self.stress,
            self.stress_month,
            penalty=penalty,
        )
        # Each month takes the components of the last month that has them; none means none yet.
        last = np.maximum.accumulate(np.where(known, np.arange(month.size), -1))
        amplitude = np.zeros((month.size, len(wind.patterns)))
        amplitude[last >= 0] = wind.components(anomaly[last[last >= 0]])
        return MappedWind(wind.patterns, amplitude)


def simulated_ocean(
    elevation: xr.DataArray,
    winds: xr.Dataset,
    regions: Sequence[Region] = (WARM_WATER,),
    *,
    parameters: OceanParameters | None = None,
    spacing: tuple[float, float] = (2.0, 1.0),
    steps_per_month: int = 244,
    months: int = 72,
) -> SimulatedOcean:
    """Build the ocean, and run it backwards once for each region.

    Parameters
    ----------
    elevation
        Height above sea level in m (latitude, longitude).
    winds
        Monthly ``eastward_wind`` and ``northward_wind`` in m/s (time, latitude, longitude).
    regions
        Boxes whose mean thickness is wanted.
    parameters, steps_per_month
        As in :func:`~shiome.simulation.ocean.reduced_gravity.reduced_gravity_ocean`.
    spacing
        Size of a cell in degrees of longitude and latitude.
    months
        Length of the ocean's memory; after six years 0.2 % of a wind's influence is left.
    """
    basin = tropical_basin(elevation, spacing)
    # As one program, which compiles faster than many small ones.
    ocean = eqx.filter_jit(
        lambda: reduced_gravity_ocean(basin, parameters, steps_per_month=steps_per_month)
    )()
    weights = np.stack([basin.box_mean(region) for region in regions])
    grid = {"latitude": basin.latitude, "longitude": basin.longitude}
    order = ("time", "latitude", "longitude")
    u, v = (
        winds[name].interp(grid).transpose(*order).values
        for name in ("eastward_wind", "northward_wind")
    )
    return SimulatedOcean(
        names=tuple(region.name for region in regions),
        influence=np.asarray(wind_influence(ocean, weights, months)),
        stress=(bulk_stress(u, v) * basin.wet).astype(np.float32),
        stress_month=month_number(winds["time"].values),
    )


def _surface(
    sst: xr.DataArray, month: npt.NDArray[np.int64], training: npt.NDArray[np.bool_]
) -> tuple[
    npt.NDArray[np.float64], npt.NDArray[np.float64], list[tuple[npt.NDArray[np.bool_], int]]
]:
    """Anomalies at the points of the two oceans, the points' area, and each ocean's points.

    Points with fewer than nine in ten of the months are left out. Single holes are filled by the
    climatology; a month with fewer than half of its points is missing as a whole (NaN).
    """
    sst = sst.transpose("time", "latitude", "longitude")
    y, x = sst["latitude"].values[:, None], sst["longitude"].values
    boxes = [
        (r.south <= y) & (y <= r.north) & (r.west < x) & (x < r.east) for r in (_INDIAN, _PACIFIC)
    ]
    values = sst.values.astype(np.float64)
    present = np.isfinite(values)
    often = present.sum(0) >= 0.9 * present.any(axis=(1, 2)).sum()
    for box, region in zip(boxes, (_INDIAN, _PACIFIC), strict=True):
        if not (often & box).any():
            raise DataError(
                f"{sst.name}: no values in the {region.name} ({region.west}–{region.east}°E); "
                "expected a field that covers it."
            )
    keep = often & (boxes[0] | boxes[1])
    values, present = values[:, keep], present[:, keep]
    for m in range(12):
        rows = month % 12 == m
        values[rows] -= np.nanmean(values[rows & training], axis=0)
    values[~present] = 0.0
    values[present.mean(1) < 0.5] = np.nan
    area = np.broadcast_to(area_weights(sst["latitude"]).values[:, None], keep.shape)[keep]
    modes = (_INDIAN_MODES, _PACIFIC_MODES)
    return values, area, [(box[keep], m) for box, m in zip(boxes, modes, strict=True)]
