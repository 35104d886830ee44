"""Labelled patches: images and best tracks become samples to learn from.

Every patch is a square window of one image. Around a storm it is labelled ``cyclone`` or
``precursor``; around a cloud cluster that never became a cyclone, or at a random place far from
all of these, ``other``. The clusters are flagged: they are the hard negatives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from shiome.core.errors import ConfigError, DataError
from shiome.data.store import append_blocks, open_store
from shiome.data.tracks import checked_tracks, genesis
from shiome.data.windows import ImageGrid, gather
from shiome.grids.distance import World

LABELS = ("other", "precursor", "cyclone")  # their numbers are 0, 1, 2
BLOCK_VALUES = 16_000_000  # of images read at once: 64 MB
CANDIDATES = 64  # random places tried per background patch wanted


@dataclass(frozen=True)
class PatchOptions:
    """How patches are cut.

    Parameters
    ----------
    size
        Pixels along one side.
    jitter
        Largest random shift of a storm from the middle of its patch, pixels in each direction;
        less than half the side.
    background
        Random patches far from storms, per image.
    distance
        Least distance of a random patch's middle from every storm and cluster, km. A patch of
        64 × 64 pixels of 25 km reaches 1,130 km from its middle to its corner.
    precursor_days
        Precursors earlier than this before genesis are left out, days.
    max_missing
        Largest share of missing pixels in a patch, 0 to 1; those few take the patch's mean.
    """

    size: int = 64
    jitter: int = 8
    background: int = 2
    distance: float = 1200.0
    precursor_days: float = 7.0
    max_missing: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.jitter < self.size / 2:
            raise ConfigError(
                f"jitter={self.jitter}; expected 0 to less than half of size={self.size}."
            )
        if self.background < 0 or not 0 <= self.max_missing < 1 or self.precursor_days < 0:
            raise ConfigError(
                f"background={self.background}, max_missing={self.max_missing}, "
                f"precursor_days={self.precursor_days}; expected not below 0, and a share below 1."
            )


def labelled_patches(
    images: xr.DataArray,
    tracks: pd.DataFrame,
    *,
    key: jax.Array,
    options: PatchOptions | None = None,
    world: World | None = None,
    store: Path | str | None = None,
) -> xr.Dataset:
    """Cut labelled patches out of images.

    Parameters
    ----------
    images
        (time, latitude, longitude), any unit; times ascending; NaN where missing. It may be opened
        lazily: some images are read at a time.
    tracks
        Best tracks (:mod:`shiome.data.tracks`); positions between two rows of a storm are
        interpolated to the times of the images.
    key
        Random key of shifts and background places.
    options
        How patches are cut.
    world
        How distances are measured and where longitudes repeat; by default, as the attributes
        ``longitude_period`` and ``geometry`` of the images say, or else the globe.
    store
        Write the patches into this new Zarr store and return it opened lazily; without it they
        are held in memory.

    Returns
    -------
    Dataset of ``image`` (sample, y, x) float32, ordered by time, with the coordinates along
    ``sample``: ``label`` (0 other, 1 precursor, 2 cyclone), ``storm`` (empty for background),
    ``time``, ``latitude`` and ``longitude`` (of the storm; of the middle of background patches),
    ``days_to_genesis`` (NaN where there is none), ``hard_negative``, and ``row`` and ``column`` of
    the patch's first pixel. ``attrs["notes"]`` says what was left out.

    Raises
    ------
    DataError
        If images or tracks are out of order, do not overlap, or leave no patch.
    """
    options = options or PatchOptions()
    grid = ImageGrid.of(images, world)
    plan, notes = plan_patches(images["time"].values, grid, tracks, key=key, options=options)
    blocks = _cut(images, plan, options, notes)
    pieces = list(blocks) if store is None else []
    written = append_blocks(blocks, Path(store)) if store is not None else 0
    if not pieces and not written:
        raise DataError(
            f"{images.name}: none of {len(plan)} patches has at most {options.max_missing:.0%} of "
            "its pixels missing; expected images with values."
        )
    patches = xr.concat(pieces, "sample") if store is None else open_store(Path(store))
    return patches.assign_attrs(notes=notes)


def plan_patches(
    times: npt.NDArray[np.datetime64],
    grid: ImageGrid,
    tracks: pd.DataFrame,
    *,
    key: jax.Array,
    options: PatchOptions,
) -> tuple[pd.DataFrame, list[str]]:
    """Where each patch will be cut, before any image is read.

    Returns
    -------
    Table with the columns step, row, column, label, storm, latitude, longitude, days_to_genesis
    and hard_negative, in order of time; and notes on what was left out.

    Raises
    ------
    DataError
        As :func:`labelled_patches`.
    """
    grid.check_size(options.size)
    places = tracks_at(times, checked_tracks(tracks), grid)
    if not len(places):
        raise DataError(
            f"no storm of {tracks['storm'].nunique()} exists at the time of an image "
            f"({times[0]} to {times[-1]}); expected images and tracks of the same time."
        )
    shift_key, background_key = jax.random.split(key)
    row, column = grid.locate(places["latitude"], places["longitude"])
    inside, early = np.isfinite(row), places["days_to_genesis"] > options.precursor_days
    notes = []
    for number, what in (
        (int((~inside).sum()), "storm positions lie outside the images"),
        (int((inside & early).sum()), f"are more than {options.precursor_days:g} days early"),
    ):
        if number:
            notes.append(f"{number} of {len(places)} {what} and are left out.")
    kept = inside & ~early.to_numpy()
    storms = places[kept].reset_index(drop=True)
    shift = np.asarray(
        jax.random.randint(shift_key, (2, len(storms)), -options.jitter, options.jitter + 1)
    )
    storms["row"], storms["column"] = grid.corner(
        row[kept] + shift[0], column[kept] + shift[1], options.size
    )
    background = _background(len(times), grid, places, background_key, options)
    wanted = options.background * len(times)
    if len(background) < wanted:
        notes.append(
            f"{wanted - len(background)} of {wanted} background patches found no place "
            f"{options.distance:g} km from every storm."
        )
    plan = pd.concat([storms, background], ignore_index=True)
    if not len(plan):
        raise DataError(
            f"no storm lies in the images ({grid.latitude[0]:g} to {grid.latitude[-1]:g}°N, "
            f"{grid.longitude[0]:g} to {grid.longitude[-1]:g}°E); expected tracks that cross them."
        )
    return plan.sort_values("step", kind="stable", ignore_index=True), notes


def tracks_at(
    times: npt.NDArray[np.datetime64], tracks: pd.DataFrame, grid: ImageGrid
) -> pd.DataFrame:
    """Where every storm is at given times, interpolated along its track.

    Parameters
    ----------
    times
        Ascending, (time,).
    tracks
        Checked tracks.
    grid
        Longitudes repeat with its period.

    Returns
    -------
    Table with the columns step (index of the time), storm, latitude, longitude, label,
    days_to_genesis and hard_negative.
    """
    number = times.astype("datetime64[ns]").astype(np.int64)
    began = genesis(tracks)
    tables = []
    for storm, rows in tracks.groupby("storm", sort=False):
        known = rows["time"].to_numpy().astype("datetime64[ns]").astype(np.int64)
        step = np.arange(*np.searchsorted(number, [known[0], known[-1] + 1]))
        if not step.size:
            continue
        turned = grid.world.unwrapped(rows["longitude"].to_numpy())
        stage = rows["stage"].to_numpy()[np.searchsorted(known, number[step], side="right") - 1]
        left = (began[storm] - pd.DatetimeIndex(times[step])) / pd.Timedelta(1, "D")
        tables.append(
            pd.DataFrame(
                {
                    "step": step,
                    "storm": storm,
                    "latitude": np.interp(number[step], known, rows["latitude"]),
                    "longitude": grid.wrap(np.interp(number[step], known, turned)) % 360.0,
                    "label": np.select(
                        [stage == "precursor", stage == "cyclone"], [1, 2], default=0
                    ),
                    "days_to_genesis": left,
                    "hard_negative": stage == "failed",
                }
            )
        )
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"storm": []})


def _background(
    images: int, grid: ImageGrid, places: pd.DataFrame, key: jax.Array, options: PatchOptions
) -> pd.DataFrame:
    """Random windows of every image whose middle is far from all storms and clusters."""
    rows, columns = grid.shape
    free = (rows - options.size + 1, columns if grid.periodic else columns - options.size + 1)
    shape = (2, images, CANDIDATES if options.background else 0)
    lot = np.asarray(jax.random.uniform(key, shape), np.float64)
    row, column = (np.minimum((lot[i] * free[i]).astype(np.int64), free[i] - 1) for i in (0, 1))
    latitude, longitude = grid.centre(row, column, options.size)
    allowed = np.ones(row.shape, bool)
    centres = places[["latitude", "longitude"]].to_numpy()
    for step, (y, x) in zip(places["step"].to_numpy(), centres, strict=True):
        distance = grid.world.distance(latitude[step], longitude[step], y, x)
        allowed[step] &= distance >= options.distance
    allowed &= np.cumsum(allowed, axis=1) <= options.background
    return pd.DataFrame(
        {
            "step": np.nonzero(allowed)[0],
            "storm": "",
            "latitude": latitude[allowed],
            "longitude": longitude[allowed],
            "label": 0,
            "days_to_genesis": np.nan,
            "hard_negative": False,
            "row": row[allowed],
            "column": column[allowed],
        }
    )


def _cut(
    images: xr.DataArray, plan: pd.DataFrame, options: PatchOptions, notes: list[str]
) -> Iterator[xr.Dataset]:
    """Read some images at a time and cut their patches; the last act is a note."""
    size, left_out = options.size, 0
    length = max(1, BLOCK_VALUES // (images.shape[1] * images.shape[2]))
    for start in range(0, images.shape[0], length):
        part = plan[plan["step"].between(start, start + length - 1)]
        if not len(part):
            continue
        values = images.isel(time=slice(start, start + length)).values
        step, row, column = (part[name].to_numpy() for name in ("step", "row", "column"))
        cut = gather(values, step - start, row, column, size).astype(np.float32)
        missing = ~np.isfinite(cut)
        kept = missing.mean(axis=(1, 2)) <= options.max_missing
        left_out += int((~kept).sum())
        if kept.any():
            yield _dataset(_filled(cut[kept], missing[kept]), part[kept], images)
    if left_out:
        notes.append(
            f"{left_out} of {len(plan)} patches have more than {options.max_missing:.0%} of their "
            "pixels missing and are left out."
        )


def _filled(cut: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray:
    """Missing pixels take the mean of their patch."""
    total = np.where(missing, 0.0, cut).sum(axis=(1, 2), dtype=np.float64)
    mean = total / (~missing).sum(axis=(1, 2))
    return np.where(missing, mean[:, None, None].astype(np.float32), cut)


def _dataset(cut: npt.NDArray, part: pd.DataFrame, images: xr.DataArray) -> xr.Dataset:
    """Patches with their labels."""
    attrs = {name: images.attrs[name] for name in ("units", "long_name") if name in images.attrs}
    label = {
        "long_name": "what the patch shows",
        "flag_values": list(range(len(LABELS))),
        "flag_meanings": " ".join(LABELS),
    }
    columns = {
        "label": (part["label"].to_numpy(np.int8), label),
        "storm": (part["storm"].to_numpy(object), {"long_name": "name, empty for background"}),
        "time": (images["time"].values[part["step"]], {"standard_name": "time"}),
        "latitude": (part["latitude"].to_numpy(np.float32), {"units": "degrees_north"}),
        "longitude": (part["longitude"].to_numpy(np.float32), {"units": "degrees_east"}),
        "days_to_genesis": (part["days_to_genesis"].to_numpy(np.float32), {"units": "day"}),
        "hard_negative": (part["hard_negative"].to_numpy(bool), {}),
        "row": (part["row"].to_numpy(np.int32), {"long_name": "first row of the patch"}),
        "column": (part["column"].to_numpy(np.int32), {"long_name": "first column of the patch"}),
    }
    coords = {name: ("sample", values, about) for name, (values, about) in columns.items()}
    return xr.Dataset({"image": (("sample", "y", "x"), cut, attrs)}, coords)
