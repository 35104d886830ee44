"""The forecast as the page shows it: training years, members, probabilities, analogues."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from shiome.grids import month_number, parse_month
from shiome.showcases.seasonal.forecast import (
    ANALOGUE_MONTHS,
    ANALOGUES,
    analogues_of,
    field_forecast,
    history_of,
    index_forecast,
    issue_split,
)
from shiome.showcases.seasonal.inputs import last_seen
from shiome.showcases.seasonal.system import LEADS, fit

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def training(observed):
    return np.ones(len(observed.month), bool)


@pytest.fixture(scope="module")
def system(observed, training):
    return fit(observed, training)


@pytest.fixture(scope="module")
def calibration(verified):
    return verified["cv"].calibrations[0]


def test_a_forecast_from_the_end_trains_on_all_years(observed):
    split = issue_split(observed, last_seen(observed, None), 1)
    assert split.train == tuple(observed.years)
    assert split.verify == ()


@pytest.mark.parametrize(
    ("start", "verify"), [("1997-06", (1997, 1998)), ("1997-01", (1997,)), ("2004-12", (2004,))]
)
def test_a_forecast_from_the_past_does_not_train_on_what_it_forecasts(observed, start, verify):
    split = issue_split(observed, last_seen(observed, start), 1)
    assert set(verify) <= set(split.verify)
    ahead = (parse_month(start) + np.arange(LEADS)) // 12
    assert not set(ahead) & set(split.train)
    gap = np.abs(np.subtract.outer(split.train, verify)).min()
    assert gap == 2


def test_members_and_their_months(system, calibration):
    start = 149  # June 1997 is the last month seen
    forecast = index_forecast(system, calibration, start, 12, KEY)
    assert dict(forecast.sizes) == {"member": 12, "lead": LEADS}
    first = forecast["valid_time"].sel(lead=1).values
    assert month_number(first) == system.month[start] + 1 == parse_month("1997-07")
    again = index_forecast(system, calibration, start, 12, KEY)
    assert forecast.identical(again)
    # The first month ahead is near the last one seen, and the spread grows from there.
    spread = forecast["nino34"].std("member")
    assert float(spread.sel(lead=1)) < float(spread.sel(lead=6))
    near = float(forecast["nino34"].sel(lead=1).mean())
    assert abs(near - system.targets[start, 0]) < 3 * float(spread.sel(lead=1)) + 0.3


def test_probabilities_of_the_field_add_up(observed, system, verified, training):
    sums = verified["cv"].hindcast.field
    forecast = field_forecast(observed, system, sums, training, 239)
    sea = observed.points.mask
    for name in ("sst_anomaly", "sst_spread"):
        np.testing.assert_array_equal(
            np.isfinite(forecast[name].values), np.broadcast_to(sea, (LEADS, *sea.shape))
        )
    chances = forecast["tercile_probability"]
    assert float(chances.min()) >= 0.0
    np.testing.assert_allclose(chances.sum("category").values[:, sea], 1.0, atol=1e-5)
    assert (forecast["sst_spread"].values[:, sea] > 0).all()
    # Where a warm anomaly is forecast, warmth is likelier than cold.
    lead = forecast.sel(lead=1)
    warm = lead["sst_anomaly"].values[sea] > 2 * lead["sst_spread"].values[sea]
    odds = chances.sel(lead=1).values[:, sea]
    assert (odds[2, warm] > odds[0, warm]).all()


def test_a_spread_without_skill_gives_climatological_thirds(observed, system, verified, training):
    sums = verified["cv"].hindcast.field
    wide = replace(sums, square_error=sums.square_error * 1e8)
    chances = field_forecast(observed, system, wide, training, 239)["tercile_probability"]
    sea = observed.points.mask
    # A normal distribution far wider than the middle third leaves half on either side.
    np.testing.assert_allclose(chances.sel(category="below").values[:, sea], 0.5, atol=0.01)


def test_history_is_what_was_observed(system):
    history = history_of(system)
    assert history.sizes["time"] == 240
    np.testing.assert_array_equal(history["dmi"], system.targets[:, 1])
    holes = system.targets.copy()
    holes[4, 1] = np.nan
    assert history_of(replace(system, targets=holes)).sizes["time"] == 239


def test_analogues_are_the_nearest_years_of_the_same_season(system):
    start = 149
    found = analogues_of(system, start)
    assert found.sizes == {"analogue": ANALOGUES, "offset": ANALOGUE_MONTHS + LEADS}
    at = np.array(
        [parse_month(str(label)) - 1 - system.month[0] for label in found["analogue"].values]
    )
    assert (at % 12 == start % 12).all()
    assert (np.abs(at - start) >= 24).all()
    for k, i in enumerate(at):
        offset = found["offset"].values
        np.testing.assert_array_equal(found["nino34"][k], system.targets[i + offset, 0])

    def distance(i):
        window = np.arange(-ANALOGUE_MONTHS + 1, 1)
        scaled = system.targets / system.targets.std(0)
        return ((scaled[i + window] - scaled[start + window]) ** 2).mean()

    others = [i for i in range(start % 12 + 12, 240 - LEADS, 12)
              if abs(i - start) >= 24 and i not in at]  # fmt: skip
    assert max(distance(i) for i in at) <= min(distance(i) for i in others)


def test_a_year_that_repeats_is_its_own_analogue(system):
    targets = system.targets.copy()
    targets[100:125] = targets[160:185]  # both in the same season
    found = analogues_of(replace(system, targets=targets), 172)
    assert found["analogue"].values[0] == "1994-06"  # after month 112


def test_without_a_year_before_there_are_no_analogues(system):
    assert analogues_of(system, 5) is None
