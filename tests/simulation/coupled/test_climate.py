import numpy as np
import pytest

from shiome.simulation.coupled.climate import (
    CELLS,
    Climate,
    surface_current,
    surface_upwelling,
)

NAMES = [cell.name for cell in CELLS]


def test_trades_bring_up_water_and_carry_it_west() -> None:
    """0.05 N/m² of trades: one to two metres a day, a tenth of a metre a second (Wyrtki 1981)."""
    assert 1.0 < float(surface_upwelling(np.array(-0.05))) * 86400 < 3.0
    assert -0.3 < float(surface_current(np.array(-0.05))) < -0.05


def test_the_mean_climate_is_that_of_the_pacific(climate: Climate) -> None:
    centre, warm_pool = NAMES.index("pacific210"), NAMES.index("pacific150")
    assert (climate.upwelling[:, centre] * 86400).mean() == pytest.approx(2.0, abs=0.8)
    assert climate.upwelling[:, warm_pool].mean() < 0.4 * climate.upwelling[:, centre].mean()
    # the thermocline is shallow in the east, so its motion is felt there
    east = NAMES.index("pacific250")
    assert climate.stratification[:, east].mean() > 3 * climate.stratification[:, warm_pool].mean()
    assert climate.gradient[:, centre].mean() < 0
    assert climate.current[:, centre].mean() < 0


def test_java_upwells_in_the_monsoon_of_july(climate: Climate) -> None:
    java = NAMES.index("java")
    assert climate.upwelling[6, java] > 0
    assert climate.upwelling[0, java] == 0


def test_everything_is_known(climate: Climate) -> None:
    for field in climate:
        assert field.shape == (12, len(CELLS))
        assert np.isfinite(field).all()
    assert (np.asarray(climate.upwelling) >= 0).all()
