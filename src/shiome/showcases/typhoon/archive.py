"""Images of clouds with best tracks: what is learned from and tested on, from whichever source."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from shiome.core.errors import DataError, OutputError
from shiome.data import DataRecord
from shiome.data.tracks import checked_tracks

# Value under clear sky and under the thickest cloud, by unit.
SKY = {"W m-2": (290.0, 100.0), "K": (300.0, 190.0)}
LEVELS = 15


class Archive(NamedTuple):
    """Images and tracks, and how they are divided.

    Attributes
    ----------
    images
        Cloudiness (time, latitude, longitude).
    tracks
        Best tracks (:mod:`shiome.data.tracks`), failed clusters among them.
    boundaries
        First times of validation and test.
    record
        What the data set is.
    notes
        What a reader must know of it.
    every
        One in so many images of validation and test is searched.
    """

    images: xr.DataArray
    tracks: pd.DataFrame
    boundaries: tuple[np.datetime64, np.datetime64]
    record: DataRecord
    notes: tuple[str, ...] = ()
    every: int = 1


def cloudiness(images: xr.DataArray) -> xr.DataArray:
    """Cloud in the image from 0 (clear sky) to about 1 (the coldest tops), NaN where missing.

    Parameters
    ----------
    images
        Outgoing longwave radiation in W m-2, or brightness temperature in K.

    Raises
    ------
    DataError
        If the unit is neither.
    """
    unit = str(images.attrs.get("units", ""))
    if unit not in SKY:
        raise DataError(
            f"{images.name}: units {unit or 'not given'!r}; expected W m-2 (outgoing longwave "
            "radiation) or K (brightness temperature)."
        )
    clear, cold = SKY[unit]
    cloud = ((clear - images) / (clear - cold)).clip(0.0, 1.2).astype(np.float32)
    kept = {k: v for k, v in images.attrs.items() if k in ("longitude_period", "geometry")}
    cloud.attrs = {"units": "1", "long_name": "cloudiness: 0 clear sky, 1 coldest tops"} | kept
    return cloud.rename("cloudiness")


def write_season(path: Path, images: xr.DataArray, tracks: pd.DataFrame, made: str) -> None:
    """Keep a season in a file, its images in 16 steps of cloudiness; it appears when complete.

    Parameters
    ----------
    path
        netCDF file to be written.
    images, tracks
        As in :class:`Archive`.
    made
        What it was made with: another configuration must not read it.
    """
    steps = np.rint(np.nan_to_num(images.values) * LEVELS).astype(np.uint8)
    attrs = {**images.attrs, "scale_factor": np.float32(1 / LEVELS), "made_with": made}
    packed = xr.Dataset({"cloudiness": (images.dims, steps, attrs)}, images.coords)
    images_as = {"cloudiness": {"zlib": True, "complevel": 9, "chunksizes": (40, *steps.shape[1:])}}
    table = xr.Dataset.from_dataframe(tracks.rename_axis("row"))
    # Texts as characters: text of any length cannot be compressed.
    table_as = {
        str(k): {"zlib": True} | ({"dtype": "S1"} if v.dtype == object else {})
        for k, v in table.items()
    }
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        packed.to_netcdf(unfinished, encoding=images_as)
        table.to_netcdf(unfinished, mode="a", group="tracks", encoding=table_as)
        unfinished.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error
    finally:
        unfinished.unlink(missing_ok=True)


def read_season(path: Path, made: str | None = None) -> tuple[xr.DataArray, pd.DataFrame]:
    """Images and tracks of a file of :func:`write_season`.

    Raises
    ------
    DataError
        If the file is damaged, or was made with another configuration than ``made``.
    """
    try:
        with xr.open_dataset(path) as opened, xr.open_dataset(path, group="tracks") as table:
            images = opened["cloudiness"].load()
            tracks = checked_tracks(table.load().to_dataframe().reset_index(), str(path))
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            f"{path}: not a whole season ({type(error).__name__}); remove it to make it anew."
        ) from error
    if made is not None and images.attrs.get("made_with") != made:
        raise DataError(
            f"{path}: the season belongs to another configuration; name another folder, or remove "
            "it to make it anew."
        )
    return images, tracks
