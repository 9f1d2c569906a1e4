"""How a metric grows along an axis: an exponent, with the fixed cost of a run apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np

Verdict = Literal["none", "at most linear", "more than linear", "not told"]
STEEPEST = 4.0
"""Largest exponent that is looked for."""
_EXPONENTS = np.round(np.arange(0.05, STEEPEST + 0.001, 0.01), 2)


@dataclass(frozen=True)
class Point:
    """A metric at a size. ``at_least``: it would have been more, had the run not been ended."""

    size: float
    value: float
    at_least: bool = False


@dataclass(frozen=True)
class Growth:
    """What points say of ``value = fixed + unit * size ** exponent``.

    ``exponent``, ``fixed`` and ``unit`` are None where nothing grows, or fewer than three sizes
    were measured. ``marginal_ratio``: cost of one more unit between the two largest sizes over
    that between the two smallest; 1 for a straight line.
    """

    verdict: Verdict
    exponent: float | None = None
    fixed: float | None = None
    unit: float | None = None
    marginal_ratio: float | None = None


def growth_of(points: Sequence[Point], noise: float, floor: float = 0.0) -> Growth:
    """The growth of a metric whose single values are uncertain by a share ``noise``.

    ``floor``: a value is uncertain by at least so much. Nothing grows where all values are
    within the noise of their mean. Growth is more than linear where the largest value, taken
    lower by its noise, still lies above the line through some two smaller ones, the lower of
    which is taken lower and the upper one higher by theirs, and the fitted exponent is above 1.
    The fit minimizes squared relative errors, with ``fixed`` and ``unit`` not negative. An
    ``at_least`` point is not fitted; it counts as the largest value without noise.
    """
    ordered = sorted(points, key=lambda point: point.size)
    measured = [point for point in ordered if not point.at_least]
    ended = [point for point in ordered if point.at_least]
    if len(measured) < 2 or len(measured) + len(ended) < 3:
        return Growth("not told")
    if ended:
        return Growth(
            "more than linear"
            if _above_a_line(measured, ended[0], noise, floor, 0.0)
            else "not told"
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
    """Whether a point lies above the line through some two smaller ones, their noise granted.

    What grows at most linearly lies on or below each such line. ``doubt``: how much of its own
    noise is taken off the point.
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
    """Exponent, fixed part and unit cost that fit best."""
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
    """Fixed part and unit cost by least squares, neither negative; with and without each."""
    design = np.stack([ones, grown], axis=1)
    target = np.ones(len(ones))
    found, *_ = np.linalg.lstsq(design, target, rcond=None)
    alone = [
        (float(ones.sum() / (ones**2).sum()), 0.0),
        (0.0, float(grown.sum() / (grown**2).sum())),
    ]
    return [(float(found[0]), float(found[1])), *alone] if (found >= 0).all() else alone


def _marginal_ratio(points: Sequence[Point]) -> float | None:
    """Cost of one more unit at the upper end over that at the lower end; None if that is 0."""
    slopes = [(b.value - a.value) / (b.size - a.size) for a, b in pairwise(points)]
    return slopes[-1] / slopes[0] if len(slopes) > 1 and slopes[0] > 0 else None
