"""Figures draw what they are given, at full size, with nothing cut off."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shiome.grids.months import month_range, parse_month
from shiome.products import (
    by_lead,
    category_bars,
    distribution,
    month_by_lead,
    plume,
    rank_histogram,
    reliability,
    spread_error,
)
from shiome.products.pages import _number, _tied
from shiome.products.plumes import _spread_out
from shiome.products.style import save

LEADS = np.arange(1, 13)
FIRST = parse_month("1997-06")


def lead_array(values) -> xr.DataArray:
    return xr.DataArray(np.broadcast_to(values, 12), dims="lead", coords={"lead": LEADS})


@pytest.fixture
def members() -> xr.DataArray:
    values = np.random.default_rng(0).normal(size=(20, 12)).cumsum(axis=1) * 0.4
    return xr.DataArray(
        values,
        dims=("member", "lead"),
        coords={"lead": LEADS, "valid_time": ("lead", month_range(FIRST, 12))},
    )


def history(months_after: int) -> xr.DataArray:
    times = month_range(FIRST - 24, 24 + months_after)
    return xr.DataArray(np.sin(np.arange(times.size)), dims="time", coords={"time": times})


def plume_of(members, after=0, analogues=None):
    return plume(
        members,
        history(after),
        analogues,
        title="An index",
        label="An index (K)",
        thresholds={0.5: "El Niño", -0.5: "La Niña"},
    )


def analogues_of(scale: float) -> xr.DataArray:
    return xr.DataArray(
        scale * np.ones((3, 24)) * [[1.0], [1.01], [1.02]],
        dims=("analogue", "offset"),
        coords={"offset": np.arange(-11, 13), "analogue": ["1972–73", "1982–83", "1986–87"]},
    )


def reliability_curve() -> xr.Dataset:
    bins = np.linspace(0.05, 0.95, 10)
    probability = np.where(bins > 0.9, np.nan, bins)
    return xr.Dataset(
        {
            "probability": (("group", "bin"), [probability, probability]),
            "frequency": (("group", "bin"), [probability, probability]),
            "count": (("group", "bin"), np.where(bins > 0.9, 0, 5) * np.ones((2, 1), int)),
        },
        coords={"group": ["leads 1–3", "leads 4–6"], "bin": bins},
    )


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {"season": ["JJA", "JAS"], "below": [0.0, 0.1], "neutral": [0.5, 0.2], "above": [0.5, 0.7]}
    )


FIGURES = {
    "plume": lambda m: plume_of(m),
    "plume with what came later": lambda m: plume_of(m, after=12),
    "plume with analogues": lambda m: plume_of(m, analogues=analogues_of(4.0)),
    "bars": lambda m: category_bars(
        table(),
        title="States",
        names={"below": "La Niña", "neutral": "neutral", "above": "El Niño"},
        label="Season",
    ),
    "distribution": lambda m: distribution(
        m.values.ravel(), (-0.4, 0.4), title="Rain", label="mm/day", names=("dry", "mid", "wet")
    ),
    "score": lambda m: by_lead(
        {"forecast": ("this system", lead_array(0.5)), "persistence": ("p", lead_array(0.3))},
        (lead_array(0.4), lead_array(0.6)),
        title="Skill",
        label="Correlation (1)",
        bottom=-0.2,
        top=1.0,
    ),
    "months": lambda m: month_by_lead(
        xr.DataArray(
            np.linspace(-0.2, 1.0, 144).reshape(12, 12),
            dims=("month", "lead"),
            coords={"month": np.arange(1, 13), "lead": LEADS},
        ),
        title="By month",
        label="Correlation (1)",
    ),
    "reliability": lambda m: reliability(reliability_curve(), title="Reliable?"),
    "ranks": lambda m: rank_histogram(
        xr.Dataset(
            {"count": (("lead", "rank"), np.ones((12, 5))), "expected": ("rank", np.full(5, 0.2))},
            coords={"lead": LEADS},
        ),
        [1, 12],
        title="Ranks",
    ),
    "spread": lambda m: spread_error(
        {"Niño 3.4": (lead_array(0.4), lead_array(0.5))}, title="Spread", label="K"
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off_and_letters_are_large(name, members):
    figure = FIGURES[name](members)
    figure.canvas.draw()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= -0.01
    assert box.y0 >= -0.01
    assert box.x1 <= width + 0.01
    assert box.y1 <= height + 0.01
    texts = [text for axes in figure.axes for text in axes.findobj(match=is_text)]
    assert min(text.get_fontsize() for text in texts) >= 9


def is_text(artist) -> bool:
    return hasattr(artist, "get_fontsize") and bool(getattr(artist, "get_text", str)())


@pytest.mark.parametrize("name", FIGURES)
def test_axes_carry_words_and_units(name, members):
    figure = FIGURES[name](members)
    if name.startswith("plume"):  # months explain themselves
        assert figure.axes[0].get_ylabel() == "An index (K)"
    else:
        labels = [axes.get_xlabel() for axes in figure.axes]
        assert any(labels)
        assert figure.axes[0].get_ylabel()


def test_axis_holds_every_member_and_analogue(members):
    low, high = plume_of(members, analogues=analogues_of(4.0)).axes[0].get_ylim()
    assert low < members.values.min()
    assert high > max(4.08, members.values.max())


def test_score_beyond_its_natural_end_stays_visible():
    curve = {"forecast": ("x", lead_array(-0.7))}
    low, _ = by_lead(curve, title="Bad", label="1", bottom=-0.2, top=1.0).axes[0].get_ylim()
    assert low < -0.7


def test_flat_ranks_are_at_one():
    figure = FIGURES["ranks"](None)
    steps = figure.axes[0].patches[0].get_data().values
    np.testing.assert_allclose(steps, 1.0)


@given(st.lists(st.floats(-3, 3), min_size=0, max_size=6))
def test_labels_keep_order_and_distance(values):
    placed = np.array(_spread_out(values, 0.2))
    order = np.argsort(values, kind="stable")
    assert (np.diff(placed[order]) >= 0.2 - 1e-9).all()
    if values:
        assert placed.mean() == pytest.approx(np.mean(values))


def test_saved_figure_carries_its_description(members, tmp_path):
    size = save(plume_of(members), tmp_path / "plume.png", "Niño rises.")
    with Image.open(tmp_path / "plume.png") as image:
        assert image.size == size
        assert image.text["Description"] == "Niño rises."
        assert size[0] >= 900


def test_numbers_on_pages():
    assert _number(float("nan")) == "–"
    assert _number(None) == "–"
    assert _number(-0.5) == "−0.500"
    assert _tied("87 % and +0.5 K, > 99 %") == "87\N{NBSP}% and +0.5\N{NBSP}K, >\N{NBSP}99\N{NBSP}%"
