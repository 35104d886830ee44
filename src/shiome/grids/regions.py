"""Named boxes of the ocean and the mean over them."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from shiome.core.errors import DataError
from shiome.grids.latlon import latitude_overlap, longitude_overlap


@dataclass(frozen=True)
class Region:
    """A latitude–longitude box; ``east < west`` means that it crosses 0°.

    Parameters
    ----------
    name, west, east, south, north
        Name for people; bounds in degrees.
    source
        Who defined it.
    """

    name: str
    west: float
    east: float
    south: float
    north: float
    source: str


REGIONS = {
    "nino12": Region("Niño 1+2", 270, 280, -10, 0, "Rasmusson and Carpenter 1982"),
    "nino3": Region("Niño 3", 210, 270, -5, 5, "Rasmusson and Carpenter 1982"),
    "nino34": Region("Niño 3.4", 190, 240, -5, 5, "Trenberth 1997"),
    "nino4": Region("Niño 4", 160, 210, -5, 5, "Rasmusson and Carpenter 1982"),
    "npmm": Region("North Pacific meridional mode", 200, 240, 10, 25, "Zhao et al. 2024"),
    "spmm": Region("South Pacific meridional mode", 250, 270, -25, -15, "Zhao et al. 2024"),
    "iob": Region("Indian Ocean basin", 40, 100, -20, 20, "Zhao et al. 2024"),
    "siod_west": Region("Southern Indian Ocean, west", 65, 85, -25, -10, "Zhao et al. 2024"),
    "siod_east": Region("Southern Indian Ocean, east", 90, 120, -30, -10, "Zhao et al. 2024"),
    "tna": Region("Tropical North Atlantic", 305, 345, 5, 25, "Enfield et al. 1999"),
    "atl3": Region("Atlantic 3", 340, 360, -3, 3, "Zebiak 1993"),
    "sasd_west": Region("South Atlantic, south-west", 300, 360, -45, -35, "Ham et al. 2021"),
    "sasd_east": Region("South Atlantic, north-east", 320, 20, -30, -20, "Ham et al. 2021"),
    "iod_west": Region("Western Indian Ocean", 50, 70, -10, 10, "Saji et al. 1999"),
    "iod_east": Region("South-eastern Indian Ocean", 90, 110, -10, 0, "Saji et al. 1999"),
}

# Climate indices: a box, or the difference between two.
INDICES: dict[str, tuple[str, str | None]] = {
    "nino34": ("nino34", None),
    "npmm": ("npmm", None),
    "spmm": ("spmm", None),
    "iob": ("iob", None),
    "dmi": ("iod_west", "iod_east"),
    "siod": ("siod_west", "siod_east"),
    "tna": ("tna", None),
    "atl3": ("atl3", None),
    "sasd": ("sasd_west", "sasd_east"),
}


def region_weights(field: xr.DataArray | xr.Dataset, region: Region) -> xr.DataArray:
    """Area of the part of each cell inside the box. Shape (latitude, longitude).

    Cells that straddle the edge count by the part inside, so that an index of a coarse field is
    the integral over the box and not over whichever cell centres happen to fall in it.
    """
    latitude, longitude = field["latitude"], field["longitude"]
    rows = latitude_overlap(latitude.values.astype(np.float64), region.south, region.north)
    columns = longitude_overlap(longitude.values.astype(np.float64), region.west, region.east)
    return xr.DataArray(
        np.outer(rows, columns),
        coords={"latitude": latitude, "longitude": longitude},
        dims=("latitude", "longitude"),
    )


def region_mean(field: xr.DataArray, region: Region) -> xr.DataArray:
    """Area mean over the part of a box that has values; NaN where it has none.

    Raises
    ------
    DataError
        If the field's grid does not reach the box.
    """
    weights = region_weights(field, region)
    if not bool((weights > 0).any()):
        raise DataError(
            f"the field does not cover {region.name} ({region.west}–{region.east}°E, "
            f"{region.south}–{region.north}°N); expected a grid that contains the box."
        )
    return field.weighted(weights).mean(("latitude", "longitude"))


def climate_index(field: xr.DataArray, name: str) -> xr.DataArray:
    """One of :data:`INDICES` of a field: the mean over its box, or the difference of two boxes.

    The dipole mode index ("dmi") is west minus south-east (Saji et al. 1999).
    """
    plus, minus = INDICES[name]
    index = region_mean(field, REGIONS[plus])
    if minus is not None:
        index = index - region_mean(field, REGIONS[minus])
    return index.rename(name)
