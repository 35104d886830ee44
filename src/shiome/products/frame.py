"""The empty map that fields are drawn on, many times over.

The frame (projection, land, coastlines, which cell each pixel shows) is prepared once; a new
field only replaces an image. Fields are interpolated between cell centres for display and run a
little way under the coast; the land drawn on top has the true outline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cartopy.crs as ccrs
import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from scipy import ndimage, sparse

from shiome.grids import Region
from shiome.products.coast import coast_path, land_path
from shiome.products.style import INK, LAND, NO_DATA, WIDTH, new_figure

# Cut the globe through Africa and Europe, so that the three tropical oceans are whole.
CENTRAL_LONGITUDE: Final = 205.0
_PIXELS: Final = 900  # across the map
_PLATE: Final = ccrs.PlateCarree()


@dataclass(frozen=True)
class Window:
    """A part of the globe, in degrees; ``east`` may be greater than 360."""

    west: float
    east: float
    south: float
    north: float


GLOBE: Final = Window(CENTRAL_LONGITUDE - 180.0, CENTRAL_LONGITUDE + 180.0, -90.0, 90.0)
INDIAN_OCEAN: Final = Window(30.0, 125.0, -32.0, 28.0)


class Frame:
    """An empty map: projection, outline, land, coastlines, degree labels and an image to fill.

    Parameters
    ----------
    latitude, longitude
        Cell centres of the fields to be shown, ascending, degrees; longitude in [0, 360).
    window
        Which part of the globe; the whole one in Robinson's projection, parts in Plate Carrée.
    regions
        Boxes to be outlined.
    """

    def __init__(
        self,
        latitude: npt.ArrayLike,
        longitude: npt.ArrayLike,
        window: Window = GLOBE,
        regions: Sequence[Region] = (),
    ) -> None:
        self.window = window
        middle = 0.5 * (window.west + window.east)
        self.projection: ccrs.Projection = (
            ccrs.Robinson(central_longitude=middle)
            if window == GLOBE
            else ccrs.PlateCarree(central_longitude=middle)
        )
        self._outline = self._make_outline()
        x, y = np.asarray(self._outline.vertices).T
        x0, x1, y0, y1 = (float(edge) for edge in (x.min(), x.max(), y.min(), y.max()))
        self._bounds = (x0, x1, y0, y1)
        self._sampler = self._make_sampler(np.asarray(latitude), np.asarray(longitude))
        self._draw_frame(regions)

    def _make_outline(self) -> Path:
        """Edge of the map in map coordinates."""
        w = self.window
        side = np.linspace(w.south, w.north, 91)
        points = np.concatenate(
            [
                np.stack([np.full(91, w.west), side], axis=1),
                np.stack([np.full(91, w.east), side[::-1]], axis=1),
            ]
        )
        points = np.concatenate([points, points[:1]])
        return Path(self._transform(points))

    def _transform(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Degrees (n, 2) to map coordinates (n, 2)."""
        inside = np.clip(points[:, 0], self.window.west + 1e-6, self.window.east - 1e-6)
        return self.projection.transform_points(_PLATE, inside, points[:, 1])[:, :2]

    def _make_sampler(
        self, latitude: npt.NDArray[Any], longitude: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.bool_], sparse.csr_array]:
        """Return which pixels are on the map, and how each of them mixes the cells around it.

        Shapes: (height, width) and (pixels on the map, cells).
        """
        x0, x1, y0, y1 = self._bounds
        width = _PIXELS
        height = round(width * (y1 - y0) / (x1 - x0))
        x = x0 + (np.arange(width) + 0.5) * (x1 - x0) / width
        y = y1 - (np.arange(height) + 0.5) * (y1 - y0) / height
        xx, yy = np.meshgrid(x, y)
        inside = self._outline.contains_points(np.stack([xx.ravel(), yy.ravel()], axis=1))
        points = _PLATE.transform_points(self.projection, xx.ravel()[inside], yy.ravel()[inside])
        wrapped = np.concatenate([longitude[-1:] - 360.0, longitude, longitude[:1] + 360.0])
        row = np.interp(points[:, 1], latitude, np.arange(latitude.size))
        column = np.interp(points[:, 0] % 360.0, wrapped, np.arange(-1, longitude.size + 1))
        mixing = _bilinear(row, column, (latitude.size, longitude.size))
        return inside.reshape(height, width), mixing

    def _draw_frame(self, regions: Sequence[Region]) -> None:
        x0, x1, y0, y1 = self._bounds
        left, right, bottom, top = 0.085, 0.985, 0.82, 0.36  # inches below and above, fractions
        map_height = WIDTH * (right - left) * (y1 - y0) / (x1 - x0)
        height = map_height + bottom + top
        self.figure: Figure = new_figure(height)
        self.axes: Axes = self.figure.add_axes(
            (left, bottom / height, right - left, map_height / height)
        )
        self.axes.set(xlim=(x0, x1), ylim=(y0, y1))
        self.axes.axis("off")
        background = PathPatch(
            self._outline,
            facecolor="white",
            edgecolor=NO_DATA,
            hatch="......",
            linewidth=0,
            zorder=0,
        )
        self.axes.add_artist(background)
        blank = np.zeros((*self._sampler[0].shape, 4), np.uint8)
        self._image = self.axes.imshow(
            blank,
            extent=self._bounds,
            origin="upper",
            interpolation="none",
            zorder=1,
            aspect="auto",
        )
        edges = (self.projection, self.window.west, self.window.east)
        land = PathPatch(land_path(*edges), facecolor=LAND, edgecolor="none", zorder=2)
        coast = PathCollection(
            [coast_path(*edges)], facecolor="none", edgecolor="#4A4A4A", linewidth=0.6, zorder=3
        )
        self.axes.add_artist(land)
        self.axes.add_collection(coast)
        for artist in (self._image, land, coast):
            artist.set_clip_path(self._outline, self.axes.transData)
        outline = PathPatch(
            self._outline, facecolor="none", edgecolor="#666666", linewidth=0.8, zorder=5
        )
        outline.set_clip_on(False)
        self.axes.add_artist(outline)
        self._draw_degrees()
        for region in regions:
            self._draw_region(region)
        self.title: Text = self.figure.text(
            0.015,
            1.0 - 0.5 * top / height,
            "",
            va="center",
            fontsize=11,
            fontweight="bold",
            color=INK,
        )
        self.note_height = (bottom - 0.27) / height  # room below the degree labels, of the figure

    def _draw_degrees(self) -> None:
        """Meridians and parallels, labelled at the lower and left edge."""
        w = self.window
        step_lon, step_lat = (60, 30) if w == GLOBE else (20, 10)
        fine = np.linspace(w.south, w.north, 61)
        for lon in range(-360, 721, step_lon):
            if not w.west < lon < w.east:
                continue
            line = self._transform(np.stack([np.full(61, float(lon)), fine], axis=1))
            self.axes.plot(*line.T, color="#9A9A9A", linewidth=0.4, zorder=4)
            # Meridians crowd at the foot of a globe: every second one has room for its label.
            if w != GLOBE or lon % 120:
                self._label(line[0], _degrees(lon, "E", "W"), ha="center", va="top", shift=(0, -3))
        across = np.linspace(w.west, w.east, 121)
        for lat in range(-90, 91, step_lat):
            if not w.south < lat < w.north:
                continue
            line = self._transform(np.stack([across, np.full(121, float(lat))], axis=1))
            self.axes.plot(*line.T, color="#9A9A9A", linewidth=0.4, zorder=4)
            self._label(line[0], _degrees(lat, "N", "S"), ha="right", va="center", shift=(-3, 0))

    def _label(
        self, at: npt.NDArray[np.float64], text: str, *, ha: str, va: str, shift: tuple[int, int]
    ) -> None:
        self.axes.annotate(
            text, (at[0], at[1]), shift, textcoords="offset points", ha=ha, va=va, fontsize=9,
            color=INK, annotation_clip=False,
        )  # fmt: skip

    def _draw_region(self, region: Region) -> None:
        west, east, south, north = region.west, region.east, region.south, region.north
        if east < west:
            east += 360.0
        corners = np.array(
            [[west, south], [east, south], [east, north], [west, north], [west, south]], float
        )
        self.axes.plot(*self._transform(corners).T, color=INK, linewidth=1.2, zorder=6)

    def sample(self, field: xr.DataArray) -> npt.NDArray[np.float64]:
        """Values (pixels on the map,) of a field (latitude, longitude), NaN where it has none."""
        values = _under_the_coast(field.transpose("latitude", "longitude").values).ravel()
        known = np.isfinite(values)
        mixing = self._sampler[1]
        total = mixing @ np.where(known, values, 0.0)
        weight = mixing @ known.astype(np.float64)
        return np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0.25)

    def paint(self, colours: npt.NDArray[np.uint8]) -> None:
        """Show colours (pixels on the map, 4), 0–255, alpha last."""
        inside, _ = self._sampler
        image = np.zeros((*inside.shape, 4), np.uint8)
        image[inside] = colours
        self._image.set_data(image)


