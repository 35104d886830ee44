"""Ensemble hindcasts of the recharge oscillator, side by side with XRO.

Ten **synthetic** indices come from :mod:`benchmarks.synthetic`; neither model is its exact form.

Speed is measured twice: the peer's `reforecast` as documented (ten steps a month, red noise) beside
our oscillator; and the peer with one step a month and white noise beside our oscillator with the
peer's own fitted coefficients, where means and spreads must agree to sampling error. Skill is the
correlation of Niño 3.4 in blocks of five years, each withheld with a year on both sides.

    python -m benchmarks.recharge --starts 540 --records 6
"""

import argparse
import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import xarray as xr

from benchmarks.synthetic import NAMES, YEARS, synthetic_indices
from benchmarks.table import Cost, Row, in_own_process, measured, peer, show
from shiome.data.anomalies import anomalies
from shiome.data.splits import blocked
from shiome.grids import month_range
from shiome.simulation import ensemble, trajectory
from shiome.simulation.empirical import RechargeOscillator
from shiome.simulation.empirical.recharge import harmonics

LEADS, MEMBERS, FIRST_YEAR = 12, 108, 1979
SHOWN = np.array([1, 3, 6, 9, 12])
PEER_NAMES = ("Nino34", "WWV", "NPMM", "SPMM", "IOB", "IOD", "SIOD", "TNA", "ATL3", "SASD")


def as_dataset(values: npt.NDArray) -> xr.Dataset:
    time = month_range(12 * FIRST_YEAR, len(values))
    return xr.Dataset({k: ("time", values[:, i]) for i, k in enumerate(PEER_NAMES)}, {"time": time})


def fitted_peer(values: npt.NDArray) -> tuple:
    """The peer's model and its fit as its documentation shows it; NaN months are left out."""
    warnings.simplefilter("ignore")
    from XRO import XRO

    model = XRO(ncycle=12, ac_order=2, is_forward=True)
    fit = model.fit_matrix(as_dataset(values), maskb=["IOD"], maskNT=["T2", "TH"])
    return model, fit


def with_peer(values: npt.NDArray, starts: int, same: bool) -> tuple[Cost, npt.NDArray]:
    """Cost, and mean and standard deviation (2, starts, LEADS, 10) of the peer's ensembles."""
    model, fit = fitted_peer(values)
    start = as_dataset(values[:starts])
    how = {"nstep": 1, "noise_type": "white"} if same else {}
    with measured() as cost:
        out = model.reforecast(fit, start, n_month=LEADS, ncopy=MEMBERS, seed=None, **how)
    members = out.to_array().transpose("init", "lead", "variable", "member").values[:, 1:]
    return cost, np.stack([members.mean(-1), members.std(-1, ddof=1)])


def peers_oscillator(values: npt.NDArray) -> RechargeOscillator:
    """Our oscillator with the peer's coefficients (per year at the start of a month)."""
    _, fit = fitted_peer(values)
    own = RechargeOscillator.fit(
        values, np.arange(len(values)), np.ones(len(values), bool), names=NAMES
    )
    waves = np.linalg.pinv(harmonics(own.order))
    linear = np.einsum("hm,ijm->ijh", waves, fit["Lac"].values / 12)
    quadratic = np.zeros(own.quadratic.shape)
    enso, dipole = fit["NROT_Lac"].values / 12, fit["NLb_Lac"].values / 12
    t, h, d = (NAMES.index(name) for name in ("nino34", "wwv", "dmi"))
    for row, pair, monthly in ((t, (t, t), enso[0]), (t, (t, h), enso[1]), (d, (d, d), dipole[d])):
        quadratic[row, own.products.index(pair)] = waves @ monthly
    noise = np.stack([np.diag(column) for column in fit["xi_stdac"].values.T / 12])
    return eqx.tree_at(
        lambda m: (m.linear, m.quadratic, m.noise),
        own,
        tuple(jnp.asarray(v, jnp.float32) for v in (linear, quadratic, noise)),
    )


@eqx.filter_jit(compiler_options={"xla_backend_optimization_level": 1})
def hindcast(model, states, month, key, members):
    """(starts, LEADS, 10, 2): mean and standard deviation over the members."""

    def one(state, month):
        many = jnp.tile(state, (members, 1))
        path = ensemble(model, many, month, LEADS, jax.random.fold_in(key, month))
        return jnp.stack([path.mean(0), path.std(0, ddof=1)])

    return jax.vmap(one)(states, month)


def with_shiome(values: npt.NDArray, starts: int, same: bool) -> tuple[Cost, Cost, npt.NDArray]:
    """Costs of the first call, which compiles, and of the next; mean and standard deviation."""
    month = np.arange(len(values)) + 12 * FIRST_YEAR
    if same:
        model, x = peers_oscillator(values), values
    else:
        x = values / values.std(0)
        model = RechargeOscillator.fit(x, month, np.ones(len(x), bool), names=NAMES)
    states = jnp.asarray(x[:starts], jnp.float32)
    months, key = jnp.asarray(month[:starts], jnp.int32), jax.random.key(0)
    with measured() as first:
        jax.block_until_ready(hindcast(model, states, months, key, MEMBERS))
    with measured() as again:
        out = jax.block_until_ready(hindcast(model, states, months, key, MEMBERS))
    return first, again, np.moveaxis(np.asarray(out), 1, 0)


