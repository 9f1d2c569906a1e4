"""All performance metrics. Importing this module registers them."""

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
    MetricStates,
    PerformanceMetric,
    ScoreStates,
    metric_states,
    performance_metric,
    task_of,
)
from modelwatch.stats.performance.multiclass import auc_by_class

__all__ = [
    "PERFORMANCE",
    "PERFORMANCE_MODULES",
    "MetricStates",
    "PerformanceMetric",
    "ScoreStates",
    "auc_by_class",
    "confusion",
    "error_bounds",
    "metric_states",
    "performance",
    "performance_metric",
    "reliability",
    "task_of",
]

PERFORMANCE_MODULES = (
    decisions,
    binary,
    multiclass,
    regression,
)
"""The modules whose metrics are registered."""


def performance(
    states: ScoreStates | MetricStates, keys: Iterable[str] | None = None, *, bounded: bool = True
) -> dict[str, Values]:
    """Return the values of metrics, (n,) by key.

    ``keys``: the metrics; by default, all metrics of the task. Requested metrics of another task
    are omitted. Values with too large an error bound are undefined, unless ``bounded`` is False.
    The jackknife passes False, because its variance would be undefined if a single value were.
    """
    states = metric_states(states)
    wanted = PERFORMANCE if keys is None else {key: PERFORMANCE[key] for key in keys}
    found = {}
    for key, known in wanted.items():
        if known.applies(states):
            value = known.compute(states)
            found[key] = known.within_bound(states, value) if bounded else value
    return found


def error_bounds(states: ScoreStates | MetricStates, keys: Iterable[str]) -> dict[str, Floats]:
    """Return the maximum errors of metrics due to the binning of scores, (n,) by key.

    The error is 0 for an exact metric, and NaN if it is unknown.
    """
    states, found = metric_states(states), {}
    for key in keys:
        known = PERFORMANCE[key]
        unknown = np.full(len(states), 0.0 if known.exact else np.nan)
        found[key] = unknown if known.error_bound is None else known.error_bound(states)
    return found
