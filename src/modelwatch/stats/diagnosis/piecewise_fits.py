"""The best levels, and the best ramp, of a daily series, by least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.verdicts.day_series import DaySeries

SHORTEST_LEVEL = 2
"""Minimum days of a level: a single day is an outlier."""
SHORTEST_RAMP = 7
"""Minimum days of a ramp: a change within a week is a step."""


def level_costs(series: DaySeries) -> Floats:
    """Weighted sums of squares about the mean of positions ``[i, j)``, (n + 1, n + 1).

    Infinite if the range is shorter than a level.
    """
    y, w = series.values - series.values.mean(), series.weights
    total, first, second = (np.concatenate([[0.0], np.cumsum(x)]) for x in (w, w * y, w * y * y))
    weight = total[None, :] - total[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_part = (first[None, :] - first[:, None]) ** 2 / weight
    cost = second[None, :] - second[:, None] - mean_part
    length = np.arange(len(y) + 1)[None, :] - np.arange(len(y) + 1)[:, None]
    return np.where(length >= SHORTEST_LEVEL, np.maximum(cost, 0.0), np.inf)


def best_cuts(costs: Floats, most: int) -> list[tuple[int, ...]]:
    """For 0, 1, ... ``most`` cuts, the positions at which new levels begin; as many as fit.

    By dynamic programming (Bellman 1961; Auger and Lawrence 1989).
    """
    n = len(costs) - 1
    best = costs[0]
    back: list[AnyArray] = []
    found: list[tuple[int, ...]] = []
    for cuts in range(most + 1):
        if cuts:
            ways = best[:, None] + costs
            before = np.argmin(ways, axis=0)
            best = ways[before, np.arange(n + 1)]
            back.append(before)
        if not np.isfinite(best[n]):
            break
        at, places = n, []
        for before in reversed(back):
            at = int(before[at])
            places.append(at)
        found.append(tuple(reversed(places)))
    return found


def with_levels(series: DaySeries, cuts: AnyArray) -> tuple[Floats, Floats]:
    """Expectations (c, n) for c sets of k cuts (c, k), and their levels (c, k + 1)."""
    places = np.atleast_2d(cuts)
    n = len(series)
    ends = np.zeros((len(places), 1), dtype=np.int64)
    edges = np.concatenate([ends, places, ends + n], axis=1)
    w = series.weights
    total = np.concatenate([[0.0], np.cumsum(w)])
    first = np.concatenate([[0.0], np.cumsum(w * series.values)])
    levels = np.diff(first[edges], axis=1) / np.diff(total[edges], axis=1)
    segment = (np.arange(n)[None, :, None] >= places[:, None, :]).sum(axis=2)
    return np.take_along_axis(levels, segment, axis=1), levels


@dataclass(frozen=True)
class Ramps:
    """Ramps between pairs of knots; all (c,). A ramp is a level, followed by a line and another
    level.

    ``foot`` and ``head``: positions of the days at which the line leaves the first level and
    reaches the second. ``cost``: weighted sum of squares about it.
    """

    foot: AnyArray
    head: AnyArray
    cost: Floats

    def best_by(self, knot: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Foot and head of the best ramp for each value of a knot, ascending."""
        order = np.lexsort((self.cost, knot))
        first = order[np.unique(knot[order], return_index=True)[1]]
        return self.foot[first], self.head[first]


def ramps(series: DaySeries) -> Ramps:
    """Every ramp whose line takes at least ``SHORTEST_RAMP`` days and spans three values."""
    n = len(series)
    foot, head = np.triu_indices(n, 2)
    day = series.days.astype(np.float64)
    wide = day[head] - day[foot] >= SHORTEST_RAMP
    foot, head = foot[wide], head[wide]
    t, y, w = day - day.mean(), series.values - series.values.mean(), series.weights
    sums = {
        name: np.concatenate([[0.0], np.cumsum(x)])
        for name, x in {"1": w, "t": w * t, "tt": w * t * t, "y": w * y, "ty": w * t * y}.items()
    }

    def within(name: str) -> Floats:
        return np.asarray(sums[name][head] - sums[name][foot])

    def after(name: str) -> Floats:
        return np.asarray(sums[name][-1] - sums[name][head])

    span = t[head] - t[foot]
    # Sums of x, which rises from 0 to 1 along the ramp, with w, x, and y.
    x = (within("t") - t[foot] * within("1")) / span + after("1")
    squares = within("tt") - 2.0 * t[foot] * within("t") + t[foot] ** 2 * within("1")
    xx = squares / span**2 + after("1")
    xy = (within("ty") - t[foot] * within("y")) / span + after("y")
    whole, whole_y = sums["1"][-1], sums["y"][-1]
    explained = np.zeros(len(foot))
    spread = xx - x**2 / whole
    shared = xy - x * whole_y / whole
    np.divide(shared**2, spread, out=explained, where=spread > 1e-12 * whole)
    total = float((w * y * y).sum()) - whole_y**2 / whole
    return Ramps(foot, head, np.maximum(total - explained, 0.0))


def with_ramps(series: DaySeries, foot: AnyArray, head: AnyArray) -> tuple[Floats, Floats]:
    """Expectations (c, n) of ramps (c,), and their two levels (c, 2)."""
    day, w = series.days.astype(np.float64), series.weights
    span = (day[head] - day[foot])[:, None]
    x = np.clip((day[None, :] - day[foot][:, None]) / span, 0.0, 1.0)
    whole = w.sum()
    mean_x, mean_y = (x @ w / whole)[:, None], float(series.values @ w / whole)
    spread = ((x - mean_x) ** 2 @ w)[:, None]
    slope = ((x - mean_x) @ (w * (series.values - mean_y)))[:, None] / np.maximum(spread, 1e-300)
    start = mean_y - slope * mean_x
    return start + slope * x, np.concatenate([start, start + slope], axis=1)
