"""What is thought of one figure of one window: a row of the table verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from modelwatch.model.days import DayRange
from modelwatch.stats.value_names import ALL

Source = Literal[
    "drift",
    "performance",
    "estimate",
    "labels",
    "values",
    "constraint",
    "volume",
    "freshness",
    "arrival",
    "anomaly",
]
"""Where a figure comes from."""
Verdict = Literal["pass", "warn", "fail", "too_few_rows", "no_reference", "no_data", "undefined"]
VERDICTS: tuple[Verdict, ...] = (
    "pass",
    "warn",
    "fail",
    "too_few_rows",
    "no_reference",
    "no_data",
    "undefined",
)
KNOWN: frozenset[Verdict] = frozenset({"pass", "warn", "fail"})
"""Verdicts of windows of which something could be said: the others neither open nor clear."""


@dataclass(frozen=True)
class VerdictRow:
    """The verdict on one figure of one subject in one window.

    ``role`` is ``inputs``, ``predictions`` or ``labels``. ``subject`` is a feature, a metric of
    performance, the name of a constraint, a label or decision, or the role itself for volume,
    freshness and arrival. ``figure`` is the statistic, the metric, the kind of constraint, or what
    is counted (``rows``, ``duplicate_share``, ``missing_day``, ``coverage``, ``unmapped_share``,
    ``missing_time``, ``partition_mismatch``, ``future_time``). ``expected`` is what the reference
    or the history had, where it is known. ``effect`` is the size of the value in thresholds: from 1
    on it matters; 1 for a constraint that does not hold. ``adjusted_p`` is the calibrated p-value
    corrected for the ``comparisons`` of the window. ``reason`` says why there is no verdict.
    """

    source: Source
    role: str
    subject: str
    figure: str
    model_version: str
    segmentation: str
    segment: str
    window: str
    window_start: date
    window_end: date
    reference: str | None
    value: float | None
    expected: float | None
    threshold: float | None
    effect: float | None
    p_value: float | None
    adjusted_p: float | None
    comparisons: int | None
    verdict: Verdict
    reason: str | None
    rows: int | None

    @property
    def days(self) -> DayRange:
        """The days of the window."""
        return DayRange(self.window_start, self.window_end)

    @property
    def fails(self) -> bool:
        """Whether the figure is beyond its threshold and no chance."""
        return self.verdict == "fail"

    @property
    def is_known(self) -> bool:
        """Whether there is a verdict, rather than a reason why there is none."""
        return self.verdict in KNOWN

    @property
    def of_all_traffic(self) -> bool:
        """Whether it is of all rows rather than of a segment."""
        return self.segmentation == ALL
