"""The seasonal outlook's words, figures and page, on a synthetic outlook."""

import html.parser
import json
import re

import numpy as np
import pytest
import xarray as xr

from shiome.data import DataRecord
from shiome.grids.months import month_range, parse_month
from shiome.products import Report
from shiome.showcases.seasonal.outlook import (
    Outlook,
    RainfallForecast,
    enso_headline,
    iod_headline,
    likelihood,
    outcomes,
    percent,
    season_table,
    season_words,
)
from shiome.showcases.seasonal.page import write_outlook

LEADS = np.arange(1, 13)
SYNTHETIC = DataRecord("synthetic-sst", "Synthetic SST", "synthetic", "CC0-1.0", "Made for a test.")


def synthetic_members(peak: float, spread: float, first: int, rng: np.random.Generator):
    """Members whose mean rises to ``peak`` and whose spread grows, (member, lead)."""
    mean = peak * np.sin(np.pi * LEADS / 13)
    noise = rng.normal(size=(108, 12)) * spread * np.sqrt(LEADS / 12)
    return xr.DataArray(
        mean + noise,
        dims=("member", "lead"),
        coords={"lead": LEADS, "valid_time": ("lead", month_range(first, 12))},
    )


def synthetic_card(rng: np.random.Generator, fade: float) -> xr.Dataset:
    acc, rmse = np.exp(-fade * LEADS), 0.9 * np.sqrt(1 - np.exp(-2 * fade * LEADS))
    scores = {"acc": acc, "rmse": rmse, "crps": 0.56 * rmse, "rpss": acc**2, "spread_error": 0.9}
    card = {}
    for name, value in scores.items():
        value = np.broadcast_to(value, LEADS.shape)
        band = [value, value - 0.05, value + 0.04]
        card[name] = (("lead", "estimate"), np.stack(band, axis=1))
    return xr.Dataset(card, coords={"lead": LEADS, "estimate": ["value", "lower", "upper"]})


def synthetic_field(first: int, rng: np.random.Generator) -> xr.Dataset:
    latitude, longitude = np.arange(-80.0, 81.0, 10.0), np.arange(0.0, 360.0, 10.0)
    shape = (12, latitude.size, longitude.size)
    tongue = np.exp(-((latitude[:, None] / 12) ** 2) - ((longitude - 230) / 40) ** 2)
    anomaly = tongue * np.sin(np.pi * LEADS / 13)[:, None, None] * 2 + rng.normal(0, 0.1, shape)
    anomaly[:, :, :4] = np.nan
    above = 1 / (1 + np.exp(-2 * anomaly)) * 0.66
    chances = np.stack([0.66 - above, np.where(np.isnan(above), np.nan, 0.34), above])
    return xr.Dataset(
        {
            "sst_anomaly": (("lead", "latitude", "longitude"), anomaly),
            "sst_spread": (("lead", "latitude", "longitude"), np.abs(anomaly) * 0.3),
            "tercile_probability": (("category", "lead", "latitude", "longitude"), chances),
        },
        coords={
            "latitude": latitude,
            "longitude": longitude,
            "category": ["below", "normal", "above"],
            "lead": LEADS,
        },
    )


