"""Area between two distribution functions that are known in bins, with bounds that are certain.

A bin tells how many values it holds, not where. Between its edges a distribution function lies
between the shares before and after the bin. With that, the exact extremes and the exact means, the
area lies between two numbers whatever the rows are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.numeric import NumericStates


@dataclass(frozen=True)
class Area:
    """An estimate, (W,), and the least and the greatest area that the states allow."""

    estimate: Floats
    least: Floats
    greatest: Floats

    @property
    def error_bound(self) -> Floats:
        """By how much the estimate may be wrong."""
        return np.fmax(self.estimate - self.least, self.greatest - self.estimate)


def area_between(current: NumericStates, reference: NumericStates) -> Area:
    """The area between the distribution functions of the finite quantities of W windows and of
    their references, or of one that serves them all.

    The estimate takes the values of a bin to be evenly spread between its edges, but for the least
    and the greatest one, which are known. With T the difference of the means, the area is T + 2 N
    and 2 P - T, where P and N are the areas on either side (Vallender 1974): where one function
    lies above the other throughout, the area is exact.
    """
    if len(reference) < len(current):
        reference = reference.take(np.zeros(len(current), dtype=np.int64))
    both = np.concatenate((current.quantities, reference.quantities))
    held = both.max(axis=0, initial=0) > 0
    # A bin ends where the next one begins.
    bins = np.flatnonzero(np.append(held[1:], False) | held | np.append(False, held[:-1]))
    points, at = _points(bins, current, reference)
    width = np.where(current.binning.single_value[bins][at], 0.0, np.diff(points, axis=1))
    first, second = (_Function.of(side, bins, at, points) for side in (current, reference))
    sides = _signed_areas(first, second, width)
    with np.errstate(over="ignore", invalid="ignore"):
        shift = reference.moments.mean - current.moments.mean
        plus, minus = sides.positive, sides.negative
        least = np.fmax(plus[0] + minus[0], np.abs(shift))
        least = np.fmax(least, np.fmax(shift + 2.0 * minus[0], 2.0 * plus[0] - shift))
        greatest = np.fmin(sides.greatest, np.fmin(shift + 2.0 * minus[1], 2.0 * plus[1] - shift))
        # Rounding may cross bounds that coincide.
        greatest = np.fmax(greatest, least)
        estimate = np.fmin(np.fmax(sides.estimate, least), greatest)
    return Area(estimate, least, greatest)


def _points(
    bins: AnyArray, current: NumericStates, reference: NumericStates
) -> tuple[Floats, AnyArray]:
    """Ascending points that cut the line, (W, P), and the position among ``bins`` of the bin that
    each interval between two of them lies in, (W, P - 1)."""
    ends = np.stack((current.least, current.greatest, reference.least, reference.greatest), axis=1)
    low, high = (reach(ends, axis=1, keepdims=True) for reach in (np.fmin.reduce, np.fmax.reduce))
    edges = np.broadcast_to(current.binning.edges[bins], (len(ends), len(bins)))
    known = np.concatenate((edges, np.where(np.isnan(ends), high, ends)), axis=1)
    order = np.argsort(known, axis=1, kind="stable")
    points = np.clip(np.take_along_axis(known, order, axis=1), low, high)
    at = np.cumsum(order < len(bins), axis=1)[:, :-1] - 1
    return points, np.maximum(at, 0)


@dataclass(frozen=True)
class _Function:
    """A distribution function on intervals, (W, K): at both ends if values are evenly spread, and
    its least and greatest value whatever the rows."""

    left: Floats
    right: Floats
    least: Floats
    greatest: Floats

    @classmethod
    def of(cls, states: NumericStates, bins: AnyArray, at: AnyArray, points: Floats) -> _Function:
        counts = states.quantities[:, bins]
        total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        running = np.cumsum(counts, axis=1)
        after = np.take_along_axis(running, at, axis=1)
        before = after - np.take_along_axis(counts, at, axis=1)
        least, greatest = states.least[:, None], states.greatest[:, None]
        special = states.binning.special_values
        edges = states.binning.edges[bins][at]
        upper = states.binning.upper_edges[bins][at]
        # A special value hides the extreme: then no row is known to lie at the edge.
        first = (least >= edges) & ~np.isin(states.minimum, special)[:, None]
        last = (greatest < upper) & ~np.isin(states.maximum, special)[:, None]
        begin = before + first
        end = np.maximum(after - last, begin)
        low, high = np.fmax(edges, least), np.fmin(upper, greatest)
        inside = (points[:, :-1] >= least) & (points[:, 1:] <= greatest)
        outside = np.where(points[:, :-1] >= greatest, total, 0)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            half = high / 2.0 - low / 2.0
            parts = [
                np.clip((x / 2.0 - low / 2.0) / half, 0.0, 1.0)
                for x in (points[:, :-1], points[:, 1:])
            ]
        spread = [begin + np.nan_to_num(part) * (end - begin) for part in parts]
        return cls(*(np.where(inside, x, outside) / total for x in (*spread, begin, end)))


@dataclass(frozen=True)
class _Sides:
    """Areas where the first function lies above the second and below it: least and greatest, of
    (W,) each; the greatest of both together, and an estimate."""

    positive: tuple[Floats, Floats]
    negative: tuple[Floats, Floats]
    greatest: Floats
    estimate: Floats


def _signed_areas(first: _Function, second: _Function, width: Floats) -> _Sides:
    def area(height: Floats) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.where(height > 0, height * width, 0.0).sum(axis=1))

    above = first.greatest - second.least
    below = second.greatest - first.least
    before, after = first.left - second.left, first.right - second.right
    # A linear difference: a trapezium, or two triangles where it changes sign.
    left, right = np.abs(before), np.abs(after)
    total = left + right
    crossing = (before * after < 0) & (total > 0)
    squares = np.divide(left**2 + right**2, total, out=np.zeros_like(total), where=crossing)
    return _Sides(
        positive=(area(first.least - second.greatest), area(above)),
        negative=(area(second.least - first.greatest), area(below)),
        greatest=area(np.maximum(above, below)),
        estimate=area(np.where(crossing, squares, total) / 2.0),
    )
