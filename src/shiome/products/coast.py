"""Land and coastlines on a map projection, from the library's own coastline file.

cartopy would download Natural Earth; here nothing is ever downloaded.
"""

from functools import lru_cache
from typing import Any

import cartopy.crs as ccrs
import numpy as np
import numpy.typing as npt
import shapely
from matplotlib.path import Path
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from shiome.data import coastlines, land_polygons


@lru_cache(maxsize=1)
def _land() -> BaseGeometry:
    """All land as polygons in −180…180."""
    polygons = [shapely.Polygon(rings[0], rings[1:]) for rings in land_polygons()]
    return shapely.union_all([shapely.make_valid(polygon) for polygon in polygons])


@lru_cache(maxsize=1)
def _lines() -> BaseGeometry:
    """All coastlines as one multi-line in −180…180."""
    return shapely.MultiLineString([line for line in coastlines() if len(line) > 1])


def _unroll(shape: BaseGeometry, west: float, east: float) -> list[Any]:
    """Cut a shape in −180…180 at the edges of a map that runs from ``west`` to ``east``."""
    window = shapely.box(west, -90.0, east, 90.0)
    copies = [translate(shape, xoff=shift).intersection(window) for shift in (-360.0, 0.0, 360.0)]
    # Joining the copies heals the cut at ±180°, where the map goes on.
    return list(shapely.get_parts(shapely.union_all(copies)))


def _project(
    points: npt.NDArray[np.float64], projection: ccrs.Projection, west: float, east: float
) -> npt.NDArray[np.float64]:
    """Map coordinates of points (n, 2) in degrees; points on the cut stay on their own side."""
    inside = np.clip(points[:, 0], west + 1e-6, east - 1e-6)
    return projection.transform_points(ccrs.PlateCarree(), inside, points[:, 1])[:, :2]


def _path(pieces: list[Any], projection: ccrs.Projection, west: float, east: float) -> Path:
    """Join point arrays into one compound path on the map."""
    vertices = [_project(np.asarray(piece), projection, west, east) for piece in pieces]
    codes = []
    for piece in vertices:
        code = np.full(len(piece), Path.LINETO, dtype=Path.code_type)
        code[0] = Path.MOVETO
        codes.append(code)
    if not vertices:
        return Path(np.empty((0, 2)))
    return Path(np.concatenate(vertices), np.concatenate(codes))


@lru_cache(maxsize=4)
def land_path(projection: ccrs.Projection, west: float, east: float) -> Path:
    """Outline of all land for filling, in map coordinates.

    Parameters
    ----------
    projection
        Projection of the map.
    west, east
        Its edges in degrees of longitude; they may be at most 360° apart.
    """
    # Long straight edges (the cut, the way around the pole) must follow the projection's curves.
    shapes = [
        shapely.segmentize(part, 2.0)
        for part in _unroll(_land(), west, east)
        if part.geom_type == "Polygon"
    ]
    rings = [
        ring.coords for shape in map(orient, shapes) for ring in (shape.exterior, *shape.interiors)
    ]
    return _path(rings, projection, west, east)


@lru_cache(maxsize=4)
def coast_path(projection: ccrs.Projection, west: float, east: float) -> Path:
    """Coastlines for drawing, in map coordinates; parameters as :func:`land_path`."""
    lines = [
        part.coords for part in _unroll(_lines(), west, east) if part.geom_type == "LineString"
    ]
    return _path(lines, projection, west, east)
