"""A synthetic climate of ten indices: a stochastic recharge oscillator and its neighbours.

Damping, seasons and couplings are those of the observed modes in round numbers; it is integrated in
steps of a tenth of a month under red noise and seen as monthly means with some error.
"""

import numpy as np
import numpy.typing as npt

YEARS = 46
NAMES = ("nino34", "wwv", "npmm", "spmm", "iob", "dmi", "siod", "tna", "atl3", "sasd")
# Per month: of each variable its own tendency, then what other modes do to it. Each as month of
# the maximum, mean, amplitude of the annual cycle.
SELF = {
    "nino34": (8.5, -0.06, 0.16), "wwv": (0, -0.03, 0.0), "npmm": (2, -0.28, 0.12),
    "spmm": (1, -0.28, 0.12), "iob": (2, -0.22, 0.12), "dmi": (8.5, -0.35, 0.12),
    "siod": (1, -0.30, 0.12), "tna": (3, -0.20, 0.12), "atl3": (5.5, -0.35, 0.12),
    "sasd": (0.5, -0.33, 0.12),
}  # fmt: skip
OTHERS = {
    ("nino34", "wwv"): (10, 0.13, 0.05), ("wwv", "nino34"): (5, -0.135, 0.03),
    ("npmm", "nino34"): (1, 0.08, 0.06), ("spmm", "nino34"): (0, 0.04, 0.04),
    ("iob", "nino34"): (1, 0.12, 0.09), ("dmi", "nino34"): (8, 0.11, 0.12),
    ("siod", "nino34"): (0, -0.05, 0.05), ("tna", "nino34"): (2, 0.09, 0.09),
    ("atl3", "nino34"): (2, -0.03, 0.05), ("sasd", "nino34"): (11, -0.04, 0.04),
    ("nino34", "npmm"): (5, 0.05, 0.04), ("nino34", "spmm"): (6, 0.03, 0.03),
    ("nino34", "iob"): (4, -0.05, 0.04), ("nino34", "dmi"): (9, -0.01, 0.04),
    ("nino34", "tna"): (6, -0.04, 0.03), ("nino34", "atl3"): (6, -0.03, 0.03),
    ("wwv", "dmi"): (10, -0.03, 0.03), ("wwv", "npmm"): (3, 0.03, 0.03),
    ("iob", "dmi"): (11, 0.05, 0.05), ("siod", "sasd"): (1, 0.05, 0.05),
}  # fmt: skip
NOISE = {
    "nino34": (6, 0.17, 0.03), "wwv": (3, 0.22, 0.02), "npmm": (2, 0.42, 0.12),
    "spmm": (1, 0.45, 0.10), "iob": (2, 0.38, 0.05), "dmi": (8.5, 0.42, 0.12),
    "siod": (1, 0.45, 0.15), "tna": (2.5, 0.38, 0.08), "atl3": (5.5, 0.45, 0.10),
    "sasd": (1, 0.48, 0.15),
}  # fmt: skip
T_SQUARED, T_H, D_SQUARED = (9, 0.022, 0.015), (9, 0.03, 0.03), (9, 0.05, 0.05)
REDNESS, CUBIC, SUBSTEPS, SPIN_UP = 0.15, 0.012, 10, 240
# Error of observation, as a share of the standard deviation.
UNSEEN = np.array([0.08, 0.12] + [0.22] * 8)


def annual_cycle(peak: float, mean: float, amplitude: float) -> npt.NDArray[np.float64]:
    """A coefficient in each calendar month: (12,)."""
    return mean + amplitude * np.cos(2 * np.pi * (np.arange(12) + 0.5 - peak) / 12)


def synthetic_indices(seed: int, years: int = YEARS) -> npt.NDArray[np.float64]:
    """(12 years, 10) monthly means of the synthetic climate; each seed has its own couplings."""
    random = np.random.default_rng(seed)
    n, at = len(NAMES), {name: i for i, name in enumerate(NAMES)}
    linear, noise = np.zeros((12, n, n)), np.zeros((12, n))
    for name in NAMES:
        linear[:, at[name], at[name]] = annual_cycle(*SELF[name])
        noise[:, at[name]] = annual_cycle(*NOISE[name])
    for (to, of), (peak, mean, amplitude) in OTHERS.items():
        enso = {to, of} == {"nino34", "wwv"}
        vary = np.ones(2) if enso else 1 + 0.35 * random.standard_normal(2)
        linear[:, at[to], at[of]] = annual_cycle(peak, mean * vary[0], amplitude * vary[1])
    squared, recharge, dipole = (annual_cycle(*c) for c in (T_SQUARED, T_H, D_SQUARED))
    t, h, d = (at[name] for name in ("nino34", "wwv", "dmi"))
    x, force, means = np.zeros(n), np.zeros(n), np.empty((12 * years, n))
    for month in range(-SPIN_UP, 12 * years):
        m, mean = month % 12, np.zeros(n)
        force = REDNESS * force + np.sqrt(1 - REDNESS**2) * random.standard_normal(n)
        for _ in range(SUBSTEPS):
            tendency = linear[m] @ x + noise[m] * force
            tendency[t] += squared[m] * x[t] ** 2 + recharge[m] * x[t] * x[h] - CUBIC * x[t] ** 3
            tendency[d] += dipole[m] * x[d] ** 2 - CUBIC * x[d] ** 3
            x = x + tendency / SUBSTEPS
            mean += x / SUBSTEPS
        if month >= 0:
            means[month] = mean
    return means + UNSEEN * means.std(0) * random.standard_normal(means.shape)
