"""Two distributions over the same bars, from counts in frozen bins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.stats import value_names
from modelwatch.stats.arrays import Floats
from modelwatch.stats.instants import text_of
from modelwatch.stats.profile.metric import Unit
from modelwatch.stats.states.binning import (
    CATEGORICAL_OFFSET,
    NAN,
    NULL,
    NUMERIC_OFFSET,
    OTHER,
    UNSEEN,
)
from modelwatch.stats.value_names import value_name

BARS = 24
"""Bars of a numeric histogram."""
_MOST_VALUES = 10
"""Values with a bar of their own; the others share one."""
_TAIL = 0.003
"""Share of rows in the outermost bars on either side."""
_TINY = 1e-290
_LOGARITHMIC = 300.0
"""Ratio of the ends from which the axis of positive values is logarithmic."""
_Counts = Mapping[int, int]
"""Rows by position in a count vector."""


@dataclass(frozen=True)
class Histogram:
    """Shares of the rows with a value, by bar, in the reference and in the current window.

    ``edges``: one more than bars; the tails are counted in the outermost bars. ``logarithmic``:
    whether bars have equal width on a logarithmic axis. ``missing``: by name, the shares of null,
    NaN, and infinite rows on both sides. ``unit``: of the edges.
    """

    edges: tuple[float, ...]
    reference: tuple[float, ...]
    current: tuple[float, ...]
    logarithmic: bool
    missing: tuple[tuple[str, float, float], ...]
    rows: tuple[int, int]
    unit: Unit = "number"


@dataclass(frozen=True)
class Categories:
    """Shares of all rows by value, in the reference and in the current window, most frequent first.

    ``labels``: names as in ``value_names``. ``special``: whether each is not a value of its own:
    nulls, unseen values, or other values.
    """

    labels: tuple[str, ...]
    special: tuple[bool, ...]
    reference: tuple[float, ...]
    current: tuple[float, ...]
    rows: tuple[int, int]


def distribution(
    kind: str,
    edges: Sequence[float] | None,
    values: Sequence[str] | None,
    reference: _Counts,
    current: _Counts,
    unit: Unit = "number",
) -> Histogram | Categories | None:
    """Both sides over the same bars; None if neither has a row with a value.

    A numeric feature with few distinct values is shown by value.
    """
    if kind == "categorical":
        return categories_of(values or (), reference, current)
    if edges is None or not (reference or current):
        return None
    found = few_values_of(edges, reference, current, unit)
    return found if found is not None else histogram_of(edges, reference, current, unit)


def categories_of(values: Sequence[str], reference: _Counts, current: _Counts) -> Categories | None:
    """Shares by value, with nulls, unseen, and other values if there are any."""
    named = {CATEGORICAL_OFFSET + at: value_name(value) for at, value in enumerate(values)}
    special = {NULL: value_names.NULL, UNSEEN: value_names.UNSEEN, OTHER: value_names.OTHER}
    return _ranked(named, special, reference, current)


def few_values_of(
    edges: Sequence[float], reference: _Counts, current: _Counts, unit: Unit = "number"
) -> Categories | None:
    """The same for numbers with at most ``_MOST_VALUES`` distinct ones; None for more."""
    held = [at for at in {*reference, *current} if at >= NUMERIC_OFFSET]
    if not held or len(held) > _MOST_VALUES:
        return None
    values = {}
    for at in held:
        lower = edges[at - NUMERIC_OFFSET]
        upper = edges[at - NUMERIC_OFFSET + 1] if at - NUMERIC_OFFSET + 1 < len(edges) else math.inf
        if not (math.isfinite(lower) and upper == math.nextafter(lower, math.inf)):
            return None
        values[at] = lower
    named = {at: text_of(value, unit) or f"{value:g}" for at, value in values.items()}
    found = _ranked(named, {NULL: value_names.NULL, NAN: value_names.NAN}, reference, current)
    if found is None:
        return None
    # Numbers are sorted by value.
    value_of = {named[at]: value for at, value in values.items()}
    ordered = sorted(
        range(len(found.labels)),
        key=lambda i: (found.special[i], value_of.get(found.labels[i], 0.0)),
    )
    return Categories(
        tuple(found.labels[i] for i in ordered),
        tuple(found.special[i] for i in ordered),
        tuple(found.reference[i] for i in ordered),
        tuple(found.current[i] for i in ordered),
        found.rows,
    )


def _ranked(
    named: Mapping[int, str], special: Mapping[int, str], reference: _Counts, current: _Counts
) -> Categories | None:
    totals = (sum(reference.values()), sum(current.values()))
    if not any(totals):
        return None

    def shares(at: int) -> tuple[float, float]:
        return tuple(  # type: ignore[return-value]
            side.get(at, 0) / total if total else 0.0
            for side, total in zip((reference, current), totals, strict=True)
        )

    by_size = sorted(named, key=lambda at: (-max(shares(at)), named[at]))
    shown = [at for at in by_size[:_MOST_VALUES] if any(shares(at))]
    rest = [at for at in named if at not in set(shown)]
    rows = [(named[at], False, *shares(at)) for at in shown]
    for at, label in special.items():
        left = [at, *rest] if label == value_names.OTHER else [at]
        both = [sum(pair) for pair in zip(*(shares(one) for one in left), strict=True)]
        if any(both):
            rows.append((label, True, both[0], both[1]))
    if rest and value_names.OTHER not in special.values():
        both = [sum(pair) for pair in zip(*(shares(one) for one in rest), strict=True)]
        rows += [(value_names.OTHER, True, both[0], both[1])] if any(both) else []
    labels, marks, before, after = zip(*rows, strict=True)
    return Categories(labels, marks, before, after, totals)


def histogram_of(
    edges: Sequence[float], reference: _Counts, current: _Counts, unit: Unit = "number"
) -> Histogram | None:
    """Shares over at most ``BARS`` bars of equal width, on a linear or logarithmic axis."""
    bins = np.asarray(edges, dtype=np.float64)
    # The bin of zero ends at the next double, where a logarithmic scale cannot start.
    bins = np.where(np.abs(bins) < _TINY, 0.0, bins)
    sides = [_masses(bins, side) for side in (reference, current)]
    shares = [mass / mass.sum() if mass.sum() else mass for mass in sides]
    if not any(share.any() for share in shares):
        return None
    low, high = _range(bins, shares)
    logarithmic = unit == "number" and low > 0 and high / low > _LOGARITHMIC
    ends = np.geomspace(low, high, BARS + 1) if logarithmic else np.linspace(low, high, BARS + 1)
    bars = [_spread(bins, share, ends, logarithmic) for share in shares]
    missing = []
    for name, at in (("null", (NULL,)), ("NaN", (NAN,)), ("infinite", _infinities(bins))):
        parts = [_share_of(side, at) for side in (reference, current)]
        if any(parts):
            missing.append((name, parts[0], parts[1]))
    return Histogram(
        tuple(float(end) for end in ends),
        tuple(float(share) for share in bars[0]),
        tuple(float(share) for share in bars[1]),
        logarithmic,
        tuple(missing),
        (sum(reference.values()), sum(current.values())),
        unit,
    )


def _infinities(bins: Floats) -> tuple[int, ...]:
    """Positions of the bins of the infinities: of the first bin only if it contains one value."""
    own = bins[1] == np.nextafter(-np.inf, np.inf)
    last = NUMERIC_OFFSET + len(bins) - 1
    return (NUMERIC_OFFSET, last) if own else (last,)


def _share_of(side: _Counts, at: Sequence[int]) -> float:
    total = sum(side.values())
    return sum(side.get(position, 0) for position in at) / total if total else 0.0


def _masses(bins: Floats, side: _Counts) -> Floats:
    """Rows with a finite value, by bin."""
    mass = np.zeros(len(bins))
    beyond = _infinities(bins)
    for at, rows in side.items():
        if at >= NUMERIC_OFFSET and at not in beyond:
            mass[at - NUMERIC_OFFSET] = rows
    return mass


def _range(bins: Floats, shares: Sequence[Floats]) -> tuple[float, float]:
    """The range that contains both sides except their tails, at finite edges."""
    uppers = np.append(bins[1:], np.inf)
    lows, highs = [], []
    for share in shares:
        if share.any():
            reached = np.cumsum(share)
            lows.append(bins[np.searchsorted(reached, _TAIL, side="right")])
            at = int(np.searchsorted(reached, reached[-1] - _TAIL, side="left"))
            highs.append(uppers[min(at, len(uppers) - 1)])
    largest = np.finfo(np.float64).max
    finite = bins[np.isfinite(bins) & (np.abs(bins) < largest)]
    if not len(finite):
        return 0.0, 1.0
    low, high = min(lows), max(highs)
    low = low if np.isfinite(low) and abs(low) < largest else finite[0]
    high = high if np.isfinite(high) and abs(high) < largest else finite[-1]
    if high - low <= abs(low) * 1e-12:
        return float(low - 0.5), float(low + 0.5)
    return float(low), float(high)


def _spread(bins: Floats, share: Floats, ends: Floats, logarithmic: bool) -> Floats:
    """Shares of bins as shares of bars: evenly over the width of a bin, tails in the outermost
    bars."""
    found = np.zeros(len(ends) - 1)
    uppers = np.append(bins[1:], np.inf)
    low, high = ends[0], ends[-1]

    def place(value: float) -> float:
        value = min(max(value, low), high)
        if logarithmic:
            return float(math.log(value / low) / math.log(high / low))
        return float((value - low) / (high - low))

    for at in np.flatnonzero(share):
        first, last = place(bins[at]) * len(found), place(uppers[at]) * len(found)
        begin = min(int(first), len(found) - 1)
        if last - first < 1e-9:
            found[begin] += share[at]
            continue
        for bar in range(begin, min(math.ceil(last), len(found))):
            overlap = min(last, bar + 1) - max(first, bar)
            found[bar] += share[at] * max(overlap, 0.0) / (last - first)
    return found
