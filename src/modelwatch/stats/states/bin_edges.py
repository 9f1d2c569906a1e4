"""The edges of numeric bins: cuts of tails and gaps, center, and scale."""

from __future__ import annotations

import math

import numpy as np

from modelwatch.stats.arrays import Floats

_LEAST_EXPONENT, _MOST_EXPONENT = -1074, 1023
"""Range of exponents of powers of two that are doubles."""
LARGEST = float(np.finfo(np.float64).max)
_USUAL = 400
"""Maximum exponents for which squares of numbers are doubles."""
_TAIL_STEP = 0.25
"""Octaves of the distance from the center between cuts in the reference's tails."""
_MOST_CUTS = 32
"""Maximum cuts of a tail, and maximum bins that are cut at their gaps."""
_LEAST_GAP = 0.001
"""Width of a bin times its share, in scales, up to which a gap in it is negligible."""


def tail_cuts(ordered: Floats, first: float, last: float, center: float) -> list[float]:
    """Cuts of ascending values beyond the first and the last cut, each ``_TAIL_STEP`` octaves
    farther from the center than the previous one, or more if that would give more than
    ``_MOST_CUTS``. A cut is left out if there is no value between it and the previous one."""
    found: list[float] = []
    for sign, begin in ((-1.0, first), (1.0, last)):
        # Halves, because the difference of two finite values may overflow.
        far = np.sort(sign * (ordered[sign * ordered > sign * begin] / 2.0 - center / 2.0))
        start = sign * (begin / 2.0 - center / 2.0)
        if not len(far) or not start > 0:
            continue
        nearest, furthest = math.log2(start), math.log2(float(far[-1]))
        step = max(_TAIL_STEP, (furthest - nearest) / _MOST_CUTS)
        cuts = np.exp2(np.arange(nearest + step, furthest, step))
        held = np.diff(np.searchsorted(far, cuts), prepend=0) > 0
        with np.errstate(over="ignore"):
            found += list(2.0 * (sign * cuts[held] + center / 2.0))
    return [float(cut) for cut in found if math.isfinite(cut)]


def gap_cuts(ordered: Floats, edges: set[float], scale: float) -> list[float]:
    """Both ends of the widest gap of each bin that is mostly a gap, for the ``_MOST_CUTS`` bins of
    ascending values for which that matters most.

    Rows that are assumed to be in the gap change a distance by up to its width times the share of
    the bin.
    """
    known = np.array(sorted(edges | {float(np.nextafter(e, np.inf)) for e in edges if e == 0.0}))
    bounds = np.searchsorted(ordered, known)
    counts = np.diff(bounds)
    with np.errstate(over="ignore", invalid="ignore"):
        weight = np.diff(known) * counts / len(ordered)
    weight[~np.isfinite(weight)] = np.inf
    weight[counts == 0] = 0.0
    found: list[float] = []
    for at in np.argsort(-weight, kind="stable")[:_MOST_CUTS]:
        if not weight[at] > _LEAST_GAP * scale:
            break
        inside = ordered[bounds[at] : bounds[at + 1]]
        low, high = max(known[at], -LARGEST), min(known[at + 1], LARGEST)
        points = np.concatenate(([low], inside, [high]))
        gaps = np.diff(points / 2.0)
        widest = int(gaps.argmax())
        if gaps[widest] > (high / 2.0 - low / 2.0) / 4.0:
            if widest > 0:
                found.append(float(np.nextafter(points[widest], np.inf)))
            found.append(float(points[widest + 1]))
    return found


def location_and_scale(ordered: Floats) -> tuple[float, float]:
    """Median and robust spread, rounded so that integers and dyadic fractions stay exact."""
    if not len(ordered):
        return 0.0, 1.0
    largest = math.frexp(max(abs(float(ordered[0])), abs(float(ordered[-1]))))[1]
    power = 0 if abs(largest) <= _USUAL else -largest
    near = np.ldexp(ordered, power) if power else ordered
    lower, median, upper = (float(near[rank_of(len(near), q)]) for q in (0.25, 0.5, 0.75))
    candidates = ((upper - lower) / 1.349, float(np.std(near)), abs(median))
    spread = next((c for c in candidates if c > 0), None)
    exponent = 0 if spread is None else math.ceil(math.log2(spread)) - power
    scale = math.ldexp(1.0, max(_LEAST_EXPONENT, min(_MOST_EXPONENT, exponent)))
    median = float(ordered[rank_of(len(ordered), 0.5)])
    center = round(median / scale) * scale if abs(median / scale) < 2**52 else median
    return (float(center) if math.isfinite(center) else median), scale


def rank_of(n: int, q: float) -> int:
    """Position, among ``n`` ascending values, of the one with rank ``ceil(q * n)``."""
    return min(n - 1, max(0, math.ceil(q * n) - 1))
