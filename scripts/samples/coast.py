"""Coastlines and land polygons from quantised TopoJSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from shapely.affinity import translate
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon, box

from samples import ATLAS, Sample


def decode_rings(topology: dict[str, Any]) -> list[list[np.ndarray]]:
    """Polygons of a quantised TopoJSON file as rings of (n, 2) longitude, latitude.

    TopoJSON 1.0 specification, sections 2.1.2 (delta-encoded arcs) and 2.1.4 (arc indexes: ``~i``
    is arc i reversed; the first point of every following arc repeats the last one).
    """
    scale, offset = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + offset for arc in topology["arcs"]]

    def ring(indexes: list[int]) -> np.ndarray:
        parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indexes]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    polygons = []
    for geometry in topology["objects"]["land"]["geometries"]:
        members = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        polygons += [[ring(indexes) for indexes in polygon] for polygon in members]
    return polygons


def cut(ring: np.ndarray) -> tuple[list[np.ndarray], list[Polygon]]:
    """Cut one ring at ±180°: its coast as lines, its inside as polygons.

    A ring that goes once around the Earth (Antarctica) is closed along the pole.
    """
    longitude = np.unwrap(ring[:, 0], period=360.0)
    line = np.column_stack([longitude, ring[:, 1]])
    outline = line
    if abs(longitude[-1] - longitude[0]) > 180.0:
        poles = [[longitude[-1], -90.0], [longitude[0], -90.0]]
        outline = np.concatenate([line, poles])
    lines: list[np.ndarray] = []
    polygons: list[Polygon] = []
    for shift in (-360.0, 0.0, 360.0):
        window = box(-180.0, -90.0, 180.0, 90.0)
        piece = translate(LineString(line), shift).intersection(window)
        pieces = piece.geoms if isinstance(piece, MultiLineString) else [piece]
        lines += [np.array(p.coords) for p in pieces if isinstance(p, LineString) and p.length]
        inside = translate(Polygon(outline).buffer(0), shift).intersection(window)
        insides = inside.geoms if isinstance(inside, MultiPolygon) else [inside]
        polygons += [p for p in insides if isinstance(p, Polygon) and p.area > 0]
    return lines, polygons


def ragged(parts: list[np.ndarray], name: str) -> dict[str, Any]:
    """Store lines of different lengths as one long list of points and a count per line."""
    points = np.concatenate(parts)
    return {
        f"{name}_longitude": (f"{name}_point", points[:, 0], {"units": "degrees_east"}),
        f"{name}_latitude": (f"{name}_point", points[:, 1], {"units": "degrees_north"}),
        f"{name}_size": (
            name,
            np.array([len(p) for p in parts], np.int32),
            {"long_name": "number of points", "sample_dimension": f"{name}_point"},
        ),
    }


def coastlines(folder: Path) -> Sample:
    topology = json.loads((folder / "package" / "land-110m.json").read_text())
    lines: list[np.ndarray] = []
    rings: list[np.ndarray] = []
    owner: list[int] = []
    for polygon_rings in decode_rings(topology):
        shells = [cut(ring) for ring in polygon_rings]
        lines += [line for part, _ in shells for line in part]
        for shell in shells[0][1]:
            for _, holes in shells[1:]:
                for hole in holes:
                    shell = shell.difference(hole)
            number = owner[-1] + 1 if owner else 0
            for ring in (shell.exterior, *shell.interiors):
                rings.append(np.array(ring.coords))
                owner.append(number)
    attrs = {"long_name": "polygon that the ring belongs to; its first ring is the outer one"}
    return Sample(
        id="coastlines-110m",
        title="Coastlines and land polygons, 1:110 million",
        kind="observation",
        license="Public domain (Natural Earth); the npm package is under the ISC licence",
        citation="Natural Earth, 1:110m physical vectors, by way of world-atlas 2.0.2.",
        description="Coastlines as lines and land as polygons, longitudes −180–180°, cut at ±180°.",
        origin=ATLAS,
        paths=["land-110m.json"],
        transformations=["TopoJSON decoded; rings cut at ±180°; Antarctica closed along the pole."],
        dataset=xr.Dataset(
            {**ragged(lines, "line"), **ragged(rings, "ring"),
             "ring_polygon": ("ring", np.array(owner, np.int32), attrs)}
        ),
        steps=dict.fromkeys(
            ("line_longitude", "line_latitude", "ring_longitude", "ring_latitude"), 0.01
        ),
    )  # fmt: skip
