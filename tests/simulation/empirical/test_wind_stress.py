import numpy as np
import pytest

from shiome.core.errors import ModelError
from shiome.simulation.empirical.wind_stress import WindMap, bulk_stress

RNG = np.random.default_rng(0)
MONTHS, POINTS = 240, 12
MONTH = 12 * 1990 + np.arange(MONTHS)
EVERY = np.ones(MONTHS, bool)
OCEANS = [(np.arange(POINTS) < 5, 1), (np.arange(POINTS) >= 5, 2)]
AREA = np.ones(POINTS)


def _world(noise: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Synthetic temperature of three patterns, and stress that is linear in them plus seasons."""
    amplitude = RNG.normal(size=(MONTHS, 3)) * (1.0, 2.0, 0.7)
    patterns = np.zeros((3, POINTS))
    patterns[0, :5] = 1.0
    patterns[1, 5:], patterns[2, 5:] = 1.0, np.linspace(-1, 1, 7)
    truth = RNG.normal(0.0, 0.02, (3, 2, 4, 5))
    stress = np.einsum("tk,kpyx->tpyx", amplitude, truth)
    stress = stress + RNG.normal(0.0, max(noise, 1e-12), stress.shape)
    seasons = 0.1 * np.cos(2 * np.pi * MONTH / 12)[:, None, None, None]
    return amplitude @ patterns, stress + seasons, stress


def test_stress_follows_the_wind_and_more_than_linearly() -> None:
    wind = np.array([2.0, 4.0, 8.0])
    tau = bulk_stress(wind, -0.5 * wind)
    assert tau.shape == (3, 2)
    np.testing.assert_allclose(tau[:, 1], -0.5 * tau[:, 0])
    assert tau[1, 0] > 2.0 * tau[0, 0]
    # 8 m/s trade winds bear about 0.1 N/m².
    assert bulk_stress(np.array([8.0]), np.zeros(1))[0, 0] == pytest.approx(0.11, abs=0.02)
    assert not bulk_stress(np.zeros(1), np.zeros(1)).any()


def test_map_recovers_a_linear_atmosphere_without_its_seasons() -> None:
    sst, stress, without_seasons = _world()
    wind = WindMap.fit(sst, AREA, OCEANS, MONTH, EVERY, stress, MONTH, penalty=1e-9)
    made = np.einsum("tk,kpyx->tpyx", wind.components(sst), wind.patterns)
    # Seasonal means of a random series are themselves not quite zero.
    assert np.corrcoef(made.ravel(), without_seasons.ravel())[0, 1] > 0.99


def test_penalty_shrinks_the_stress() -> None:
    sst, stress, _ = _world(noise=0.05)
    size = [
        np.square(
            WindMap.fit(sst, AREA, OCEANS, MONTH, EVERY, stress, MONTH, penalty=p).patterns
        ).sum()
        for p in (0.0, 0.3, 3.0)
    ]
    assert size[0] > size[1] > size[2] > 0.0


def test_only_training_months_count() -> None:
    sst, stress, _ = _world(noise=0.02)
    training = MONTH < 12 * 2003
    spoiled_sst, spoiled = sst.copy(), stress.copy()
    spoiled_sst[~training], spoiled[~training] = 7.0, 7.0
    one = WindMap.fit(sst, AREA, OCEANS, MONTH, training, stress, MONTH)
    two = WindMap.fit(spoiled_sst, AREA, OCEANS, MONTH, training, spoiled, MONTH)
    np.testing.assert_array_equal(one.patterns, two.patterns)


def test_too_few_winds_are_told() -> None:
    sst, stress, _ = _world()
    with pytest.raises(ModelError, match="20 training months have observed winds"):
        WindMap.fit(sst, AREA, OCEANS, MONTH, EVERY, stress[:20], MONTH[:20])
