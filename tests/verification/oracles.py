"""Naive scores, one pair at a time, as one would write them on a blackboard."""

import itertools
import math

import numpy as np


def crps(members, obs, fair=False):
    """Integral of (F(x) - 1[x >= obs])² by its kernel form, with double loops."""
    size = len(members)
    error = sum(abs(x - obs) for x in members) / size
    pairs = sum(abs(x - y) for x in members for y in members)
    return error - pairs / (2 * size * (size - 1 if fair else size))


def crps_by_integral(members, obs):
    """The definition: the step functions integrated between their jumps."""
    points = sorted([*members, obs])
    total = 0.0
    for a, b in itertools.pairwise(points):
        below = sum(x <= a for x in members) / len(members)
        total += (b - a) * (below - (obs <= a)) ** 2
    return total


def rps(members, obs, edges, fair=False):
    size, total = len(members), 0.0
    for edge in edges:
        hits = sum(x <= edge for x in members)
        total += (hits / size - (obs <= edge)) ** 2
        if fair:
            total -= hits * (size - hits) / (size**2 * (size - 1))
    return total


def rps_climatology(obs, edges):
    total = 0.0
    for number, edge in enumerate(edges, start=1):
        total += (number / (len(edges) + 1) - (obs <= edge)) ** 2
    return total


def pearson(f, o):
    f_mean, o_mean = sum(f) / len(f), sum(o) / len(o)
    top = sum((a - f_mean) * (b - o_mean) for a, b in zip(f, o, strict=True))
    bottom = sum((a - f_mean) ** 2 for a in f) * sum((b - o_mean) ** 2 for b in o)
    return top / math.sqrt(bottom)


def complete_pairs(hindcast, lead):
    """(members, observation, edges) of every pair of one lead with nothing missing."""
    pairs = []
    for start in range(hindcast.obs.sizes["start"]):
        members = hindcast.fcst.values[start, lead].tolist()
        obs = float(hindcast.obs.values[start, lead])
        if not np.isnan([*members, obs]).any():
            pairs.append((members, obs, hindcast.edges.values[start, lead].tolist()))
    return pairs


def all_scores(pairs):
    """Every score of the room by its name."""
    count = len(pairs)
    f = [sum(m) / len(m) for m, _, _ in pairs]
    o = [obs for _, obs, _ in pairs]
    mse = sum((a - b) ** 2 for a, b in zip(f, o, strict=True)) / count
    size = len(pairs[0][0])
    variance = sum(
        sum((x - a) ** 2 for x in m) / (size - 1) for a, (m, _, _) in zip(f, pairs, strict=True)
    )
    mean = lambda values: sum(values) / count
    climate = mean([rps_climatology(obs, e) for _, obs, e in pairs])
    ranked = mean([rps(*p) for p in pairs])
    ranked_fair = mean([rps(*p, fair=True) for p in pairs])
    return {
        "acc": pearson(f, o),
        "rmse": math.sqrt(mse),
        "mae": mean([abs(a - b) for a, b in zip(f, o, strict=True)]),
        "bias": mean([a - b for a, b in zip(f, o, strict=True)]),
        "crps": mean([crps(m, obs) for m, obs, _ in pairs]),
        "crps_fair": mean([crps(m, obs, fair=True) for m, obs, _ in pairs]),
        "rps": ranked,
        "rps_fair": ranked_fair,
        "rpss": 1 - ranked / climate,
        "rpss_fair": 1 - ranked_fair / climate,
        "spread_error": math.sqrt((size + 1) / size * variance / count / mse),
    }
