"""The shape of the ocean: a staggered grid on the sphere with coastlines.

Arakawa C-grid. Cell (j, i) holds the layer thickness at its centre, the zonal current on its
eastern edge and the meridional current on its northern edge, all in arrays (latitude, longitude).
The outermost ring of cells is land; with it, a neighbour is a slice of the flattened array and
needs no special case at the edge.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Bool, Float

from shiome.core.constants import EARTH_RADIUS, EARTH_ROTATION
from shiome.core.errors import ConfigError
from shiome.grids.latlon import latitude_overlap, longitude_overlap
from shiome.grids.masks import atlantic_side, connected, sea_mask
from shiome.grids.regions import Region

Rows = Float[np.ndarray, "latitude"]


@dataclass(frozen=True, eq=False)
class Basin:
    """A latitude–longitude box of ocean, its metric and its coastline.

    Attributes
    ----------
    latitude, longitude
        Cell centres in degrees, equally spaced, ascending.
    wet
        True where there is water, at cell centres. False on the outermost ring.
    beta_plane
        Use the equatorial beta-plane (f = beta y, no convergence of meridians) and not the sphere;
        theory is exact there.
    """

    latitude: Rows
    longitude: Float[np.ndarray, " longitude"]
    wet: Bool[np.ndarray, "latitude longitude"]
    beta_plane: bool = False

    def __post_init__(self) -> None:
        """Raise :class:`ConfigError` where the pieces do not fit together."""
        shape = (self.latitude.size, self.longitude.size)
        if self.wet.shape != shape:
            raise ConfigError(f"wet has shape {self.wet.shape}; expected {shape}.")
        if min(shape) < 3 or not self.wet.any():
            raise ConfigError(f"a basin of shape {shape} holds no water; expected at least 3 × 3.")
        edge = self.wet.copy()
        edge[1:-1, 1:-1] = False
        if edge.any():
            j, i = np.argwhere(edge)[0]
            raise ConfigError(f"cell ({j}, {i}) on the rim is water; expected land all around.")
        for name, axis in (("latitude", self.latitude), ("longitude", self.longitude)):
            if not np.allclose(np.diff(axis), axis[1] - axis[0]) or axis[1] <= axis[0]:
                raise ConfigError(f"{name} is not equally spaced and ascending, as it has to be.")

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.wet.shape[0], self.wet.shape[1]

    @property
    def wet_u(self) -> npt.NDArray[np.bool_]:
        """True where the eastern edge of a cell lies between two wet cells."""
        return self.wet & np.roll(self.wet, -1, axis=1)

    @property
    def wet_v(self) -> npt.NDArray[np.bool_]:
        """True where the northern edge of a cell lies between two wet cells."""
        return self.wet & np.roll(self.wet, -1, axis=0)

    @property
    def _spacing(self) -> tuple[float, float]:
        """Width and height of a cell in radians."""
        return (
            float(np.deg2rad(self.longitude[1] - self.longitude[0])),
            float(np.deg2rad(self.latitude[1] - self.latitude[0])),
        )

    @property
    def dy(self) -> float:
        """Height of a cell in m."""
        return float(EARTH_RADIUS) * self._spacing[1]

    def _width(self, latitude: npt.NDArray) -> npt.NDArray:
        cosine = np.ones_like(latitude) if self.beta_plane else np.cos(np.deg2rad(latitude))
        return float(EARTH_RADIUS) * self._spacing[0] * cosine

    @property
    def dx(self) -> Rows:
        """Width of each row at its centre in m."""
        return self._width(self.latitude)

    @property
    def dx_north(self) -> Rows:
        """Width of each row at its northern edge in m."""
        return self._width(self.latitude + 0.5 * np.rad2deg(self._spacing[1]))

    @property
    def coriolis(self) -> Rows:
        """Coriolis parameter at cell centres in s⁻¹."""
        angle = np.deg2rad(self.latitude)
        return 2.0 * float(EARTH_ROTATION) * (angle if self.beta_plane else np.sin(angle))

    @property
    def area(self) -> Float[np.ndarray, "latitude longitude"]:
        """Area of each cell in m², zero on land."""
        return (self.dx * self.dy)[:, None] * self.wet

    def box_mean(self, region: Region) -> Float[np.ndarray, "latitude longitude"]:
        """Weights whose product with a thickness, summed, is its mean over a region.

        Raises
        ------
        ConfigError
            If the basin has no water there.
        """
        rows = latitude_overlap(self.latitude, region.south, region.north)
        columns = longitude_overlap(self.longitude, region.west, region.east)
        weights = np.outer(rows, columns) * self.wet
        if not weights.any():
            raise ConfigError(f"the basin has no water in {region.name}; expected some.")
        return (weights / weights.sum()).astype(np.float32)


def grid_axis(low: float, high: float, spacing: float) -> npt.NDArray:
    """Cell centres between two bounds, plus one cell of land beyond each bound.

    Raises
    ------
    ConfigError
        If the spacing does not divide the range.
    """
    cells = round((high - low) / spacing)
    if cells < 1 or not np.isclose(cells * spacing, high - low):
        raise ConfigError(
            f"a spacing of {spacing}° does not divide {low}–{high}°; expected one that does."
        )
    return low + spacing * (np.arange(-1, cells + 1) + 0.5)


def box_basin(
    longitude: tuple[float, float] = (120.0, 280.0),
    latitude: tuple[float, float] = (-30.0, 30.0),
    spacing: tuple[float, float] = (2.0, 1.0),
    *,
    beta_plane: bool = False,
) -> Basin:
    """A rectangular ocean with straight coasts.

    Parameters
    ----------
    longitude, latitude
        Western and eastern, southern and northern coast in degrees.
    spacing
        Zonal and meridional size of a cell in degrees.
    beta_plane
        As in :class:`Basin`.
    """
    x = grid_axis(*longitude, spacing[0])
    y = grid_axis(*latitude, spacing[1])
    wet = np.zeros((y.size, x.size), bool)
    wet[1:-1, 1:-1] = True
    return Basin(y, x, wet, beta_plane)


def tropical_basin(
    elevation: xr.DataArray,
    spacing: tuple[float, float] = (2.0, 1.0),
    *,
    longitude: tuple[float, float] = (30.0, 290.0),
    latitude: tuple[float, float] = (-30.0, 30.0),
    depth: float = 200.0,
) -> Basin:
    """The tropical Indian and Pacific Oceans with their coasts.

    Parameters
    ----------
    elevation
        Height above sea level in m, as :func:`~shiome.grids.masks.sea_mask` takes it.
    spacing
        Zonal and meridional size of a cell in degrees.
    longitude, latitude
        Bounds of the box in degrees; it has to hold 70°E and 200°E on the equator.
    depth
        Shelves shallower than this many metres are land: the thermocline does not reach them.
    """
    x = grid_axis(*longitude, spacing[0])
    y = grid_axis(*latitude, spacing[1])
    sea = sea_mask(elevation, y, x, depth=depth) & ~atlantic_side(y, x)
    sea[[0, -1]] = False
    sea[:, [0, -1]] = False
    equator = int(np.abs(y).argmin())
    seeds = [(equator, int(np.abs(x - middle).argmin())) for middle in (70.0, 200.0)]
    return Basin(y, x, connected(sea, seeds))
