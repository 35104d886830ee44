"""Tracks of cyclones, of their precursors, and of cloud clusters that never became one."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import ndimage

from shiome.core.errors import DataError
from shiome.core.options import check, option
from shiome.data.linking import Numbers, Track, link
from shiome.data.tracks import COLUMNS, checked_tracks
from shiome.grids.distance import KM_PER_DEGREE, World

VARIABLES = ("olr", "vorticity", "wind_speed", "thickness")
Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Criteria:
    """What counts as a vortex, a cyclone and a cloud cluster.

    References
    ----------
    Hodges (1995), Mon. Wea. Rev. 123: vorticity extrema, joined over all times of a step at once.
    Walsh et al. (2007), J. Climate 20: gale-force wind and a warm core as conditions of a cyclone.
    Horn et al. (2014), J. Climate 27: trackers compared; a lifetime of two days, and how much the
    count depends on thresholds.
    Hennon et al. (2011), Mon. Wea. Rev. 139 and Hennon et al. (2013), BAMS 94: cold cloud clusters
    that last a day as candidates, of which few develop.
    """

    vortex: float = option(
        3e-5, "vorticity, smoothed over 50 km, of a vortex worth following", unit="s-1", ge=0, le=1
    )
    cyclone_vorticity: float = option(
        1e-4, "vorticity, smoothed over 50 km, of a cyclone", unit="s-1", ge=0, le=1
    )
    wind: float = option(
        17.0, "largest wind within 250 km of a cyclone (gale force)", unit="m s-1", ge=0, le=100
    )
    decay: float = option(
        11.0,
        "largest wind within 250 km below which a cyclone has decayed (best tracks go on when it "
        "is no more than a depression)",
        unit="m s-1",
        ge=0,
        le=100,
    )
    warm_core: float = option(
        100.0,
        "thickness that the layer of a cyclone lacks against its surroundings within 400 km, as a "
        "proxy of the warm core",
        unit="m",
        ge=0,
        le=5000,
    )
    lifetime: float = option(36.0, "shortest life as a cyclone", unit="h", ge=0, le=240)
    lull: float = option(12.0, "time a cyclone may fall below criteria", unit="h", ge=0, le=72)
    precursor: float = option(
        168.0, "time before genesis over which a precursor is followed", unit="h", ge=0, le=720
    )
    speed: float = option(
        12.0, "largest departure from the predicted motion", unit="m s-1", ge=1, le=50
    )
    cloud: float = option(
        200.0, "outgoing longwave radiation below which cloud is cold", unit="W m-2", ge=80, le=300
    )
    cluster_area: float = option(
        4e4, "smallest area of cold cloud in a cluster", unit="km2", ge=0, le=1e7
    )
    cluster_lifetime: float = option(24.0, "shortest life of a cluster", unit="h", ge=0, le=240)
    cluster_reach: float = option(
        400.0, "distance between a vortex and the cluster it belongs to", unit="km", ge=0, le=2000
    )

    def __post_init__(self) -> None:
        """Raise :class:`ConfigError` for a criterion out of bounds."""
        check(self)


class Tracks(NamedTuple):
    """What :func:`track` finds; both tables as :mod:`shiome.data.tracks` describes.

    Attributes
    ----------
    storms
        Cyclones with their precursors.
    failed
        Cloud clusters that never became a cyclone, nor lay near one; stage "failed".
    """

    storms: pd.DataFrame
    failed: pd.DataFrame


class Vortices(NamedTuple):
    """Vortices of one time: positions (n, 2) in degrees; the rest (n,)."""

    position: Numbers
    wind: Numbers
    strong: npt.NDArray[np.bool_]
    alive: npt.NDArray[np.bool_]


def track(run: xr.Dataset, criteria: Criteria | None = None) -> Tracks:
    """Follow cyclones, their precursors and failed clusters through a run.

    Parameters
    ----------
    run
        ``olr`` (W m-2), ``vorticity`` (s-1), ``wind_speed`` (m s-1) and ``thickness`` (m), each
        (time, latitude, longitude) at equal steps of at most 12 hours on an equally spaced grid. It
        is read one time after the other. Attributes ``longitude_period`` (degrees after which the
        world repeats) and ``geometry`` ("beta-plane") tell of worlds that are no globe.
    criteria
        What counts as what.

    Raises
    ------
    DataError
        If a variable is missing, or the times are not equally spaced.
    """
    criteria = criteria or Criteria()
    hours = _hours(run)
    grid = _Grid.of(run)
    vortices, clusters = [], []
    for frame in range(run.sizes["time"]):
        fields = [run[name][frame].values.astype(np.float32) for name in VARIABLES]
        vortices.append(_vortices(fields, grid, criteria))
        clusters.append(_clusters(fields[0], grid, criteria))
    reach = criteria.speed * 3.6 * hours
    whirls = link([v.position for v in vortices], reach, grid.world)
    clouds = link(clusters, reach, grid.world)

    def steps(span: float) -> int:
        return round(span / hours)

    storms = [
        _with_cloud(storm, clouds, grid.world, criteria.cluster_reach, steps(criteria.precursor))
        for whirl in whirls
        if (storm := _cyclone(whirl, vortices, steps(criteria.lifetime), steps(criteria.lull)))
    ]
    failed = [
        _Storm(cloud.frames, cloud.positions, np.full(len(cloud.frames), np.nan), 0)
        for cloud in clouds
        if cloud.frames[-1] - cloud.frames[0] >= steps(criteria.cluster_lifetime)
        and not any(_meet(cloud, s, grid.world, criteria.cluster_reach) for s in storms)
    ]
    times = run["time"].values
    return Tracks(
        _table(storms, times, grid, "S", "cyclone"), _table(failed, times, grid, "F", "failed")
    )


@dataclass(frozen=True)
class _Grid:
    """Axes in degrees, the size of a cell in km, and the shape of the world."""

    latitude: Numbers
    longitude: Numbers
    cell: float
    world: World

    @classmethod
    def of(cls, run: xr.Dataset) -> "_Grid":
        lat = run["latitude"].values.astype(np.float64)
        lon = run["longitude"].values.astype(np.float64)
        step = lon[1] - lon[0]
        period = run.attrs.get("longitude_period")
        if period is None and abs(lon.size * step - 360.0) < 0.5 * step:
            period = 360.0
        plane = run.attrs.get("geometry") == "beta-plane"
        return cls(lat, lon, KM_PER_DEGREE * (lat[1] - lat[0]), World(period, plane))

    @property
    def modes(self) -> tuple[str, str]:
        """What lies beyond the edges, as SciPy names it."""
        return "nearest", "nearest" if self.world.period is None else "wrap"

    @property
    def area(self) -> Numbers:
        """Area of a cell of each row, km²; (latitude, 1)."""
        shrink = 1.0 if self.world.plane else np.cos(np.deg2rad(self.latitude))
        width = KM_PER_DEGREE * (self.longitude[1] - self.longitude[0])
        return np.broadcast_to(self.cell * width * shrink, self.latitude.shape)[:, None]

    def smooth(self, image: Image, km: float) -> Image:
        """Gaussian mean with this standard deviation."""
        return ndimage.gaussian_filter(image, km / self.cell, mode=self.modes)

    def highest(self, image: Image, km: float) -> Image:
        """Largest value within a square of this half-width around each cell."""
        return ndimage.maximum_filter(image, 2 * round(km / self.cell) + 1, mode=self.modes)

    def position(self, row: npt.ArrayLike, column: npt.ArrayLike) -> Numbers:
        """Latitude and longitude at fractional indices, (n, 2)."""
        lat = self.latitude[0] + np.asarray(row) * (self.latitude[1] - self.latitude[0])
        lon = self.longitude[0] + np.asarray(column) * (self.longitude[1] - self.longitude[0])
        return np.stack([lat, self.inside(lon)], axis=-1)

    def inside(self, longitude: npt.ArrayLike) -> Numbers:
        """Longitude within the axis where the world repeats."""
        return self.world.wrapped(longitude, 1.5 * self.longitude[0] - 0.5 * self.longitude[1])


@dataclass
class _Storm:
    """Points of one storm, and which of them is its genesis."""

    frames: list[int]
    positions: list[Numbers]
    wind: Numbers
    born: int


def _hours(run: xr.Dataset) -> float:
    """Hours between two times."""
    missing = [name for name in VARIABLES if name not in run]
    if missing:
        raise DataError(
            f"the run has no variable {', '.join(map(repr, missing))}; "
            f"expected {', '.join(VARIABLES)}."
        )
    if run.sizes["time"] < 2:
        raise DataError("the run has fewer than two times; expected a series.")
    steps = np.diff(run["time"].values) / np.timedelta64(1, "h")
    wrong = np.flatnonzero((steps != steps[0]) | (steps <= 0) | (steps > 12))
    if wrong.size:
        raise DataError(
            f"time {run['time'].values[wrong[0] + 1]} is {steps[wrong[0]]:g} hours after "
            "the one before; expected equal steps of at most 12 hours."
        )
    return float(steps[0])


def _vortices(fields: list[Image], grid: _Grid, criteria: Criteria) -> Vortices:
    """Maxima of cyclonic vorticity of one time, at most one within 250 km."""
    _, vorticity, wind, thickness = fields
    spin = grid.smooth(vorticity * np.sign(grid.latitude)[:, None].astype(np.float32), 50.0)
    peak = (spin == grid.highest(spin, 250.0)) & (spin >= criteria.vortex)
    # What lies within 250 km of the edge of the image is seen only in part.
    edge = round(250.0 / grid.cell)
    peak[:edge] = peak[-edge:] = False
    if grid.world.period is None:
        peak[:, :edge] = peak[:, -edge:] = False
    row, column = np.nonzero(peak)
    gale = grid.highest(wind, 250.0)[peak]
    lack = (grid.smooth(thickness, 400.0) - grid.smooth(thickness, 50.0))[peak]
    strong = (spin[peak] >= criteria.cyclone_vorticity) & (gale >= criteria.wind)
    strong &= lack >= criteria.warm_core
    return Vortices(grid.position(row, column), gale, strong, gale >= criteria.decay)


def _clusters(olr: Image, grid: _Grid, criteria: Criteria) -> Numbers:
    """Centres of connected regions of cold cloud of one time, (n, 2) in degrees."""
    depth = np.maximum(criteria.cloud - grid.smooth(olr, 50.0), 0.0)
    label, count = ndimage.label(depth > 0)
    if grid.world.period is not None:
        for here, there in zip(label[:, 0], label[:, -1], strict=True):
            if here and there and here != there:
                label[label == here] = there
    every = np.arange(1, count + 1)
    area = ndimage.sum_labels(np.broadcast_to(grid.area, depth.shape), label, every)
    keep = every[area >= max(criteria.cluster_area, 1e-6)]
    rows, columns = np.indices(depth.shape)
    weight = ndimage.sum_labels(depth, label, keep)
    row = ndimage.sum_labels(depth * rows, label, keep) / weight
    # The mean column as the mean direction around the world, so that no seam matters.
    turns = columns.shape[1] if grid.world.period is not None else 4 * columns.shape[1]
    angle = 2j * np.pi * columns / turns
    circle = np.exp(angle)
    mean = ndimage.sum_labels(depth * circle.real, label, keep) + 1j * ndimage.sum_labels(
        depth * circle.imag, label, keep
    )
    return grid.position(row, np.angle(mean) / (2 * np.pi) * turns).reshape(-1, 2)


def _cyclone(whirl: Track, found: list[Vortices], life: int, lull: int) -> _Storm | None:
    """The vortex as a storm until it has decayed; None if it never was a cyclone for long."""
    points = list(zip(whirl.frames, whirl.points, strict=True))
    for born, end in _spells(whirl, [found[frame].strong[n] for frame, n in points], lull):
        if whirl.frames[end] - whirl.frames[born] < life:
            continue
        alive = _spells(whirl, [found[frame].alive[n] for frame, n in points], lull)
        last = max([end, *(to for since, to in alive if since <= end)])
        wind = np.array([found[frame].wind[n] for frame, n in points[: last + 1]])
        return _Storm(whirl.frames[: last + 1], whirl.positions[: last + 1], wind, born)
    return None


def _spells(whirl: Track, holds: list[np.bool_], lull: int) -> list[tuple[int, int]]:
    """First and last point of each time in which something holds, but for lulls."""
    at = np.flatnonzero(holds)
    if not at.size:
        return []
    gaps = np.flatnonzero(np.diff(np.array(whirl.frames)[at]) > lull + 1) + 1
    return [(int(part[0]), int(part[-1])) for part in np.split(at, gaps)]


def _with_cloud(
    storm: _Storm, clouds: list[Track], world: World, reach: float, before: int
) -> _Storm:
    """The storm with the cloud cluster in front that it grew from, no further back than asked."""
    begin = storm.frames[0]
    best, nearest = None, reach
    for cloud in clouds:
        if cloud.frames[0] < begin and begin in cloud.frames:
            at = cloud.frames.index(begin)
            apart = float(world.between(cloud.positions[at], storm.positions[0]))
            if apart <= nearest:
                best, nearest = (cloud, at), apart
    frames, positions, wind = storm.frames, storm.positions, storm.wind
    born = storm.born
    if best is not None:
        cloud, at = best
        frames = cloud.frames[:at] + frames
        positions = cloud.positions[:at] + positions
        wind = np.concatenate([np.full(at, np.nan), wind])
        born += at
    first = int(np.searchsorted(frames, frames[born] - before))
    return _Storm(frames[first:], positions[first:], wind[first:], born - first)


def _meet(cloud: Track, storm: _Storm, world: World, reach: float) -> bool:
    """Whether a cluster lies near a storm, or near what becomes one, at any time."""
    common, here, there = np.intersect1d(cloud.frames, storm.frames, return_indices=True)
    if not common.size:
        return False
    a, b = np.array(cloud.positions)[here], np.array(storm.positions)[there]
    return bool((world.between(a, b) <= reach).any())


def _table(
    storms: list[_Storm], times: npt.NDArray, grid: _Grid, prefix: str, stage: str
) -> pd.DataFrame:
    """Checked table of storms, named by prefix and order; stage after genesis as given."""
    parts = [pd.DataFrame({name: [] for name in COLUMNS})]
    for n, storm in enumerate(sorted(storms, key=lambda s: s.frames[s.born]), 1):
        place = np.array(storm.positions)
        parts.append(
            pd.DataFrame(
                {
                    "storm": f"{prefix}{n:04d}",
                    "time": times[storm.frames],
                    "latitude": place[:, 0],
                    "longitude": grid.inside(place[:, 1]) % 360.0,
                    "wind": storm.wind,
                    "pressure": np.nan,
                    "stage": [
                        "precursor" if i < storm.born else stage for i in range(len(storm.frames))
                    ],
                }
            )
        )
    table = pd.concat(parts[1:] or parts, ignore_index=True)
    return checked_tracks(table, "tracks")
