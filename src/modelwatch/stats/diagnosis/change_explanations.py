"""What happened to some of the rows of a feature, derived from its bins before and after.

A fault affects a share of the rows: they lose their value, get one value, are multiplied, shifted,
or get the values of another feature. Each result is a mixture of the bins before and after the
fault. The best share is found by search, and the remaining difference shows how well the fault
explains the change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.shares import DESIGN_EFFECT_OF_BINS, summed_by, total_variation
from modelwatch.stats.states.binning import (
    CATEGORICAL_OFFSET,
    NAN,
    NULL,
    NUMERIC_OFFSET,
    NumericBinning,
)
from modelwatch.stats.states.categorical import CategoricalStates
from modelwatch.stats.states.leave_out import FeatureStates
from modelwatch.stats.states.numeric import NumericStates

UNITS = (1.8, 1 / 1.8, 2.54, 3.28084, 0.3048, 1.609344, 0.621371, 0.453592, 2.204623, 12.0, 60.0)
"""Factors between units that are often confused."""
_POWERS = (0.001, 0.01, 0.1, 10.0, 100.0, 1000.0, 1 / 60.0, 3600.0, 0.5, 2.0)
DECIMAL = (10.0, 100.0, 1000.0, 0.1, 0.01, 0.001)
"""Factors from a lost or misread decimal sign."""
FEWEST_FAR = 20.0
"""Minimum rows beyond the earlier range for their shape to be informative."""
_FACTORS = np.unique(np.concatenate([UNITS, _POWERS, np.exp(np.linspace(-2.5, 2.5, 101))]))
_SHIFTS = np.linspace(-4.0, 4.0, 81)
"""In standard deviations of the earlier rows."""
_SHARES = np.linspace(0.0, 1.0, 51)
SHARE_PER_GROUP = 0.025
"""Share of the rows of both sides per group of bins."""
_LEAST_CHANGE = 0.01
_AS_GOOD = 0.03
"""Fraction of a change within which its explanations are equivalent."""
_SURE = 2.0
"""Standard errors by which the rows of a value must have fallen to indicate a change."""


@dataclass(frozen=True)
class Explanation:
    """A fault that may have affected some rows.

    ``explained``: the part of the change of the bins that it explains, 0 to 1, corrected for
    chance. ``share`` of the rows that it affected. ``value``: the bin's lower edge, the factor, or
    the shift.
    """

    explained: float
    share: float
    value: float = np.nan


_NOTHING = Explanation(0.0, 0.0)


def nulls(before: FeatureStates, now: FeatureStates) -> Explanation:
    """Rows that lost their value, including NaN for a numeric feature."""
    p, q = _shares(before), _shares(now)
    at = [NULL, NAN] if isinstance(before, NumericStates) else [NULL]
    lost = (q[at].sum() - p[at].sum()) / max(1.0 - p[at].sum(), 1e-9)
    if lost <= 0:
        return _NOTHING
    rest_before, rest_now = np.delete(p, at), np.delete(q, at)
    held = min(rest_before.sum(), rest_now.sum())
    if held <= 0:
        return Explanation(1.0, 1.0)
    sampling_distance = _sampling_distance(rest_before, before, now)
    left = total_variation(rest_before / rest_before.sum(), rest_now / rest_now.sum())
    left = max(left - sampling_distance, 0.0) * (1.0 - lost)
    return Explanation(float(lost / (lost + left)), float(lost))


def one_value(before: FeatureStates, now: FeatureStates) -> tuple[Explanation, int]:
    """Rows that got one value, and its position among the bins or the kept values.

    For a numeric feature, a bin; its lower edge is the value if the bin contains only one.
    """
    first = NUMERIC_OFFSET if isinstance(before, NumericStates) else 1
    p, q = _values(_shares(before), first), _values(_shares(now), first)
    if not p.any() or not q.any():
        return _NOTHING, -1
    at = int(np.argmax(q - p))
    gained = (q[at] - p[at]) / max(1.0 - p[at], 1e-9)
    if gained <= 0:
        return _NOTHING, -1
    left = total_variation(_without(p, at), _without(q, at)) if q[at] < 1.0 else 0.0
    left = max(left - _sampling_distance(p, before, now), 0.0) * (1.0 - gained)
    value = np.nan
    if isinstance(before, NumericStates) and isinstance(now, NumericStates):
        value = float(before.binning.edges[at])
        least = float(now.minimum[0])
        greatest = float(now.maximum[0])
        # The minimum or maximum shows which value of a bin with several values occurs.
        for extreme in (least, greatest):
            if np.isfinite(extreme) and before.binning.bin_of(extreme) == at:
                value = extreme
    return Explanation(float(gained / (gained + left)), float(gained), value), at


def lone_value(before: NumericStates, now: NumericStates) -> Explanation | None:
    """The farthest value beyond the earlier range, if it is isolated; None if there is none.

    ``explained``: its share of the rows beyond the earlier range, on that side.
    """
    was, held = before.quantities[0] > 0, now.quantities[0]
    usual = np.flatnonzero(was)
    if not len(usual):
        return None
    found = []
    sides = (
        (held[: usual[0]], float(now.minimum[0]), 0),
        (held[usual[-1] + 1 :][::-1], float(now.maximum[0]), len(held) - 1),
    )
    for beyond, extreme, end in sides:
        first = int(np.argmax(beyond > 0)) if beyond.any() else len(beyond)
        # A shifted distribution has values next to the end; a code does not.
        if first + 1 >= len(beyond) or beyond[first + 1] > 0:
            continue
        at = abs(end - first)
        if np.isfinite(extreme) and before.binning.bin_of(extreme) == at:
            rows = float(beyond[first])
            found.append(Explanation(rows / float(beyond.sum()), rows / _rows(now.rows), extreme))
    return max(found, key=lambda one: one.share, default=None)


def multiplied(before: NumericStates, now: NumericStates) -> Explanation:
    """Rows that were multiplied by one factor other than 1; none for values that are kept as
    distances from an offset."""
    if before.binning.offset:
        return _NOTHING
    factors = _FACTORS[np.abs(np.log(_FACTORS)) > np.log(1.15)]
    found = _best(before, now, ((f, mass_of(before, before.binning, f, 0.0)) for f in factors))
    if not np.isfinite(found.value):
        return _NOTHING
    close = found.value * np.exp(np.linspace(-0.05, 0.05, 11))
    exact = [unit for unit in (*UNITS, *_POWERS) if abs(np.log(unit / found.value)) < 0.05]
    finer = np.concatenate([close, exact])
    finer = finer[np.abs(np.log(finer)) > np.log(1.15)]
    best = _best(before, now, ((f, mass_of(before, before.binning, f, 0.0)) for f in finer))
    powers = [f for f in exact if f in DECIMAL]
    decimal = _best(before, now, ((f, mass_of(before, before.binning, f, 0.0)) for f in powers))
    # Among factors that explain the change equally well, a power of ten is preferred.
    return decimal if decimal.explained >= best.explained - _AS_GOOD else best


def far_multiplied(before: NumericStates, now: NumericStates) -> Explanation:
    """Few rows that were multiplied by a power of ten, derived from those beyond the earlier range.

    ``explained``: the part of the shape of those rows that it explains, corrected for chance.
    """
    if before.binning.offset:
        return _NOTHING
    rows, low, high = _rows(now.rows), float(before.least[0]), float(before.greatest[0])
    edges, upper = before.binning.edges, before.binning.upper_edges
    best = _NOTHING
    for factor in DECIMAL:
        beyond = edges >= high if factor > 1.0 else upper <= low
        held = np.where(beyond, now.quantities[0], 0).astype(np.float64)
        mass = np.where(beyond, mass_of(before, before.binning, factor, 0.0)[NUMERIC_OFFSET:], 0.0)
        if held.sum() < FEWEST_FAR or mass.sum() < _LEAST_CHANGE:
            continue
        share = held.sum() / rows / mass.sum()
        if share > 1.0:
            continue
        expected = mass / mass.sum()
        sampling_distance = float(
            np.sqrt(2.0 * expected * (1.0 - expected) / np.pi / held.sum()).sum() / 2.0
        )
        left = max(total_variation(held / held.sum(), expected) - sampling_distance, 0.0)
        if 1.0 - left > best.explained:
            best = Explanation(1.0 - left, float(share), factor)
    return best


def mirrored(before: NumericStates, now: NumericStates) -> Explanation:
    """Rows that changed their sign; none for values that are kept as distances from an offset."""
    if before.binning.offset:
        return _NOTHING
    return _best(before, now, [(-1.0, _mirrored_mass(before, before.binning))])


def moved(before: NumericStates, now: NumericStates) -> Explanation:
    """Rows that were shifted by one amount, in standard deviations of the earlier rows."""
    sd = float(before.moments.sd[0])
    if not np.isfinite(sd) or sd <= 0:
        return _NOTHING
    shifts = _SHIFTS[np.abs(_SHIFTS) > 1e-9]
    masses = ((d, mass_of(before, before.binning, 1.0, d * sd)) for d in shifts)
    return _best(before, now, masses, whole=True)


def exchanged(
    before: FeatureStates, now: FeatureStates, other_before: FeatureStates
) -> Explanation:
    """Rows that got the earlier values of another feature."""
    if isinstance(before, NumericStates) and isinstance(other_before, NumericStates):
        apart = float(other_before.binning.offset - before.binning.offset)
        return _best(before, now, [(0.0, mass_of(other_before, before.binning, 1.0, apart))])
    if isinstance(before, CategoricalStates) and isinstance(other_before, CategoricalStates):
        return _best(before, now, [(0.0, _shares_at_values(other_before, before))])
    return _NOTHING


def codes_exchanged(
    before: CategoricalStates, now: CategoricalStates
) -> tuple[Explanation, int, int]:
    """Two kept values that swapped their rows, and their positions; the best of all pairs.

    ``share``: difference between their earlier shares.
    """
    p, q = _shares(before)[CATEGORICAL_OFFSET:], _shares(now)[CATEGORICAL_OFFSET:]
    if len(p) < 2:
        return _NOTHING, -1, -1
    first, second = int(np.argmax(p - q)), int(np.argmax(q - p))
    sampling_distance = _sampling_distance(p, before, now)
    change = total_variation(p, q) - sampling_distance
    if first == second or change < _LEAST_CHANGE:
        return _NOTHING, -1, -1
    exchange = p.copy()
    exchange[[first, second]] = p[[second, first]]
    left = max(total_variation(exchange, q) - sampling_distance, 0.0)
    explained = float(np.clip(1.0 - left / change, 0.0, 1.0))
    return Explanation(explained, abs(float(p[first] - p[second]))), first, second


def _mirrored_mass(states: NumericStates, binning: NumericBinning) -> Floats:
    """Shares as in ``mass_of``, for ``-x`` and the rows of one state."""
    counts = states.counts[0].astype(np.float64)
    total = max(counts.sum(), 1.0)
    low, high = float(states.minimum[0]), float(states.maximum[0])
    mass = np.zeros(binning.length)
    mass[:NUMERIC_OFFSET] = counts[:NUMERIC_OFFSET]
    bins = counts[NUMERIC_OFFSET:]
    mass[NUMERIC_OFFSET], mass[-1] = bins[-1], bins[0]
    inner = bins[1:-1]
    if inner.sum() > 0 and np.isfinite(low) and np.isfinite(high):
        knots = np.clip(states.binning.edges[1:], low, np.nextafter(high, np.inf))
        running = np.concatenate([[0.0], np.cumsum(inner)])
        # The rows below an edge now were above its opposite before. Zero does not move.
        with np.errstate(over="ignore"):
            opposite = np.nextafter(-binning.edges[1:], np.inf)
        below = running[-1] - np.interp(np.clip(opposite, knots[0], knots[-1]), knots, running)
        below[-1] = running[-1]
        mass[NUMERIC_OFFSET + 1 : -1] += np.diff(below)
    return np.asarray(mass / total)


def mass_of(states: NumericStates, binning: NumericBinning, factor: float, shift: float) -> Floats:
    """Shares of null, NaN, and the bins of a binning, for ``factor * x + shift`` and the rows of
    one state. ``factor`` is positive. Values are assumed to be evenly spread within a bin, or
    between the extremes."""
    counts = states.counts[0].astype(np.float64)
    total = max(counts.sum(), 1.0)
    low, high = float(states.minimum[0]), float(states.maximum[0])
    mass = np.zeros(binning.length)
    mass[:NUMERIC_OFFSET] = counts[:NUMERIC_OFFSET]
    bins = counts[NUMERIC_OFFSET:]
    mass[NUMERIC_OFFSET], mass[-1] = bins[0], bins[-1]
    inner = bins[1:-1]
    if inner.sum() > 0 and np.isfinite(low) and np.isfinite(high):
        knots = np.clip(states.binning.edges[1:], low, np.nextafter(high, np.inf))
        running = np.concatenate([[0.0], np.cumsum(inner)])
        with np.errstate(over="ignore", invalid="ignore"):
            wanted = np.clip((binning.edges[1:] - shift) / factor, knots[0], knots[-1])
        below = np.interp(wanted, knots, running)
        below[-1] = running[-1]
        mass[NUMERIC_OFFSET + 1 : -1] += np.diff(below)
    return np.asarray(mass / total)


def change_of(before: FeatureStates, now: FeatureStates) -> float:
    """Total variation between both sides, with nulls among the bins, corrected for chance; 0 to
    1."""
    p, q = _shares(before), _shares(now)
    groups = _groups(p, q)
    p, q = summed_by(p, groups), summed_by(q, groups)
    return max(total_variation(p, q) - _sampling_distance(p, before, now), 0.0)


def affected_share(before: FeatureStates, now: FeatureStates) -> float:
    """Minimum share of the rows that a change must have affected, corrected for chance; 0 to 1.

    If some rows are unchanged, each group of values keeps at least their share of its rows, so the
    group with the largest loss shows how many were affected.
    """
    p, q = _shares(before), _shares(now)
    groups = _groups(p, q)
    p, q = summed_by(p, groups), summed_by(q, groups)
    usual = p >= SHARE_PER_GROUP / 2.0
    rows = 1.0 / _rows(before.rows) + 1.0 / _rows(now.rows)
    sampling_distance = _SURE * np.sqrt(DESIGN_EFFECT_OF_BINS * p * (1.0 - p) * rows)
    lost = 1.0 - (q + sampling_distance)[usual] / p[usual]
    return float(np.clip(lost.max(initial=0.0), 0.0, 1.0))


def _best(
    before: FeatureStates,
    now: FeatureStates,
    masses: Iterable[tuple[float, Floats]],
    *,
    whole: bool = False,
) -> Explanation:
    """The mixture with the smallest remaining difference. ``whole``: all rows are affected, or
    none."""
    p, q = _shares(before), _shares(now)
    groups = _groups(p, q)
    start, end = summed_by(p, groups), summed_by(q, groups)
    sampling_distance = _sampling_distance(start, before, now)
    change = total_variation(start, end) - sampling_distance
    if change < _LEAST_CHANGE:
        return _NOTHING
    shares = np.array([1.0]) if whole else _SHARES
    best = (np.inf, 0.0, np.nan)
    for value, mass in masses:
        target = summed_by(mass, groups)
        mixed = (1.0 - shares[:, None]) * start + shares[:, None] * target
        left = np.abs(mixed - end).sum(axis=1) / 2.0
        at = int(np.argmin(left))
        if left[at] < best[0] - 1e-12:
            best = (float(left[at]), float(shares[at]), float(value))
    left_over = max(best[0] - sampling_distance, 0.0)
    explained = float(np.clip(1.0 - left_over / change, 0.0, 1.0))
    return Explanation(explained, best[1], best[2])


def _shares(states: FeatureStates) -> Floats:
    counts = states.counts[0].astype(np.float64)
    return np.asarray(counts / max(counts.sum(), 1.0))


def _values(shares: Floats, first: int) -> Floats:
    """Shares of the rows with a value."""
    held = shares[first:]
    return np.asarray(held / max(held.sum(), 1e-300))


def _without(shares: Floats, at: int) -> Floats:
    rest = np.delete(shares, at)
    return np.asarray(rest / max(rest.sum(), 1e-300))


def _shares_at_values(other: CategoricalStates, of: CategoricalStates) -> Floats:
    """Shares of another feature's rows at the values of this one."""
    counts = np.zeros(of.binning.length)
    values = other.binning.values
    counts[NULL] = other.counts[0, NULL]
    for value, rows in zip(values, other.value_rows[0], strict=True):
        counts[of.binning.index.get(value, 2)] += rows
    counts[2] += other.counts[0, 1:3].sum()
    return np.asarray(counts / max(counts.sum(), 1.0))


def _groups(p: Floats, q: Floats) -> AnyArray:
    """A group for each position: neighbors are combined until they have enough rows on both
    sides."""
    both = (p + q) / 2.0
    group = np.zeros(len(both), dtype=np.int64)
    held, current = 0.0, 0
    for i, mass in enumerate(both):
        if i > 0 and (held >= SHARE_PER_GROUP or mass >= SHARE_PER_GROUP or i <= NUMERIC_OFFSET):
            current += 1
            held = 0.0
        held += mass
        group[i] = current
    return group


def _sampling_distance(p: Floats, before: FeatureStates, now: FeatureStates) -> float:
    """Total variation between two samples of ``p`` by chance."""
    rows = _rows(before.rows), _rows(now.rows)
    variance = p * (1.0 - p) * (1.0 / rows[0] + 1.0 / rows[1]) * DESIGN_EFFECT_OF_BINS
    return float(np.sqrt(2.0 * variance / np.pi).sum() / 2.0)


def _rows(rows: Counts) -> float:
    return max(float(rows[0]), 1.0)
