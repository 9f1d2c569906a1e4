"""The days of a feature, and what each has in common with earlier days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats, Hashes
from modelwatch.stats.drift.comparison import Comparison
from modelwatch.stats.states.distinct import SIZE, estimate
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates

LAGS = 7
"""Days with rows before a day that are searched for the one it repeats."""
EARLIER_DAYS = LAGS + 1
"""Days with rows before a day that define usual repetition: as many pairs of days as a week has."""
FEWEST_VALUES = 10
"""Distinct values of a day below which their overlap with another day is not informative."""
_MOST_GROUPS = 20
"""Maximum quantile groups of a numeric feature whose counts are compared."""
_ROWS_OF_A_GROUP = 5
"""Minimum rows per group and day, if there are so many."""
_FEWEST_ROWS = 5.0
"""Rows of two days together below which a cell is pooled with other such cells."""


@dataclass(frozen=True)
class DayStates:
    """States of n days with rows, ascending. ``sketches``: their values by hash; None if unknown,
    as in segments."""

    states: FeatureStates
    sketches: Sequence[Hashes | None]

    def __len__(self) -> int:
        return len(self.states)


@dataclass(frozen=True)
class Neighbors:
    """What n days have in common with the days before them, (n,) each; NaN if unknown.

    ``ties`` (n, LAGS): whether a day has exactly the values of the day that many days before,
    beginning with 1. ``distance``: chi-square distance from the day before, divided by its
    ``degrees`` of freedom; about 1 for independent rows of one distribution. ``overlap``: share of
    the distinct values of a day that the day before has as well.
    ``distinct``: number of distinct values. ``values``: number of them in the sketch. ``rows`` of
    each day. ``cells`` (n, K): the counts for distances.
    """

    ties: AnyArray
    distance: Floats
    degrees: Floats
    overlap: Floats
    distinct: Floats
    values: Floats
    rows: Floats
    cells: Counts

    def __len__(self) -> int:
        return len(self.rows)


def neighbors(days: DayStates, whole: FeatureStates) -> Neighbors:
    """What each day has in common with earlier days; nothing for the first ones.

    ``whole``: a state from which the groups of a numeric feature are derived.
    """
    n = len(days)
    ties = np.zeros((n, LAGS), dtype=bool)
    for lag in range(1, min(LAGS, n - 1) + 1):
        ties[lag:, lag - 1] = _ties(days, lag)
    cells = _cells(days, whole)
    distance, degrees = _distances(cells)
    held = days.sketches
    pairs = [_overlap(held[i - 1], held[i]) if i else np.nan for i in range(n)]
    return Neighbors(
        ties,
        distance,
        degrees,
        np.array(pairs, dtype=np.float64),
        np.array([np.nan if s is None else estimate(s) for s in held], dtype=np.float64),
        np.array([np.nan if s is None else len(s) for s in held], dtype=np.float64),
        days.states.rows.astype(np.float64),
        cells,
    )


def _ties(days: DayStates, lag: int) -> AnyArray:
    """Whether each day except the first ``lag`` ones has exactly the values of the day ``lag`` days
    before."""
    states = days.states
    found = (states.counts[lag:] == states.counts[:-lag]).all(axis=1) & (states.rows[lag:] > 0)
    names = ("length_sum", "length_min", "length_max")
    if isinstance(states, NumericStates):
        names = ("sums", "minimum", "maximum")
    for name in names if found.any() else ():
        now, before = getattr(states, name)[lag:], getattr(states, name)[:-lag]
        same = (now == before) | ((now != now) & (before != before))
        found &= same if same.ndim == 1 else same.all(axis=1)
    for k in map(int, np.flatnonzero(found)):
        now, before = days.sketches[k + lag], days.sketches[k]
        if now is not None and before is not None:
            found[k] = np.array_equal(now, before)
    return np.asarray(found)


def _cells(days: DayStates, whole: FeatureStates) -> Counts:
    rows = float(np.median(days.states.rows)) if len(days) else 0.0
    groups = int(np.clip(rows / _ROWS_OF_A_GROUP, 2, _MOST_GROUPS))
    return Comparison(days.states, whole).cells(groups)[0]


def _distances(cells: Counts) -> tuple[Floats, Floats]:
    now, before = cells[1:].astype(np.float64), cells[:-1].astype(np.float64)
    few = now + before < _FEWEST_ROWS
    now, before = _pooled(now, few), _pooled(before, few)
    held = now + before
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(before.sum(axis=1) / now.sum(axis=1))[:, None]
        parts = np.where(held > 0, (now * scale - before / scale) ** 2 / held, 0.0)
        degrees = (held > 0).sum(axis=1) - 1.0
        found = np.where(degrees > 0, parts.sum(axis=1) / degrees, np.nan)
    first = np.full(min(len(cells), 1), np.nan)
    return np.append(first, found), np.append(first, degrees)


def _pooled(side: Floats, few: AnyArray) -> Floats:
    rest = np.where(few, side, 0.0).sum(axis=1, keepdims=True)
    return np.concatenate([np.where(few, 0.0, side), rest], axis=1)


def _overlap(one: Hashes | None, other: Hashes | None) -> float:
    """Share of the values of ``other`` that ``one`` has as well, whatever their numbers of rows.

    Sketches contain the smallest hashes, so the share among hashes up to the last one that both
    cover is unbiased.
    """
    if one is None or other is None or min(len(one), len(other)) < FEWEST_VALUES:
        return np.nan
    ends = [sketch[-1] for sketch in (one, other) if len(sketch) >= SIZE]
    if ends:
        one, other = one[one <= min(ends)], other[other <= min(ends)]
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / max(len(other), 1)
