"""Area between two distribution functions that are known in bins, with certain bounds.

A bin contains the number of its values, but not their positions. Between its edges, a distribution
function lies between the shares before and after the bin. Together with the exact extremes and
means, this bounds the area for any rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.states.numeric import NumericStates


@dataclass(frozen=True)
class AreaBounds:
    """An estimate, (W,), and the smallest and largest area that the states allow."""

    estimate: Floats
    least: Floats
    greatest: Floats

    @property
    def error_bound(self) -> Floats:
        """Maximum error of the estimate."""
        return np.fmax(self.estimate - self.least, self.greatest - self.estimate)


def area_between(current: NumericStates, reference: NumericStates) -> AreaBounds:
    """The area between the distribution functions of the finite values of W windows and of their
    references, or of one reference for all.

    The estimate assumes that values are evenly spread within a bin, except the minimum and maximum,
    which are known. With the difference T of the means, the area is T + 2 N and 2 P - T, where P
    and N are the areas on either side (Vallender 1974). If one function lies above the other
    throughout, the area is exact. NaN without finite values.
    """
    both = np.concatenate((current.quantities, reference.quantities))
    held = both.max(axis=0, initial=0) > 0
    # A bin ends where the next one begins; between two occupied bins there are no rows.
    occupied = np.flatnonzero(np.append(held[1:], False) | held | np.append(False, held[:-1]))
    if not len(occupied):
        nothing = np.full(len(current), np.nan)
        return AreaBounds(nothing, nothing, nothing)
    cells = _Cells.of(occupied, current, reference)
    first, second = (_Counted.of(states, occupied) for states in (current, reference))
    plain = _signed_areas(first.between_edges(), second.between_edges(), cells.width)
    cut = _signed_areas(
        first.at_the_ends(cells), second.at_the_ends(cells), cells.right - cells.left
    )
    with np.errstate(over="ignore", invalid="ignore"):
        shift = reference.moments.mean - current.moments.mean
        areas = _Sides(*(one + other for one, other in zip(plain, cut, strict=True)))
        plus, minus = areas.least_above, areas.least_below
        least = np.fmax(plus + minus, np.abs(shift))
        least = np.fmax(least, np.fmax(shift + 2.0 * minus, 2.0 * plus - shift))
        beyond = np.fmin(shift + 2.0 * areas.most_below, 2.0 * areas.most_above - shift)
        # Rounding may cross bounds that coincide.
        greatest = np.fmax(np.fmin(areas.greatest, beyond), least)
        estimate = np.fmin(np.fmax(areas.estimate, least), greatest)
    return AreaBounds(estimate, least, greatest)


@dataclass(frozen=True)
class _Cells:
    """The nonempty bins, and those that contain the extremes of a window or its reference, cut at
    these extremes.

    ``width`` (W, B): of each bin, 0 for those that are cut. ``at`` (W, 4): bins of the four
    extremes. ``left`` and ``right`` (W, 20): ends of the five parts of each; a bin that occurs
    twice has no width the second time.
    """

    low: Floats
    high: Floats
    width: Floats
    at: AnyArray
    left: Floats
    right: Floats

    @classmethod
    def of(cls, occupied: AnyArray, current: NumericStates, reference: NumericStates) -> _Cells:
        binning = current.binning
        edges, upper = binning.edges[occupied], np.append(binning.edges[occupied][1:], np.inf)
        shape = (len(current), 2)
        ends = np.empty((len(current), 4))
        ends[:, :2] = np.stack((current.least, current.greatest), axis=1)
        ends[:, 2:] = np.broadcast_to(
            np.stack((reference.least, reference.greatest), axis=1), shape
        )
        # A side without values has no bounds; NaN sorts last.
        ends = np.sort(ends, axis=1)
        ends = np.where(np.isnan(ends), np.fmax.reduce(ends, axis=1)[:, None], ends)
        at = np.maximum(np.searchsorted(edges, ends, side="right") - 1, 0)
        low, high = edges[at], upper[at]
        inner = np.clip(ends[:, None, :], low[:, :, None], high[:, :, None])
        points = np.concatenate((low[:, :, None], inner, high[:, :, None]), axis=2)
        points = np.clip(points, ends[:, :1, None], ends[:, -1:, None])
        twice = np.zeros(at.shape, dtype=bool)
        twice[:, 1:] = at[:, 1:] == at[:, :-1]
        left, right = points[:, :, :-1], points[:, :, 1:]
        left = np.where(twice[:, :, None], right, left)
        with np.errstate(over="ignore", invalid="ignore"):
            width = np.tile(upper - edges, (len(current), 1))
        np.put_along_axis(width, at, 0.0, axis=1)
        parts = (len(current), -1)
        return cls(low, high, width, at, left.reshape(parts), right.reshape(parts))


@dataclass(frozen=True)
class _Counted:
    """Rows of a side, (n, B), before and after each bin, with its number of rows (n, 1)."""

    states: NumericStates
    before: AnyArray
    after: AnyArray
    total: AnyArray

    @classmethod
    def of(cls, states: NumericStates, occupied: AnyArray) -> _Counted:
        counts = states.quantities[:, occupied]
        after = np.cumsum(counts, axis=1)
        total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return cls(states, after - counts, after, total)

    def between_edges(self) -> _Function:
        """The function in bins, from edge to edge."""
        before, after = self.before / self.total, self.after / self.total
        return _Function(before, after, before, after)

    def at_the_ends(self, cells: _Cells) -> _Function:
        """The function in the parts of the bins that contain an extreme."""
        windows, ends = cells.at.shape
        shape = (windows, ends, cells.left.shape[1] // ends)
        lines = np.arange(windows)[:, None] if len(self.states) > 1 else 0
        before, after = (c[lines, cells.at][:, :, None] for c in (self.before, self.after))
        left, right = (points.reshape(shape) for points in (cells.left, cells.right))
        least, greatest = (end[:, None, None] for end in (self.states.least, self.states.greatest))
        special = self.states.binning.special_values
        low, high = cells.low[:, :, None], cells.high[:, :, None]
        # A special value may hide the extreme, so no row is known to be at the edge.
        hidden = [
            np.isin(end, special)[:, None, None]
            for end in (self.states.minimum, self.states.maximum)
        ]
        begin = before + ((least >= low) & (least < high) & ~hidden[0])
        end = np.maximum(after - ((greatest >= low) & (greatest < high) & ~hidden[1]), begin)
        inside = (left >= least) & (right <= greatest)
        total = self.total[:, :, None]
        outside = np.where(left >= greatest, total, 0)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            first, last = np.fmax(low, least) / 2.0, np.fmin(high, greatest) / 2.0
            spread = [
                begin
                + np.nan_to_num(np.clip((x / 2.0 - first) / (last - first), 0.0, 1.0))
                * (end - begin)
                for x in (left, right)
            ]
        found = (np.where(inside, x, outside) / total for x in (*spread, begin, end))
        return _Function(*(one.reshape(windows, -1) for one in found))


@dataclass(frozen=True)
class _Function:
    """A distribution function on intervals, (n, K): at both ends if values are evenly spread, and
    its minimum and maximum for any rows."""

    left: Floats
    right: Floats
    least: Floats
    greatest: Floats


class _Sides(NamedTuple):
    """Areas, (W,), where the first function lies above the second and below it: minimum and maximum
    of each, the maximum of both together, and an estimate."""

    least_above: Floats
    most_above: Floats
    least_below: Floats
    most_below: Floats
    greatest: Floats
    estimate: Floats


def _signed_areas(first: _Function, second: _Function, width: Floats) -> _Sides:
    def area(height: Floats) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.where(height > 0, height * width, 0.0).sum(axis=1))

    above = first.greatest - second.least
    below = second.greatest - first.least
    before, after = first.left - second.left, first.right - second.right
    # The difference is linear: a trapezoid, or two triangles if it changes its sign.
    left, right = np.abs(before), np.abs(after)
    total = left + right
    crossing = (before * after < 0) & (total > 0)
    squares = np.divide(left**2 + right**2, total, out=np.zeros_like(total), where=crossing)
    return _Sides(
        least_above=area(first.least - second.greatest),
        most_above=area(above),
        least_below=area(second.least - first.greatest),
        most_below=area(below),
        greatest=area(np.maximum(above, below)),
        estimate=area(np.where(crossing, squares, total) / 2.0),
    )