def skill(seed: int) -> tuple[Cost, Cost, dict[str, npt.NDArray]]:
    """Correlation of Niño 3.4 at each lead, out of sample, of the peer and of our forms."""
    values = synthetic_indices(seed)
    month = np.arange(len(values)) + 12 * FIRST_YEAR
    target = np.arange(len(values))[:, None] + np.arange(1, LEADS + 1)
    at = np.minimum(target, len(values) - 1)
    obs = np.full(at.shape, np.nan)
    forecasts = {name: obs.copy() for name in ("peer", "linear", "nonlinear")}
    ours, theirs = Cost(0.0, 0.0), Cost(0.0, 0.0)
    for split in blocked(np.unique(month // 12)):
        training = split.training(month)
        anomaly = np.stack([anomalies(v, month, training) for v in values.T], axis=1)
        wanted = (target < len(values)) & split.verifying(month)[at]
        starts = np.flatnonzero(wanted.any(1))
        obs[wanted] = anomaly[at, 0][wanted]
        with measured() as cost:
            made = _peer_means(anomaly, training, starts)
        _keep(forecasts["peer"], made, starts, wanted)
        _add(theirs, cost)
        with measured() as cost:
            for form in ("linear", "nonlinear"):
                made = _own_means(anomaly, month, training, starts, form == "nonlinear")
                _keep(forecasts[form], made, starts, wanted)
        _add(ours, cost)
    forecasts["mean of both"] = (forecasts["linear"] + forecasts["nonlinear"]) / 2
    return ours, theirs, {name: _correlation(f, obs) for name, f in forecasts.items()}


def _peer_means(anomaly: npt.NDArray, training: npt.NDArray, starts: npt.NDArray) -> npt.NDArray:
    model, fit = fitted_peer(np.where(training[:, None], anomaly, np.nan))
    init = as_dataset(anomaly).isel(time=starts)
    out = model.reforecast(fit, init, n_month=LEADS, noise_type="zero")
    return out["Nino34"].transpose("init", "lead").values[:, 1:]


def _own_means(
    anomaly: npt.NDArray,
    month: npt.NDArray,
    training: npt.NDArray,
    starts: npt.NDArray,
    nonlinear: bool,
) -> npt.NDArray:
    scale = anomaly[training].std(0)
    state = anomaly / scale
    model = RechargeOscillator.fit(state, month, training, names=NAMES, nonlinear=nonlinear)
    path = _quiet(
        model.with_noise(0.0), jnp.asarray(state[starts], jnp.float32), jnp.asarray(month[starts])
    )
    return np.asarray(path)[:, :, 0] * scale[0]


@eqx.filter_jit
def _quiet(model, states, month):
    key = jax.random.key(0)
    return jax.vmap(lambda x, t: trajectory(model, x, t, LEADS, key))(states, month)


def _keep(forecast: npt.NDArray, made: npt.NDArray, starts: npt.NDArray, wanted: npt.NDArray):
    whole = np.zeros_like(forecast)
    whole[starts] = made
    forecast[wanted] = whole[wanted]


def _add(total: Cost, cost: Cost) -> None:
    total.seconds += cost.seconds
    total.cpu_seconds += cost.cpu_seconds


def _correlation(forecast: npt.NDArray, obs: npt.NDArray) -> npt.NDArray:
    known = np.isfinite(obs)
    return np.array([np.corrcoef(forecast[k, i], obs[k, i])[0, 1] for i, k in enumerate(known.T)])


def main(starts: int = 540, records: int = 1) -> list[Row]:
    """Measure both.

    Parameters
    ----------
    starts
        Number of forecast starts, one a month.
    records
        Synthetic records of 46 years for the comparison of skill.
    """
    name, values = peer("xro"), synthetic_indices(0)
    values = anomalies(values, np.arange(len(values)), np.ones(len(values), bool))
    size = f"{starts} starts × {LEADS} leads × {MEMBERS} members, 10 indices (synthetic)"
    rows = []
    for same in (False, True):
        first, ours, own = in_own_process(with_shiome, values, starts, same)
        theirs, other = in_own_process(with_peer, values, starts, same)
        note = f"compilation included {first.seconds:.2f} s, ratio "
        note += f"{theirs.seconds / first.seconds:.0f}"
        if same:
            z = (own[0] - other[0]) / np.sqrt((own[1] ** 2 + other[1] ** 2) / MEMBERS)
            note += (
                f"; difference of the means {z.std():.2f} standard errors (expected 1), of the "
                f"spreads {100 * (own[1].mean() / other[1].mean() - 1):+.1f} %"
            )
        what = "hindcast, equal equations" if same else "hindcast, as documented"
        rows.append(Row(what, size, ours, name, theirs, note))
    ours, theirs, scores = Cost(0.0, 0.0), Cost(0.0, 0.0), []
    for seed in range(records):
        one, other_cost, score = in_own_process(skill, seed)
        _add(ours, one)
        _add(theirs, other_cost)
        scores.append(score)
    note = f"Niño 3.4 correlation at leads {', '.join(map(str, SHOWN))}: " + "; ".join(
        f"{form} " + " ".join(f"{np.mean([s[form][m - 1] for s in scores]):.3f}" for m in SHOWN)
        for form in scores[0]
    )
    size = f"{records} × {YEARS} years, 9 fits, 10 indices (synthetic)"
    rows.append(Row("fit and forecast withheld years", size, ours, name, theirs, note))
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=540)
    parser.add_argument("--records", type=int, default=1)
    options = parser.parse_args()
    show(main(options.starts, options.records))
