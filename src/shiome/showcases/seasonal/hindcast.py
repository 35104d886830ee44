"""Cross-validated hindcasts: every start month, forecast by a system that has not seen the target.

Each forecast is calibrated by lead with hindcasts made inside its own training years (blocks
withheld within blocks), so that neither skill nor spread has seen the years it is judged on.
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import jax
import numpy as np
import numpy.typing as npt

from shiome.core.errors import DataError
from shiome.core.progress import progress_bar
from shiome.core.schedule import map_tasks
from shiome.core.threads import side_by_side
from shiome.data.anomalies import tercile_edges
from shiome.data.splits import Split
from shiome.showcases.seasonal.field_sums import FieldSums, field_sums
from shiome.showcases.seasonal.inputs import Observed, can_fit
from shiome.showcases.seasonal.members import (
    climatology_members,
    forecast_members,
    persistence,
)
from shiome.showcases.seasonal.system import LEADS, fit

Years = tuple[int, ...]


@dataclass(frozen=True)
class Hindcast:
    """Forecasts of one split, for every start month whose targets it verifies.

    Cells whose target month the split does not verify are NaN.

    Parameters
    ----------
    members
        (time, LEADS, M, 2) target indices in K; ``time`` is the last month seen.
    obs
        (time, LEADS, 2) what was observed, as anomaly from the same training climatology.
    edges
        (time, LEADS, 2, 2) lower and upper tercile of the target month; last axis the index.
    baseline
        (time, LEADS, 2) damped persistence.
    climatology
        (time, LEADS, M, 2) climatological ensemble.
    parts
        (time, LEADS, kind, 2) mean of the members of each kind of model, before calibration.
    kinds
        Names of the kinds.
    field
        Sums over the field forecasts; None where none were asked for.
    """

    members: npt.NDArray[np.float32]
    obs: npt.NDArray[np.float32]
    edges: npt.NDArray[np.float32]
    baseline: npt.NDArray[np.float32]
    climatology: npt.NDArray[np.float32]
    parts: npt.NDArray[np.float32]
    kinds: tuple[str, ...]
    field: FieldSums | None = None

    def of_kind(self, kind: str) -> "Hindcast":
        """The mean forecast of one kind of model, as an ensemble of one."""
        return replace(self, members=self.parts[:, :, [self.kinds.index(kind)]])

    def restricted(self, month: npt.NDArray[np.int64], split: Split) -> "Hindcast":
        """Only the cells whose target lies in the split's verified years; the rest NaN."""
        at = np.minimum(np.arange(len(month))[:, None] + np.arange(1, LEADS + 1), len(month) - 1)
        keep = split.verifying(month)[at]

        def kept(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            return np.where(keep.reshape(*keep.shape, *[1] * (values.ndim - 2)), values, np.nan)

        return replace(
            self,
            members=kept(self.members),
            obs=kept(self.obs),
            edges=kept(self.edges),
            baseline=kept(self.baseline),
            climatology=kept(self.climatology),
            parts=kept(self.parts),
        )


@dataclass(frozen=True)
class Task:
    """One fit and the forecasts that are verified with it.

    Parameters
    ----------
    observed
        The record.
    split
        Training and verified years.
    members
        Ensemble size.
    seed
        Seed of the draws.
    field_years
        Years in which the field is verified too; none by default.
    """

    observed: Observed
    split: Split
    members: int
    seed: int
    field_years: tuple[int, ...] = ()


def run_task(task: Task) -> Hindcast:
    """Fit on the split's training years and forecast every start whose targets it verifies."""
    month, split = task.observed.month, task.split
    training = split.training(month)
    system = fit(task.observed, training, task.seed)
    target = np.arange(len(month))[:, None] + np.arange(1, LEADS + 1)
    at = np.minimum(target, len(month) - 1)
    wanted = (target < len(month)) & split.verifying(month)[at]
    starts = np.flatnonzero(wanted.any(1))
    members = np.full((*at.shape, task.members, 2), np.nan, np.float32)
    climatology = np.full_like(members, np.nan)
    baseline = np.full((*at.shape, 2), np.nan, np.float32)
    parts = np.full((*at.shape, len(system.kinds), 2), np.nan, np.float32)
    sums = None
    if len(starts):
        key = jax.random.key(task.seed)
        members[starts] = drawn = forecast_members(system, starts, task.members, key)
        parts[starts] = np.stack([part.mean(2) for part in system.by_kind(drawn)], axis=2)
        climatology[starts] = climatology_members(system, starts, task.members, key)
        baseline[starts] = persistence(system.baseline, system.targets, month, starts)
        fields = wanted & np.isin(month[at] // 12, task.field_years)
        if fields.any():
            sums = field_sums(system, starts, at[starts], fields[starts])
    for values in (members, climatology, baseline, parts):
        values[~wanted] = np.nan
    obs = np.where(wanted[..., None], system.targets[at], np.nan).astype(np.float32)
    edges = tercile_edges(system.targets, month, training)[month[at] % 12].astype(np.float32)
    return Hindcast(members, obs, edges, baseline, climatology, parts, system.kinds, sums)


def merge(parts: Sequence[Hindcast]) -> Hindcast:
    """Put the splits of one scheme together; each (start, lead) cell has at most one forecast."""

    def filled(name: str) -> npt.NDArray[np.float32]:
        first, *rest = (getattr(part, name) for part in parts)
        merged = first.copy()
        for part, values in zip(parts[1:], rest, strict=True):
            own = np.isfinite(part.obs[..., 0])
            merged[own] = values[own]
        return merged

    fields = [part.field for part in parts if part.field is not None]
    return Hindcast(
        filled("members"),
        filled("obs"),
        filled("edges"),
        filled("baseline"),
        filled("climatology"),
        filled("parts"),
        parts[0].kinds,
        reduce(operator.add, fields) if fields else None,
    )


@dataclass(frozen=True)
class Calibration:
    """Factor on the ensemble's departures from its mean, by lead and index.

    Parameters
    ----------
    spread
        (LEADS, 2).
    """

    spread: npt.NDArray[np.float64]

    @classmethod
    def fit(cls, hindcast: Hindcast) -> "Calibration":
        """Match the variance to the mean square error of the ensemble mean (Fortin et al. 2014)."""
        centre = hindcast.members.mean(2)
        size = hindcast.members.shape[2]
        variance = hindcast.members.var(2, ddof=1) * (1 + 1 / size)
        error = np.nanmean((hindcast.obs - centre) ** 2, axis=0)
        return cls(np.sqrt(error / np.nanmean(variance, axis=0)))

    def apply(self, members: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Calibrate members of shape (..., LEADS, M, 2)."""
        centre = members.mean(-2, keepdims=True)
        return (centre + self.spread[:, None, :] * (members - centre)).astype(np.float32)


def inner_splits(observed: Observed, outer: Split, blocks: Sequence[Split]) -> list[Split]:
    """Blocks inside a split's training years, each fitted on the years both may train on.

    A block without which the simulated ocean could not be fitted is left out.
    """
    inside = [block for block in blocks if set(block.verify) <= set(outer.train)]
    splits = [block.within(outer) for block in inside]
    return [split for split in splits if can_fit(observed, split)]


@dataclass(frozen=True)
class Scheme:
    """A way of verifying: its splits, and whether the field is verified too."""

    splits: tuple[Split, ...]
    with_field: bool = False


def run_raw(
    observed: Observed,
    splits: Sequence[Split],
    *,
    members: int,
    seed: int,
    scheduler: str | None = None,
) -> Hindcast:
    """Hindcast without calibration: for the scores of the ensemble mean alone."""
    tasks = [Task(observed, split, members, seed) for split in splits]
    return merge(_run_all(tasks, "comparison", scheduler))


def _run_all(tasks: Sequence[Task], label: str, scheduler: str | None) -> list[Hindcast]:
    """Run tasks on a cluster, or here: the first alone, which compiles for all, then in pairs."""
    if scheduler is not None:
        return map_tasks(run_task, tasks, label=label, scheduler=scheduler)
    with progress_bar(label, len(tasks)) as advance:

        def one(task: Task) -> Hindcast:
            done = run_task(task)
            advance()
            return done

        return [*map(one, tasks[:1]), *side_by_side(one, tasks[1:])]


@dataclass(frozen=True)
class Verified:
    """A calibrated hindcast, and the calibration of each split, in the order of the splits."""

    hindcast: Hindcast
    calibrations: tuple[Calibration, ...]


def run_schemes(
    observed: Observed,
    schemes: dict[str, Scheme],
    blocks: Sequence[Split],
    *,
    members: int,
    seed: int,
    scheduler: str | None = None,
) -> dict[str, Verified]:
    """Hindcast every scheme, calibrated inside the training years of each of its splits.

    Parameters
    ----------
    observed, members, seed
        The record, the ensemble size and the seed of the draws.
    schemes
        What to verify, by name.
    blocks
        Blocks that are withheld inside the training years to calibrate.
    scheduler
        As in :func:`shiome.core.schedule.map_tasks`.

    Raises
    ------
    DataError
        If a split's training years hold no block to calibrate with.
    """
    # Before the long work: it needs a block to calibrate each split with.
    inner = {
        split: _calibrating(observed, split, blocks)
        for scheme in schemes.values()
        for split in scheme.splits
    }
    # Withholding g inside f and f inside g leaves the same training years: each set of training
    # years is fitted once and forecasts the years of all who share it.
    verify: dict[Years, set[int]] = {}
    for split, parts in inner.items():
        for part in (split, *parts) if split.verify else parts:
            verify.setdefault(part.train, set()).update(part.verify)
    field_years = {
        split.train: split.verify
        for scheme in schemes.values()
        if scheme.with_field
        for split in scheme.splits
    }
    tasks = [
        Task(
            observed,
            Split("shared", tuple(sorted(years)), train),
            members,
            seed,
            field_years.get(train, ()),
        )
        for train, years in verify.items()
    ]
    done = _run_all(tasks, "hindcasts", scheduler)
    pool = dict(zip(verify, done, strict=True))

    def result(split: Split) -> Hindcast:
        # A split that verifies nothing keeps nothing, whichever forecasts it is cut from.
        return pool.get(split.train, done[0]).restricted(observed.month, split)

    verified = {}
    for name, scheme in schemes.items():
        calibrations = [
            Calibration.fit(merge([result(part) for part in inner[split]]))
            for split in scheme.splits
        ]
        raw = [result(split) for split in scheme.splits]
        calibrated = [
            replace(own, members=calibration.apply(own.members))
            for own, calibration in zip(raw, calibrations, strict=True)
        ]
        verified[name] = Verified(merge(calibrated), tuple(calibrations))
    return verified


def _calibrating(observed: Observed, split: Split, blocks: Sequence[Split]) -> list[Split]:
    """The inner splits of one split; an error where there are none."""
    inside = inner_splits(observed, split, blocks)
    if not inside:
        raise DataError(
            f"the training years of the split {split.name!r} hold no complete block to calibrate "
            "with; expected a longer record or a smaller --block-years."
        )
    return inside
