"""Cross-validated forecasts by the coupled model, beside the seasonal system and joined to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import jax
import numpy as np
import numpy.typing as npt
import xarray as xr
from jaxtyping import Array

from shiome.core.progress import progress_bar
from shiome.data.anomalies import anomalies
from shiome.data.splits import Split
from shiome.grids import month_start
from shiome.showcases.coupled.localised import local_surface, reanalyse_locally
from shiome.showcases.coupled.network import inner_years, with_network
from shiome.showcases.seasonal.coupled import departures
from shiome.showcases.seasonal.inputs import Observed, without_ocean
from shiome.showcases.seasonal.members import forecast_members
from shiome.showcases.seasonal.reanalysis import Reanalysis, reanalyse, spread_over
from shiome.showcases.seasonal.season import OND, forecast_season
from shiome.showcases.seasonal.system import LEADS, fit
from shiome.simulation.coupled import Coupled, CoupledForecast, CoupledSystem
from shiome.verification import bootstrap, scorecard

# What is verified: the seasonal system without and with the simulated ocean as a predictor; the
# coupled model from the spun ocean, from the filter's, and from filters of few members, global and
# local; its physics without the closure, by theory, with parameters fitted through time, and with a
# network besides; and a blend.
VARIANTS = (
    "surface",
    "ocean",
    "coupled",
    "filtered",
    "few",
    "local",
    "physics",
    "learned",
    "network",
    "blend",
)
# Equal shares of the blend.
BLENDED = ("ocean", "coupled", "filtered")
# Members of the filters that have few, for each of the coupled models.
FEW = 20


@dataclass(frozen=True)
class Hindcasts:
    """Forecasts by variant, each (time, LEADS, M, 2) in K, NaN where not verified.

    Parameters
    ----------
    members
        By name.
    obs
        (time, LEADS, 2) anomalies from the climatology of each split's training years.
    month
        (time,) month numbers of the last months seen.
    """

    members: dict[str, npt.NDArray[np.float32]]
    obs: npt.NDArray[np.float32]
    month: npt.NDArray[np.int64]


def hindcast(
    observed: Observed,
    system: CoupledSystem,
    splits: Sequence[Split],
    *,
    members: int,
    key: Array,
) -> Hindcasts:
    """Fit and forecast every split; climatologies, patterns and all fits see training years alone.

    Parameters
    ----------
    observed, system
        The record with its ocean, and the coupled system.
    splits
        What to verify, and what to train on.
    members, key
        Ensemble size and random key.
    """
    month = observed.month
    shape = (len(month), LEADS, members, 2)
    out = {name: np.full(shape, np.nan, np.float32) for name in VARIANTS}
    obs = np.full((len(month), LEADS, 2), np.nan, np.float32)
    at = np.minimum(np.arange(len(month))[:, None] + np.arange(1, LEADS + 1), len(month) - 1)
    ahead = np.arange(len(month))[:, None] + np.arange(1, LEADS + 1) < len(month)
    with progress_bar("coupled hindcasts", len(splits)) as advance:
        for split in splits:
            wanted = ahead & split.verifying(month)[at]
            starts = np.flatnonzero(wanted.any(1))
            drawn, targets = _one_split(observed, system, split, starts, members, key)
            starts_known = np.isfinite(targets[starts]).all(1)
            for name in VARIANTS:
                cells = wanted[starts] & np.asarray(starts_known)[:, None]
                out[name][starts] = np.where(cells[..., None, None], drawn[name], out[name][starts])
            obs = np.where(wanted[..., None], targets[at], obs).astype(np.float32)
            advance()
    return Hindcasts(out, obs, month)


def _one_split(
    observed: Observed,
    system: CoupledSystem,
    split: Split,
    starts: npt.NDArray[np.int64],
    members: int,
    key: Array,
) -> tuple[dict[str, npt.NDArray[np.float32]], npt.NDArray[np.float64]]:
    """(S, LEADS, M, 2) of every variant from some starts, and the target anomalies (time, 2)."""
    training = split.training(observed.month)
    targets = anomalies(observed.targets, observed.month, training)
    assert observed.field is not None
    field = departures(observed.field, observed.month, training)
    keys = jax.random.split(key, 5)
    drawn = {
        "surface": forecast_members(
            fit(without_ocean(observed), training), starts, members, keys[0]
        ),
        "ocean": forecast_members(fit(observed, training), starts, members, keys[0]),
    }
    model = CoupledForecast.fit(system, field, training, indices=targets)
    drawn["coupled"] = model.members(starts, members, keys[1])
    share = -(-members // len(model.models))
    for name, filtering in (
        ("filtered", partial(reanalyse, members=members, key=keys[2])),
        ("few", partial(reanalyse, members=FEW, key=keys[2])),
        ("local", partial(_reanalyse_locally, field=field, system=system, key=keys[2])),
    ):
        states = [spread_over(filtering(f).states[starts], share) for f in model.models]
        drawn[name] = model.members(starts, members, keys[1], states=states)
    for name, fit_heat in (("physics", False), ("learned", True)):
        open_model = CoupledForecast.fit(
            system, field, training, indices=targets, closed=False, fit_heat=fit_heat
        )
        drawn[name] = open_model.members(starts, members, keys[3])
    taught = [
        with_network(fitted, inner_years(training, observed.month), keys[4]).fitted
        for fitted in open_model.models
    ]
    drawn["network"] = replace(open_model, models=tuple(taught)).members(starts, members, keys[3])
    shares = np.diff(np.linspace(0, members, len(BLENDED) + 1).round().astype(int))
    parts = [spread_over(drawn[name], n, axis=2) for name, n in zip(BLENDED, shares, strict=True)]
    drawn["blend"] = np.concatenate(parts, axis=2)
    return drawn, targets


def _reanalyse_locally(
    fitted: Coupled, *, field: xr.DataArray, system: CoupledSystem, key: Array
) -> Reanalysis:
    return reanalyse_locally(fitted, local_surface(fitted, field, system.ocean), FEW, key)


def calibrated(hindcasts: Hindcasts, name: str, splits: Sequence[Split]) -> npt.NDArray[np.float32]:
    """Members of one variant, their spread matched to the errors of all other splits' years.

    With a single split there are no others, and the members stay as they are.
    """
    members = hindcasts.members[name].copy()
    centre = members.mean(2)
    size = members.shape[2]
    variance = members.var(2, ddof=1) * (1 + 1 / size)
    error = (centre - hindcasts.obs) ** 2
    at = hindcasts.month[:, None] + np.arange(1, LEADS + 1)
    for split in splits if len(splits) > 1 else ():
        own = np.isin(at // 12, split.verify)[..., None]
        others = ~own & np.isfinite(error)
        factor = np.sqrt(
            np.where(others, error, 0).sum(0) / np.where(others, variance, 0).sum(0)
        ).astype(np.float32)
        wide = centre[:, :, None] + factor[:, None] * (members - centre[:, :, None])
        members = np.where(own[..., None], wide, members)
    return members


def labelled(hindcasts: Hindcasts, *values: npt.NDArray, index: int = 0) -> list[xr.DataArray]:
    """One index of (time, LEADS, ..., 2) where observed, and last the year of each start."""
    month = hindcasts.month
    known = np.isfinite(hindcasts.obs[..., 0]).any(1)
    coords = {"start": month_start(month[known] + 1), "lead": np.arange(1, LEADS + 1)}
    out = [
        xr.DataArray(v[known][..., index], coords, ("start", "lead", "member")[: v.ndim - 1])
        for v in values
    ]
    return [*out, xr.DataArray((month[known] + 1) // 12, {"start": coords["start"]}, "start")]


def scores_by_lead(
    members: npt.NDArray[np.float32], hindcasts: Hindcasts, key: Array, resamples: int
) -> xr.Dataset:
    """Scorecard of Niño 3.4 by lead, with intervals over years."""
    forecast, obs, years = labelled(hindcasts, members, hindcasts.obs)
    return scorecard(forecast, obs, years=years, key=key, resamples=resamples)


def gain(
    hindcasts: Hindcasts, name: str, baseline: str, key: Array, resamples: int
) -> xr.DataArray:
    """How much higher one variant's correlation of Niño 3.4 is than another's, by lead."""
    both = (hindcasts.members[variant] for variant in (name, baseline))
    forecast, other, obs, years = labelled(hindcasts, *both, hindcasts.obs)
    return bootstrap(
        "acc",
        forecast,
        obs,
        dim="start",
        years=years,
        key=key,
        baseline=other,
        resamples=resamples,
    )


def dipole_scores(
    members: npt.NDArray[np.float32],
    hindcasts: Hindcasts,
    issue_month: int,
    key: Array,
    resamples: int,
) -> xr.Dataset:
    """Scores of the October–December dipole from one month of issue."""
    years, f, o = forecast_season(
        members[..., 1].mean(-1), hindcasts.obs[..., 1], hindcasts.month, issue_month, OND
    )
    coords = {"start": years}
    return scorecard(
        xr.DataArray(f, coords, "start"),
        xr.DataArray(o, coords, "start"),
        years=xr.DataArray(years, coords, "start"),
        key=key,
        resamples=resamples,
    )
