"""The verdict on one metric in one window: a row of the table verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from modelwatch.model.days import DayRange
from modelwatch.stats.value_names import ALL

VerdictSource = Literal[
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
"""The source of a metric."""
Verdict = Literal["pass", "warn", "fail", "too_few_rows", "no_reference", "no_data", "undefined"]
KNOWN: frozenset[Verdict] = frozenset({"pass", "warn", "fail"})
"""Verdicts of windows that could be judged; others neither open nor close an incident."""


@dataclass(frozen=True)
class VerdictRow:
    """The verdict on one metric of one subject in one window.

    ``role`` is ``inputs``, ``predictions``, or ``labels``. ``subject`` is a feature, a performance
    metric, the name of a constraint, a label or decision, or the role itself for volume, freshness,
    and arrivals. ``metric`` is the statistic, the metric, the kind of constraint, or what is
    counted (``rows``, ``duplicate_share``, ``missing_day``, ``coverage``, ``unmapped_share``,
    ``missing_time``, ``partition_mismatch``, ``future_time``). ``expected`` is the value of the
    reference or of the history, if known. ``effect`` is the change divided by its threshold: 1 or
    more matters; 1 for a constraint that fails. ``adjusted_p`` is the calibrated p-value, corrected
    for the ``comparisons`` of the window. ``reason`` says why there is no verdict.
    """

    source: VerdictSource
    role: str
    subject: str
    metric: str
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
        """Whether the metric exceeds its threshold by more than chance."""
        return self.verdict == "fail"

    @property
    def is_known(self) -> bool:
        """Whether there is a verdict, instead of a reason why there is none."""
        return self.verdict in KNOWN

    @property
    def of_all_traffic(self) -> bool:
        """Whether it concerns all traffic instead of a segment."""
        return self.segmentation == ALL
