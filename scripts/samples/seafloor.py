"""Ocean basins of the five-minute relief, whole basins apart."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import xarray as xr

from samples import FERRET, Sample
from samples.fields import FERRET_DATA, FERRET_LICENSE, array, ferret, standard

PER_DEGREE = 12  # points; the file rounds its longitudes to 0.0833341°
ROWS, COLUMNS = 480, 600

# Name, western and southern edge in degrees, title.
REGIONS = (
    ("southeast-pacific", 230, -45, "South-east Pacific, 130–80°W, 45–5°S"),
    ("indian", 55, -40, "Indian Ocean, 55–105°E, 40°S–0"),
    ("north-atlantic", 300, 15, "North Atlantic, 60–10°W, 15–55°N"),
    ("southwest-pacific", 160, -50, "South-west Pacific, 160°E–150°W, 50–10°S"),
    ("east-north-pacific", 190, 10, "Eastern North Pacific, 170–120°W, 10–50°N"),
    ("west-north-pacific", 130, 5, "Western North Pacific, 130–180°E, 5–45°N"),
    ("south-atlantic", 320, -45, "South Atlantic, 40°W–10°E, 45–5°S"),
)


@cache
def world(folder: Path) -> xr.Dataset:
    """The whole grid, with longitudes as they are meant."""
    dataset = ferret(folder, "etopo5.cdf")
    longitude = np.arange(dataset.sizes["ETOPO05_X"]) / PER_DEGREE
    assert np.abs(dataset.ETOPO05_X.values - longitude).max() < 0.01
    return dataset.assign_coords(ETOPO05_X=longitude)


def basin(name: str, west: float, south: float, title: str, folder: Path) -> Sample:
    whole = world(folder)
    row = round((south + 90) * PER_DEGREE) + np.arange(ROWS)
    column = (round(west * PER_DEGREE) + np.arange(COLUMNS)) % whole.sizes["ETOPO05_X"]
    part = standard(whole.isel(ETOPO05_Y=row, ETOPO05_X=column), "ETOPO05_X", "ETOPO05_Y")
    values = array(
        part.ROSE, "height_above_mean_sea_level", "m", "Height above sea level, negative below"
    )
    return Sample(
        id=f"seafloor-{name}",
        title=f"Sea floor: {title}, 5 arc-minutes",
        kind="observation",
        license=FERRET_LICENSE,
        citation="NOAA National Geophysical Data Center 1988, ETOPO5, Data Announcement "
        "88-MGG-02; distributed with Ferret.",
        description="Land height (positive) and sea depth (negative), whole metres. Much of the "
        "deep sea in ETOPO5 is interpolated from contoured charts: it is smoother than the true "
        "sea floor, and its finest detail is partly that of the interpolation.",
        origin=FERRET,
        paths=[FERRET_DATA + "etopo5.cdf"],
        transformations=[
            f"{ROWS} × {COLUMNS} points from {abs(south)}°{'S' if south < 0 else 'N'}, {west}°E.",
            "Longitudes as multiples of 1/12° (the file rounds the step), sorted in [0, 360); "
            "CF names and units.",
        ],
        dataset=xr.Dataset({"elevation": values}),
        steps={"elevation": 1.0},
        parameters={"west": west, "south": south, "rows": ROWS, "columns": COLUMNS},
    )


basins: tuple[Callable[[Path], Sample], ...] = tuple(partial(basin, *region) for region in REGIONS)
