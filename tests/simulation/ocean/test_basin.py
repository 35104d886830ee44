import numpy as np
import pytest

from shiome.core import ConfigError
from shiome.core.constants import EARTH_RADIUS
from shiome.data import open_sample
from shiome.grids.regions import REGIONS
from shiome.simulation.ocean import Basin, box_basin, tropical_basin


@pytest.fixture(scope="module")
def tropics() -> Basin:
    return tropical_basin(open_sample("relief-1deg")["surface_altitude"])


def _wet_at(basin: Basin, latitude: float, longitude: float) -> bool:
    j = np.abs(basin.latitude - latitude).argmin()
    i = np.abs(basin.longitude - longitude).argmin()
    return bool(basin.wet[j, i])


def test_area_of_a_box_is_that_of_the_sphere() -> None:
    basin = box_basin((100.0, 140.0), (-20.0, 20.0), (1.0, 0.5))
    zone = np.deg2rad(40.0) * 2.0 * np.sin(np.deg2rad(20.0)) * float(EARTH_RADIUS) ** 2
    assert basin.area.sum() == pytest.approx(zone, rel=1e-5)


def test_tropics_have_their_continents(tropics: Basin) -> None:
    for water in ((0, 200), (0, 70), (-10, 100), (15, 65), (12, 88), (20, 130), (-15, 270)):
        assert _wet_at(tropics, *water), water
    # Borneo, New Guinea, Australia, India, Peru, Mexico; the Caribbean and the Gulf of Mexico
    # are behind the isthmus, and the Sunda shelf is too shallow for a thermocline.
    for land in (
        (1, 114), (-5, 142), (-25, 135), (18, 77), (-10, 286), (22, 258),
        (15, 283), (25, 270), (5, 105),
    ):  # fmt: skip
        assert not _wet_at(tropics, *land), land


def test_isthmus_is_closed_at_every_resolution() -> None:
    relief = open_sample("relief-1deg")["surface_altitude"]
    for spacing in ((4.0, 2.0), (2.0, 1.0), (1.0, 1.0)):
        basin = tropical_basin(relief, spacing)
        assert not _wet_at(basin, 15.0, 284.0), spacing


def test_box_mean_of_a_constant_is_the_constant(tropics: Basin) -> None:
    weights = tropics.box_mean(REGIONS["iod_east"])
    assert weights.sum() == pytest.approx(1.0, abs=1e-6)
    assert not weights[~tropics.wet].any()
    with pytest.raises(ConfigError, match="no water in Atlantic 3"):
        tropics.box_mean(REGIONS["atl3"])


def test_bad_basins_are_told() -> None:
    axis = np.arange(5.0)
    with pytest.raises(ConfigError, match="rim"):
        Basin(axis, axis, np.ones((5, 5), bool))
    with pytest.raises(ConfigError, match="expected \\(5, 5\\)"):
        Basin(axis, axis, np.zeros((5, 4), bool))
    wet = np.zeros((5, 5), bool)
    with pytest.raises(ConfigError, match="holds no water"):
        Basin(axis, axis, wet)
    wet[2, 2] = True
    with pytest.raises(ConfigError, match="latitude is not equally spaced"):
        Basin(axis**2, axis, wet)
    with pytest.raises(ConfigError, match="does not divide"):
        box_basin((0.0, 50.0), (-10.0, 10.0), (3.0, 1.0))