def _degrees(value: int, positive: str, negative: str) -> str:
    value = (value + 180) % 360 - 180 if abs(value) > 180 else value
    if value % 180 == 0:
        return f"{abs(value)}°"
    return f"{abs(value)}°{positive if value > 0 else negative}"


def _under_the_coast(values: npt.NDArray[Any], steps: int = 2) -> npt.NDArray[np.float64]:
    """Fill cells next to the sea by the mean of their neighbours, ``steps`` cells inland."""
    filled = values.astype(np.float64)
    around: dict[str, Any] = {"size": 3, "mode": ("nearest", "wrap")}
    for _ in range(steps):
        known = np.isfinite(filled)
        total = ndimage.uniform_filter(np.where(known, filled, 0.0), **around)
        share = ndimage.uniform_filter(known.astype(float), **around)
        mean = np.divide(total, share, out=np.full_like(filled, np.nan), where=share > 0.05)
        filled = np.where(known, filled, mean)
    return filled


def _bilinear(
    row: npt.NDArray[np.float64], column: npt.NDArray[np.float64], shape: tuple[int, int]
) -> sparse.csr_array:
    """Weights of the four cells around each point, as a matrix (points, rows * columns).

    ``row`` and ``column`` (points,) count in cells; columns wrap around the globe.
    """
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    down, right = row - top, column - left
    corners = [
        (top, left, (1 - down) * (1 - right)),
        (top, left + 1, (1 - down) * right),
        (top + 1, left, down * (1 - right)),
        (top + 1, left + 1, down * right),
    ]
    cells = [np.minimum(r, shape[0] - 1) * shape[1] + c % shape[1] for r, c, _ in corners]
    weights = np.concatenate([weight for _, _, weight in corners])
    points = np.tile(np.arange(row.size), 4)
    size = (row.size, shape[0] * shape[1])
    return sparse.csr_array((weights, (points, np.concatenate(cells))), shape=size)
