"""Thresholds for changes of performance metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelwatch.stats.performance.metric import Better
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.states.score_batch import Task

DEFAULT_PERFORMANCE_THRESHOLDS: dict[Task, dict[str, float]] = {
    "binary": {"accuracy": 0.05, "roc_auc": 0.05, "calibration_bias": 0.1, "base_rate": 0.5},
    "multiclass": {"accuracy": 0.05, "macro_recall": 0.1},
    "regression": {"mae": 0.2, "rmse": 0.3},
}
"""Default thresholds by task and metric."""
OF_REFERENCE = frozenset(
    {"base_rate", "selection_rate", "brier", "log_loss", "mae", "rmse", "mape", "smape"}
)
"""Metrics whose threshold is relative to the value of the reference: losses, which have no natural
scale, and rates, for which a change from 1% to 2% is as large as one from 10% to 20%."""


@dataclass(frozen=True)
class PerformanceThreshold:
    """The smallest change of a metric that is relevant."""

    metric: str
    threshold: float
    better: Better

    @property
    def of_reference(self) -> bool:
        """Whether ``threshold`` is relative to the value of the reference."""
        return self.metric in OF_REFERENCE

    def size(self, reference_value: float | None) -> float | None:
        """Return the threshold in units of the metric; None if it is relative and the value of the
        reference is unknown."""
        if not self.of_reference:
            return self.threshold
        return None if reference_value is None else self.threshold * abs(reference_value)


def performance_thresholds(
    task: Task, given: Mapping[str, float | None]
) -> dict[str, PerformanceThreshold]:
    """Return the thresholds of a task by metric, with those of the configuration in place of the
    defaults, and without disabled ones."""
    thresholds: dict[str, float | None] = {**DEFAULT_PERFORMANCE_THRESHOLDS[task], **given}
    return {
        metric: PerformanceThreshold(metric, threshold, PERFORMANCE[metric].better)
        for metric, threshold in thresholds.items()
        if threshold is not None
    }
