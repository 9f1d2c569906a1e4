"""Growth of a metric along an axis: an exponent, and the fixed cost of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np

Verdict = Literal["none", "at most linear", "more than linear", "undetermined"]
STEEPEST = 4.0
"""Largest exponent that is fitted."""
_EXPONENTS = np.round(np.arange(0.05, STEEPEST + 0.001, 0.01), 2)


@dataclass(frozen=True)
class Point:
    """A metric at a size. ``at_least``: a lower bound, because the run was ended."""

    size: float
    value: float
    at_least: bool = False


@dataclass(frozen=True)
class Growth:
    """The fit of ``value = fixed + unit * size ** exponent``.

    ``exponent``, ``fixed``, and ``unit`` are None if nothing grows, or if fewer than three sizes
    were measured. ``marginal_ratio``: cost per additional unit between the two largest sizes,
    divided by that between the two smallest; 1 for a straight line.
    """

    verdict: Verdict
    exponent: float | None = None
    fixed: float | None = None
    unit: float | None = None
    marginal_ratio: float | None = None


def growth_of(points: Sequence[Point], noise: float, floor: float = 0.0) -> Growth:
    """The growth of a metric with relative uncertainty ``noise`` of each value.

    ``floor``: minimum absolute uncertainty. Nothing grows if all values are within the noise of
    their mean. Growth is more than linear if the fitted exponent is above 1, and the largest value
    minus its noise is above the line through two smaller values, of which the smaller one is
    decreased and the larger one increased by its noise. The fit minimizes squared relative errors,
    with nonnegative ``fixed`` and ``unit``. An ``at_least`` point is not fitted, and counts as the
    largest value without noise.
    """
    ordered = sorted(points, key=lambda point: point.size)
    measured = [point for point in ordered if not point.at_least]
    ended = [point for point in ordered if point.at_least]
    if len(measured) < 2 or len(measured) + len(ended) < 3:
        return Growth("undetermined")
    if ended:
        return Growth(
            "more than linear"
            if _above_a_line(measured, ended[0], noise, floor, 0.0)
            else "undetermined"
        )
    values = np.array([point.value for point in measured])
    spread = max(noise * float(values.mean()), floor)
    if float(values.max() - values.min()) <= 2.0 * spread:
        return Growth("none")
    exponent, fixed, unit = _fitted(measured)
    steeper = exponent > 1.0 and _above_a_line(measured[:-1], measured[-1], noise, floor, 1.0)
    return Growth(
        "more than linear" if steeper else "at most linear",
        exponent,
        fixed,
        unit,
        _marginal_ratio(measured),
    )


def _uncertain(point: Point, noise: float, floor: float) -> float:
    return max(noise * point.value, floor)


def _above_a_line(
    smaller: Sequence[Point], last: Point, noise: float, floor: float, doubt: float
) -> bool:
    """Whether a point is above the line through two smaller ones, given their noise.

    With at most linear growth, a point is on or below each such line. ``doubt``: share of its own
    noise that is subtracted from the point.
    """
    value = last.value - doubt * _uncertain(last, noise, floor)
    for low, high in combinations(smaller, 2):
        start = low.value - _uncertain(low, noise, floor)
        end = high.value + _uncertain(high, noise, floor)
        slope = max(0.0, (end - start) / (high.size - low.size))
        if value > end + slope * (last.size - high.size):
            return True
    return False


def _fitted(points: Sequence[Point]) -> tuple[float, float, float]:
    """Exponent, fixed cost, and unit cost of the best fit."""
    size = np.array([point.size for point in points])
    value = np.array([point.value for point in points])
    scale = float(size.max())
    best = (np.inf, 1.0, 0.0, 0.0)
    for exponent in _EXPONENTS:
        grown = (size / scale) ** exponent
        for fixed, unit in _solutions(grown / value, 1.0 / value):
            error = float((((fixed + unit * grown) / value - 1.0) ** 2).sum())
            if error < best[0] - 1e-12:
                best = (error, float(exponent), fixed, float(unit / scale**exponent))
    return best[1:]


def _solutions(grown: np.ndarray, ones: np.ndarray) -> list[tuple[float, float]]:
    """Nonnegative fixed cost and unit cost by least squares."""
    design = np.stack([ones, grown], axis=1)
    target = np.ones(len(ones))
    found, *_ = np.linalg.lstsq(design, target, rcond=None)
    alone = [
        (float(ones.sum() / (ones**2).sum()), 0.0),
        (0.0, float(grown.sum() / (grown**2).sum())),
    ]
    return [(float(found[0]), float(found[1])), *alone] if (found >= 0).all() else alone


def _marginal_ratio(points: Sequence[Point]) -> float | None:
    """Ratio of the cost per additional unit at the upper end to that at the lower end; None if the
    latter is 0."""
    slopes = [(b.value - a.value) / (b.size - a.size) for a, b in pairwise(points)]
    return slopes[-1] / slopes[0] if len(slopes) > 1 and slopes[0] > 0 else None
