"""Performance metrics and their registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.docstring import meaning_of
from modelwatch.stats.drift.comparison import Values
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binary_margins import BinaryMargins
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.regression import RegressionStates
from modelwatch.stats.states.score_batch import Task
from modelwatch.stats.states.score_scale import MATERIAL_SHARE

ScoreStates: TypeAlias = BinaryStates | MulticlassStates | RegressionStates
MetricStates: TypeAlias = BinaryMargins | MulticlassStates | RegressionStates
"""States from which metrics are computed; binary states are reduced to their margins."""
Better = Literal["higher", "lower", "neutral"]
PerformanceFunction: TypeAlias = Callable[[Any], Values]
PerformanceBound: TypeAlias = Callable[[Any], Floats]

NO_LABELS = "no labeled row"
NO_DECISIONS = "no labeled row with a decision"
NO_SCORES = "no labeled row with a score"
NO_POSITIVES = "no positive label"
NO_NEGATIVES = "no negative label"
NO_SCORED_POSITIVES = "no row with a positive label has a score"
NO_SCORED_NEGATIVES = "no row with a negative label has a score"
NO_DECIDED_POSITIVES = "no row with a positive label has a decision"
NO_DECIDED_NEGATIVES = "no row with a negative label has a decision"
NOT_PROBABILITIES = (
    f"more than {MATERIAL_SHARE:.0%} of the scores of labeled rows are not probabilities; "
    "set performance.score_kind"
)
BOUND_BEYOND_VALUE = "the bound of its error, from rows that share a bin, is as large as the value"
RANKS = "scores are ranks by performance.score_kind, not probabilities"
IMPROBABLE = (NOT_PROBABILITIES, RANKS)
"""Reasons why a metric of probabilities is undefined."""


@dataclass(frozen=True)
class PerformanceMetric:
    """A performance metric: a pure function of a stack of states, and its properties.

    ``range`` contains every defined value. ``better``: the direction of an improvement. ``exact``:
    whether the value equals the one computed from the rows, except for rounding. Otherwise,
    ``bound`` describes the maximum difference, and ``error_bound`` computes it for each window if
    it depends on the window. A value is undefined if its error bound is at least ``largest_bound``,
    or at least the value itself if ``largest_bound`` is None. ``of_labels``: whether only labeled
    rows are used.
    """

    key: str
    label: str
    tasks: tuple[Task, ...]
    range: tuple[float, float]
    better: Better
    exact: bool
    bound: str
    unit: str
    source: str
    meaning: str
    compute: PerformanceFunction
    error_bound: PerformanceBound | None
    of_labels: bool
    largest_bound: float | None

    def applies(self, states: MetricStates) -> bool:
        """Return whether the metric is defined for the task of the states."""
        return task_of(states) in self.tasks

    def within_bound(self, states: MetricStates, found: Values) -> Values:
        """Return the values, with those undefined whose error bound is too large."""
        if self.error_bound is None:
            return found
        error = self.error_bound(states)
        if self.largest_bound is None:
            wide, reason = error >= np.abs(found.value), BOUND_BEYOND_VALUE
        else:
            wide = error >= self.largest_bound
            limit = f"{self.largest_bound:g} or more"
            reason = f"the bound of its error, from rows that share a bin, is {limit}"
        wide &= (error > 0.0) & (found.reason == np.array(None))
        if not wide.any():
            return found
        why = found.reason.copy()
        why[wide] = reason
        return Values(np.where(wide, np.nan, found.value), why)


PERFORMANCE: dict[str, PerformanceMetric] = {}
"""Metrics by key; complete after ``modelwatch.stats.performance.metrics`` is imported."""


def metric_states(states: ScoreStates | MetricStates) -> MetricStates:
    """Return the states from which metrics are computed."""
    return states.margins if isinstance(states, BinaryStates) else states


def task_of(states: MetricStates) -> Task:
    """Return the task that the states belong to."""
    if isinstance(states, BinaryMargins):
        return "binary"
    return "multiclass" if isinstance(states, MulticlassStates) else "regression"


def performance_metric(
    key: str,
    *,
    label: str,
    tasks: tuple[Task, ...],
    range: tuple[float, float],
    better: Better,
    source: str,
    bound: str = "",
    unit: str = "",
    error_bound: PerformanceBound | None = None,
    of_labels: bool = True,
    largest_bound: float | None = None,
) -> Callable[[PerformanceFunction], PerformanceFunction]:
    """Register a function as a metric, described by the first paragraph of its docstring.

    A metric without a ``bound`` is exact. Raises ValueError if the key is already registered.
    """

    def register(compute: PerformanceFunction) -> PerformanceFunction:
        if key in PERFORMANCE:
            raise ValueError(f"two metrics of performance are called {key!r}")
        meaning = meaning_of(compute, key)
        PERFORMANCE[key] = PerformanceMetric(
            key=key,
            label=label,
            tasks=tasks,
            range=range,
            better=better,
            exact=not bound,
            bound=bound,
            unit=unit,
            source=source,
            meaning=meaning,
            compute=compute,
            error_bound=error_bound,
            of_labels=of_labels,
            largest_bound=largest_bound,
        )
        return compute

    return register
