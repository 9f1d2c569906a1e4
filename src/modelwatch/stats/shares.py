"""Shares of rows: their bounds, and distances between them."""

from __future__ import annotations

import math

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.special import normal_quantile

DESIGN_EFFECT_OF_BINS = 3.0
"""How much more bin shares vary between days than those of independent rows: a low guess, because
it is subtracted from the change itself."""


def wilson_interval(hits: float, rows: float, level: float = 0.95) -> tuple[float, float]:
    """Lower and upper bound of a share of independent rows, two-sided; (0, 1) without rows.

    Source: Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    if rows <= 0:
        return 0.0, 1.0
    z = float(normal_quantile(0.5 + level / 2.0))
    share = hits / rows
    middle = (hits + z * z / 2.0) / (rows + z * z)
    reach = z / (rows + z * z) * math.sqrt(rows * share * (1.0 - share) + z * z / 4.0)
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def seen_share(rows_by_value: list[int]) -> float:
    """Share of future rows whose value has been seen: one minus the share of values seen once.

    Source: Good, The population frequencies of species and the estimation of population parameters
    (1953).
    """
    rows = sum(rows_by_value)
    return 1.0 - sum(count == 1 for count in rows_by_value) / rows if rows else 0.0


def summed_by(shares: Floats, groups: AnyArray) -> Floats:
    """The shares of groups; ``groups`` is the group number of each share."""
    return np.asarray(np.bincount(groups, weights=shares), dtype=np.float64)


def total_variation(p: Floats, q: Floats) -> float:
    """Half the sum of absolute differences between two distributions, 0 to 1."""
    return float(np.abs(p - q).sum() / 2.0)
