"""Maps show the value that belongs at each place, and nothing is downloaded."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.path import Path

from shiome.grids import REGIONS
from shiome.products import GLOBE, INDIAN_OCEAN, AnomalyMap, Frame, TercileMap
from shiome.products.coast import coast_path, land_path
from shiome.products.frame import _under_the_coast
from shiome.products.style import LAND

LATITUDE, LONGITUDE = np.arange(-85.0, 86.0, 5.0), np.arange(2.5, 360.0, 5.0)


def field(values) -> xr.DataArray:
    values = np.broadcast_to(values, (LATITUDE.size, LONGITUDE.size))
    return xr.DataArray(
        values,
        dims=("latitude", "longitude"),
        coords={"latitude": LATITUDE, "longitude": LONGITUDE},
    )


@pytest.fixture(scope="module")
def globe() -> Frame:
    return Frame(LATITUDE, LONGITUDE, regions=[REGIONS["nino34"]])


@pytest.fixture(scope="module")
def ocean() -> Frame:
    return Frame(LATITUDE, LONGITUDE, INDIAN_OCEAN)


@pytest.fixture(params=["globe", "ocean"])
def frame(request) -> Frame:
    return request.getfixturevalue(request.param)


def pixel(frame: Frame, figure, longitude: float, latitude: float) -> np.ndarray:
    """Colour drawn at a place, 0–255."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())
    [[x, y]] = frame.axes.transData.transform(frame._transform(np.array([[longitude, latitude]])))
    return image[image.shape[0] - 1 - int(y), int(x), :3].astype(int)


def test_uniform_field_is_uniform_everywhere(frame):
    values = frame.sample(field(1.7))
    np.testing.assert_allclose(values, 1.7)


def test_interpolation_is_exact_for_a_linear_field(frame):
    values = frame.sample(field(LATITUDE[:, None]))
    w = frame.window
    assert values.max() == pytest.approx(min(w.north, 85.0), abs=0.5)
    assert values.min() == pytest.approx(max(w.south, -85.0), abs=0.5)


def test_no_seam_where_longitude_wraps(globe):
    wave = field(np.cos(np.deg2rad(LONGITUDE)))
    values = globe.sample(wave)
    assert values.max() == pytest.approx(1.0, abs=0.01)
    assert values.min() == pytest.approx(-1.0, abs=0.01)


def test_missing_region_stays_missing_but_coasts_are_covered():
    values = np.ones((20, 40))
    values[5:15, 10:20] = np.nan
    filled = _under_the_coast(values)
    assert np.isfinite(filled[5:7, 12]).all()
    assert np.isnan(filled[9, 14])
    np.testing.assert_array_equal(filled[np.isfinite(values)], 1.0)


def test_all_missing_field_draws_an_empty_map(globe):
    figure = AnomalyMap(globe, (0.5, 1.0), "K").draw(field(np.nan), "nothing")
    for longitude in (190.0, 205.0, 220.0):
        colour = pixel(globe, figure, longitude, 10.0)
        assert colour.max() - colour.min() < 3, "an anomaly's colour where there is no data"


@pytest.mark.parametrize(("sign", "channel"), [(1, 0), (-1, 2)])
def test_warm_is_red_and_cold_is_blue(globe, sign, channel):
    warm = AnomalyMap(globe, (0.5, 1.0, 2.0), "K").draw(field(sign * 1.5), "all the same")
    colour = pixel(globe, warm, 205.0, 10.0)
    assert colour.argmax() == channel
    assert colour[channel] - colour[2 - channel] > 60


def test_small_anomalies_are_white_and_land_is_grey(globe):
    figure = AnomalyMap(globe, (0.5, 1.0), "K").draw(field(0.2), "nearly nothing")
    np.testing.assert_array_equal(pixel(globe, figure, 210.0, 10.0), 255)
    grey = np.round(np.array(to_rgb(LAND)) * 255)
    for longitude, latitude in ((100.0, 65.0), (250.0, 45.0), (135.0, -26.0), (90.0, -85.0)):
        np.testing.assert_array_equal(pixel(globe, figure, longitude, latitude), grey)


def test_levels_mirror_about_zero(globe):
    levels = AnomalyMap(globe, (0.5, 1.0, 2.0), "K").levels
    np.testing.assert_array_equal(levels, -levels[::-1])
    assert 0.0 not in levels


@pytest.mark.parametrize(
    ("chances", "check"),
    [
        ((0.9, 0.05, 0.05), lambda rgb: rgb[2] > rgb[0]),
        ((0.05, 0.9, 0.05), lambda rgb: np.ptp(rgb) < 5 and rgb[0] < 200),
        ((0.05, 0.05, 0.9), lambda rgb: rgb[0] > rgb[2]),
        ((0.34, 0.33, 0.33), lambda rgb: (rgb == 255).all()),
        ((0.40, 0.30, 0.30), lambda rgb: rgb[2] > rgb[0]),
    ],
)
def test_terciles_have_three_hues_from_forty_percent(globe, chances, check):
    probability = xr.concat([field(np.float32(p)) for p in chances], dim="category").assign_coords(
        category=["below", "normal", "above"]
    )
    figure = TercileMap(globe).draw(probability, "the same everywhere")
    assert check(pixel(globe, figure, 205.0, 10.0))


def test_nothing_is_clipped(frame):
    figure = AnomalyMap(frame, (0.5, 1.0), "Anomaly (K)").draw(
        field(1.0), "A title of usual length"
    )
    figure.canvas.draw()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def contains(path: Path, frame: Frame, longitude: float, latitude: float) -> bool:
    """Even–odd test over all rings of a compound path."""
    point = frame._transform(np.array([[longitude, latitude]]))
    rings = np.split(path.vertices, np.flatnonzero(path.codes == Path.MOVETO)[1:])
    return sum(bool(Path(ring).contains_points(point)[0]) for ring in rings) % 2 == 1


@pytest.mark.parametrize(
    ("longitude", "latitude", "land"),
    [
        (20.0 + 360.0, 5.0, True),  # Africa west of the cut
        (30.0, 5.0, True),  # and east of it
        (180.0, 67.5, True),  # Chukotka, across the date line
        (190.0, -85.0, True),  # Antarctica, around the pole
        (200.0, 0.0, False),
        (330.0, 30.0, False),
    ],
)
def test_land_is_where_it_is(globe, longitude, latitude, land):
    path = land_path(globe.projection, GLOBE.west, GLOBE.east)
    assert contains(path, globe, longitude, latitude) is land


def test_coastlines_never_cross_the_map(globe):
    path = coast_path(globe.projection, GLOBE.west, GLOBE.east)
    steps = np.abs(np.diff(path.vertices[:, 0]))
    drawn = path.codes[1:] == Path.LINETO
    assert steps[drawn].max() < 0.1 * np.ptp(path.vertices[:, 0])
