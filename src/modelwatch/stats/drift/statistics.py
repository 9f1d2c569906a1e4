"""Every drift statistic: importing this module fills the registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelwatch.stats.arrays import Floats
from modelwatch.stats.drift import (
    change,
    contingency,
    correlation,
    distance,
    divergence,
    filled_nulls,
    pca,
    relation,
    rounded_values,
    stale_values,
)
from modelwatch.stats.drift.comparison import Comparison, Values
from modelwatch.stats.drift.statistic import STATISTICS, Statistic, statistic

__all__ = [
    "STATISTICS",
    "STATISTIC_MODULES",
    "Comparison",
    "Statistic",
    "Values",
    "drift",
    "error_bounds",
    "statistic",
]

STATISTIC_MODULES = (
    divergence,
    distance,
    contingency,
    change,
    filled_nulls,
    rounded_values,
    stale_values,
    correlation,
    relation,
    pca,
)
"""The modules whose statistics are registered."""


def drift(comparison: Comparison, keys: Iterable[str] | None = None) -> dict[str, Values]:
    """Values by key of every statistic that applies to the states, or of requested ones.

    (W,) for a feature or a block, (W, P) for the pairs of a block, (W, d) for its members.
    """
    wanted = STATISTICS if keys is None else {key: STATISTICS[key] for key in keys}
    return {
        key: known.compute(comparison) for key, known in wanted.items() if known.applies(comparison)
    }


def error_bounds(comparison: Comparison, found: Mapping[str, Values]) -> dict[str, Floats]:
    """Maximum error of each value that ``drift`` computed, because rows are counted in bins.

    NaN if unknown, or if the value is undefined; in the same shapes.
    """
    return {key: STATISTICS[key].error_bounds(comparison, one) for key, one in found.items()}