def synthetic_outlook(start: str = "1997-06", with_field: bool = True) -> Outlook:
    rng = np.random.default_rng(0)
    first = parse_month(start)
    times = month_range(first - 60, 60)
    series = lambda scale: ("time", scale * np.sin(np.arange(60) / 7) + rng.normal(0, 0.1, 60))
    history = xr.Dataset({"nino34": series(0.9), "dmi": series(0.3)}, coords={"time": times})
    nino34 = synthetic_members(2.0, 0.8, first, rng)
    dmi = synthetic_members(0.6, 0.35, first, rng)
    forecast = xr.Dataset({"nino34": nino34, "dmi": dmi})
    if with_field:
        forecast = xr.merge([forecast, synthetic_field(first, rng)])
    offset = np.arange(-11, 13)
    paths = lambda scale: (
        ("analogue", "offset"),
        scale * np.sin((offset + np.array([[8], [10], [12]])) / 9),
    )
    analogues = xr.Dataset(
        {"nino34": paths(1.8), "dmi": paths(0.5)},
        coords={"offset": offset, "analogue": ["1982–83", "1986–87", "1991–92"]},
    )
    month_acc = xr.DataArray(
        np.clip(np.exp(-0.08 * LEADS) - 0.2 * np.abs(np.arange(12) - 5)[:, None] / 12, 0, 1),
        dims=("month", "lead"),
        coords={"month": np.arange(1, 13), "lead": LEADS},
    )
    cards = {
        "forecast": synthetic_card(rng, 0.06),
        "pastonly": synthetic_card(rng, 0.07),
        "persistence": synthetic_card(rng, 0.12).drop_vars(["rpss", "spread_error"]),
    }
    bins = np.linspace(0.05, 0.95, 10)
    curve = xr.Dataset(
        {
            "probability": (("group", "bin"), np.stack([bins, bins])),
            "frequency": (("group", "bin"), np.stack([bins, 0.5 + 0.7 * (bins - 0.5)])),
            "count": (("group", "bin"), np.stack([np.arange(10, 0, -1), np.arange(1, 11)])),
        },
        coords={"group": ["leads 1–3", "leads 4–6"], "bin": bins},
        attrs={"event": "the warmest third"},
    )
    ranks = xr.Dataset(
        {
            "count": (("lead", "rank"), rng.poisson(34, (12, 12))),
            "expected": ("rank", np.full(12, 1 / 12)),
        },
        coords={"lead": LEADS, "rank": np.arange(12)},
    )
    season_dmi = dmi.sel(lead=[5, 6, 7]).mean("lead")
    draws = 1.24 * season_dmi.values[:, None] - 0.05 + rng.normal(0, 0.6, (108, 20))
    rainfall = RainfallForecast(
        season="October–December 1997",
        dmi=season_dmi,
        draws=xr.DataArray(draws.ravel(), dims="draw"),
        terciles=(-0.4, 0.4),
        slope=1.24,
        intercept=-0.05,
        correlation=0.84,
        source="Synthetic numbers for a test.",
    )
    return Outlook(
        forecast=forecast,
        history=history,
        skill={"nino34": cards, "dmi": cards},
        month_skill={"nino34": month_acc, "dmi": month_acc},
        models={"Synthetic model": "A sine with noise, for a test."},
        verified="Synthetic scores, for a test.",
        analogues=analogues,
        reliability=curve,
        ranks=ranks,
        rainfall=rainfall,
    )


def written(folder, outlook: Outlook) -> str:
    with Report.create(
        folder, showcase="seasonal", title="Seasonal outlook", config={"members": 108}
    ) as report:
        report.data.append(SYNTHETIC)
        report.metrics["acc.nino34.lead01"] = 0.95
        report.intervals["acc.nino34.lead01"] = (0.93, 0.97)
        report.warn("Synthetic warning with <angle> brackets.")
        write_outlook(report, outlook)
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outlook") / "report"
    written(folder, synthetic_outlook())
    return folder


@pytest.fixture(scope="module")
def page(folder) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


