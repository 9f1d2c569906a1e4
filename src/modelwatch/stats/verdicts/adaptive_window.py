"""The longest recent stretch of days without a change of a mean, from additive sums."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats

CONFIDENCE = 0.002
"""Probability of a cut without a change, each time a block is added; the delta of ADWIN."""
FEWEST_BLOCKS = 2
"""Minimum blocks on either side of a cut, so that a single day is not a change."""


@dataclass(frozen=True)
class Stretches:
    """After each of n blocks, the stretch of similar blocks that ends with it; all (n,).

    ``start``: its first block. ``cut``: whether older blocks were dropped at this block. ``rows``:
    its rows, divided by the design effect. ``mean`` and ``sd``: over it; NaN without rows.
    """

    start: AnyArray
    cut: AnyArray
    rows: Floats
    mean: Floats
    sd: Floats


def adaptive_windows(
    count: Floats,
    total: Floats,
    squares: Floats,
    *,
    design_effect: float = 1.0,
    confidence: float = CONFIDENCE,
    fewest_blocks: int = FEWEST_BLOCKS,
) -> Stretches:
    """Stretches without a change, by ADWIN over additive blocks; (n,) each, the oldest first.

    ``count``, ``total`` and ``squares``: rows of a block, the sum of their values and of the
    squares. The number of rows is divided by the ``design_effect``. When a block is added, the
    oldest blocks are dropped as long as the remaining blocks can be cut into two parts whose means
    differ by more than

        sqrt(2 / m * variance * ln(2 / d)) + 2 / (3 m) * sd * ln(2 / d),

    where 1/m is the sum of the reciprocal effective rows of both parts, and d is the confidence
    divided by the number of cuts. Dropped blocks are never used again. ValueError for a design
    effect below 1 or a confidence outside (0, 1). Source: Bifet and Gavalda (2007), section 4.1,
    with a normal approximation of the bound; its last term, there for values in [0, 1], is in
    standard deviations here.
    """
    if design_effect < 1 or not 0 < confidence < 1:
        raise ValueError("a design effect is at least 1, and a confidence between 0 and 1")
    n = len(count)
    rows, sums, powers = (
        np.concatenate([[0.0], np.cumsum(np.asarray(x, dtype=np.float64))])
        for x in (np.asarray(count) / design_effect, total, squares)
    )
    whole = rows * design_effect
    # Around the overall mean, because the variance of a small change of a large metric would
    # cancel.
    center = sums[-1] / whole[-1] if whole[-1] > 0 else 0.0
    powers = powers - 2.0 * center * sums + center**2 * whole
    sums = sums - center * whole
    start = np.zeros(n, dtype=np.int64)
    cut = np.zeros(n, dtype=bool)
    first = 0
    for stop in range(1, n + 1):
        while _parts(rows, sums, powers, whole, first, stop, confidence, fewest_blocks):
            first += 1
            cut[stop - 1] = True
        start[stop - 1] = first
    ends = np.arange(1, n + 1)
    held = whole[ends] - whole[start]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (sums[ends] - sums[start]) / held
        variance = (powers[ends] - powers[start]) / held - mean**2
    return Stretches(
        start=start,
        cut=cut,
        rows=held / design_effect,
        mean=np.where(held > 0, mean + center, np.nan),
        sd=np.where(held > 0, np.sqrt(np.maximum(variance, 0.0)), np.nan),
    )


def _parts(
    rows: Floats,
    sums: Floats,
    powers: Floats,
    whole: Floats,
    first: int,
    stop: int,
    confidence: float,
    fewest_blocks: int,
) -> bool:
    """Whether the blocks ``[first, stop)`` can be cut into two parts with different means."""
    at = np.arange(first + fewest_blocks, stop - fewest_blocks + 1)
    before, after = rows[at] - rows[first], rows[stop] - rows[at]
    at = at[(before > 0) & (after > 0)]
    if not len(at):
        return False
    before, after = rows[at] - rows[first], rows[stop] - rows[at]
    held = whole[stop] - whole[first]
    mean = (sums[stop] - sums[first]) / held
    variance = max((powers[stop] - powers[first]) / held - mean**2, 0.0)
    left = (sums[at] - sums[first]) / (whole[at] - whole[first])
    right = (sums[stop] - sums[at]) / (whole[stop] - whole[at])
    harmonic = 1.0 / (1.0 / before + 1.0 / after)
    surely = math.log(2.0 * len(at) / confidence)
    bound = np.sqrt(2.0 / harmonic * variance * surely)
    bound += 2.0 / (3.0 * harmonic) * math.sqrt(variance) * surely
    return bool((np.abs(left - right) > bound).any())
