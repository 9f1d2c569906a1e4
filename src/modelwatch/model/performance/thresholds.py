"""Changes of performance metrics that matter."""

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
"""By task and metric, the change that matters."""
OF_REFERENCE = frozenset(
    {"base_rate", "selection_rate", "brier", "log_loss", "mae", "rmse", "mape", "smape"}
)
"""Metrics whose threshold is relative to the reference: losses without a natural scale, and rates,
for which 1% and 2% differ as much as 10% and 20%."""


@dataclass(frozen=True)
class PerformanceThreshold:
    """The change of one metric that matters."""

    metric: str
    threshold: float
    better: Better

    @property
    def of_reference(self) -> bool:
        """Whether ``threshold`` is relative to the value of the reference."""
        return self.metric in OF_REFERENCE

    def size(self, reference_value: float | None) -> float | None:
        """The threshold in units of the metric; None if the value of the reference is unknown."""
        if not self.of_reference:
            return self.threshold
        return None if reference_value is None else self.threshold * abs(reference_value)


def performance_thresholds(
    task: Task, given: Mapping[str, float | None]
) -> dict[str, PerformanceThreshold]:
    """The thresholds of the configuration in place of those of the task, without disabled ones."""
    thresholds: dict[str, float | None] = {**DEFAULT_PERFORMANCE_THRESHOLDS[task], **given}
    return {
        metric: PerformanceThreshold(metric, threshold, PERFORMANCE[metric].better)
        for metric, threshold in thresholds.items()
        if threshold is not None
    }