class Elements(html.parser.HTMLParser):
    """All start tags with their attributes, and the ids seen."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_page_needs_nothing_from_outside(page):
    assert "http://" not in page
    assert "https://" not in page
    assert 'src="//' not in page


def test_every_local_link_leads_somewhere(page, folder):
    elements = Elements(page)
    links = [a["href"] for a in elements.of("a")] + [i["src"] for i in elements.of("img")]
    ids = {attributes.get("id") for _, attributes in elements.found}
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
        else:
            assert (folder / link).exists(), link
    assert len(elements.of("img")) >= 24 + 15


def test_images_are_described_and_page_is_english(page):
    elements = Elements(page)
    assert elements.of("html")[0]["lang"] == "en"
    for image in elements.of("img"):
        assert len(image["alt"]) > 20
        assert int(image["width"]) >= 900
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_page_tells_synthetic_data_and_warnings(page):
    assert "Synthetic data." in page
    assert "&lt;angle&gt; brackets" in page
    assert "A look back." in page


def test_report_lists_each_figure_with_its_numbers(folder):
    report = json.loads((folder / "report.json").read_text())
    assert len(report["figures"]) >= 24 + 15
    for figure in report["figures"]:
        assert (folder / figure["file"]).is_file()
        assert (folder / figure["data"]).is_file()
        assert set(figure) == {"file", "caption", "data"}


def test_maps_carry_the_field_that_was_given(folder):
    with xr.open_dataset(folder / "data/forecast.nc") as stored:
        expected = synthetic_outlook().forecast
        np.testing.assert_allclose(stored["sst_anomaly"], expected["sst_anomaly"])


def test_without_field_analogues_and_rain_the_page_still_stands(tmp_path):
    full = synthetic_outlook(with_field=False)
    bare = Outlook(
        full.forecast, full.history, full.skill, full.month_skill, full.models, full.verified
    )
    text = written(tmp_path / "bare", bare)
    assert 'id="leads"' not in text
    assert "short_rains" not in text
    assert "plume_nino34.png" in text


def constant_members(value: float, count: int = 100, split: int = 100) -> xr.DataArray:
    """``split`` members at ``value`` and the others at zero, (member, lead)."""
    values = np.zeros((count, 12))
    values[:split] = value
    return xr.DataArray(values, dims=("member", "lead"), coords={"lead": LEADS})


@pytest.mark.parametrize(
    ("probability", "word"),
    [
        (0.995, "virtually certain"),
        (0.90, "very likely"),
        (0.87, "likely"),
        (0.66, "likely"),
        (0.65, "more likely than not"),
        (0.50, "more likely than not"),
        (0.49, ""),
    ],
)
def test_likelihood_words(probability, word):
    assert likelihood(probability) == word


def test_headline_of_june_is_about_the_winter_peak():
    headline = enso_headline(constant_members(1.0, split=87), parse_month("1997-06"))
    assert headline.words == "El Niño likely: 87 %"
    assert headline.season == "November 1997 – January 1998"
    assert headline.probability == pytest.approx(0.87)


def test_headline_names_la_nina_and_neutral():
    first = parse_month("2010-06")
    assert enso_headline(constant_members(-0.5), first).words == "La Niña virtually certain: > 99 %"
    assert enso_headline(constant_members(0.4), first).words.startswith("ENSO-neutral")


def test_headline_without_majority_says_so():
    values = constant_members(0.0)
    values[:40] = 0.8
    values[40:65] = -0.8
    words = enso_headline(values, parse_month("2001-06")).words
    assert words == "No clear signal: El Niño 40 %, ENSO-neutral 35 %, La Niña 25 %"


@pytest.mark.parametrize(
    ("start", "season"),
    [
        ("2014-01", "January–March 2014"),  # the next peak is beyond lead 10
        ("2013-11", "November 2013 – January 2014"),
        ("2013-12", "December 2013 – February 2014"),
        ("2014-04", "November 2014 – January 2015"),
        ("2014-03", "March–May 2014"),
    ],
)
def test_season_of_the_headline(start, season):
    assert enso_headline(constant_members(1.0), parse_month(start)).season == season


def test_dipole_headline_needs_its_whole_season():
    june = iod_headline(constant_members(0.4), parse_month("1997-06"))
    assert june.words.startswith("Positive Indian Ocean Dipole")
    assert june.season == "September–November 1997"
    assert iod_headline(constant_members(0.4), parse_month("1997-10")) is None


def test_outcomes_add_up_and_count_the_threshold_itself():
    chances = outcomes(constant_members(0.5, split=30), (1, 2, 3), 0.5)
    assert chances == pytest.approx((0.0, 0.7, 0.3))


def test_season_table_covers_all_seasons():
    table = season_table(constant_members(1.0, split=50), parse_month("2013-11"), 0.5)
    assert list(table["season"])[:3] == ["NDJ", "DJF", "JFM"]
    assert len(table) == 10
    np.testing.assert_allclose(table[["below", "neutral", "above"]].sum(axis=1), 1.0)


def test_percent_never_claims_certainty():
    assert percent(1.0) == "> 99 %"
    assert percent(0.0) == "< 1 %"
    assert percent(0.874) == "87 %"


def test_season_words_within_one_year():
    assert season_words(parse_month("1997-09")) == "September–November 1997"


def test_numbers_use_a_true_minus_sign(page):
    visible = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.S)
    assert not re.search(r"[ (]-\d", re.sub(r"<[^>]*>", "", visible))
