"""Every metric of performance: importing this module fills the registry."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.drift.comparison import Values
from modelwatch.stats.performance import binary, decisions, multiclass, regression
from modelwatch.stats.performance.binary import reliability
from modelwatch.stats.performance.decisions import confusion
from modelwatch.stats.performance.metric import (
    PERFORMANCE,
    PerformanceMetric,
    ScoreStates,
    performance_metric,
    task_of,
)
from modelwatch.stats.performance.multiclass import auc_by_class

__all__ = [
    "FAMILIES",
    "PERFORMANCE",
    "PerformanceMetric",
    "ScoreStates",
    "auc_by_class",
    "confusion",
    "error_bounds",
    "performance",
    "performance_metric",
    "reliability",
    "task_of",
]

FAMILIES = (
    decisions,
    binary,
    multiclass,
    regression,
)
"""The modules whose metrics are registered."""


def performance(
    states: ScoreStates, keys: Iterable[str] | None = None, *, bounded: bool = True
) -> dict[str, Values]:
    """Values (n,) by key of every metric of the states' task, or of those asked for.

    Values whose error bound is too large are undefined, unless ``bounded`` is false: for variances,
    in which a value that is undefined without one day would leave none.
    """
    wanted = PERFORMANCE if keys is None else {key: PERFORMANCE[key] for key in keys}
    found = {}
    for key, known in wanted.items():
        if known.applies(states):
            value = known.compute(states)
            found[key] = known.within_bound(states, value) if bounded else value
    return found


def error_bounds(states: ScoreStates, keys: Iterable[str]) -> dict[str, Floats]:
    """By how much each of some metrics may be wrong because scores are counted in bins, (n,) by
    key: 0 for an exact one, NaN where that is not known."""
    found = {}
    for key in keys:
        known = PERFORMANCE[key]
        unknown = np.full(len(states), 0.0 if known.exact else np.nan)
        found[key] = unknown if known.error_bound is None else known.error_bound(states)
    return found
