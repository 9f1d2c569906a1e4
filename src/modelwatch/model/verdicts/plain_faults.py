"""Faults that need no reference: impossible predictions, and empty columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from modelwatch.model.config.monitor import MonitorConfig
from modelwatch.model.contracts.constraint import Severity
from modelwatch.stats.numerals import numerals
from modelwatch.stats.states.exact_numbers import ExactNumber
from modelwatch.stats.verdicts.null_model import FEWEST_REFERENCE_DAYS

FEWEST_DECISIONS = 500
"""Minimum number of rows of a day for a warning that all of them have the same decision."""
NEW_SHARE = 0.05
"""Minimum share of the rows of a day with nulls or values that a short reference does not have."""
_SLACK = 1e-9
"""Maximum rounding error of a probability."""
_BOUNDED = {"probability": (1.0, "is a probability"), "percentage": (100.0, "is a percentage")}
"""Maximum of a score by its kind, and what the score should be."""


@dataclass(frozen=True)
class PlainFault:
    """A fault of a day: the constraint that failed, by name, with the observed value."""

    day: date
    role: str
    column: str
    constraint: str
    severity: Severity
    observed: float | None
    rows: int
    reason: str


def is_short(config: MonitorConfig, present: Collection[date]) -> bool:
    """Whether no fixed reference has seven days with rows, or a table of its own."""
    return all(
        ref.table is None
        and sum(ref.days is not None and day in ref.days for day in present) < FEWEST_REFERENCE_DAYS
        for ref in config.fixed_references
    )


def plain_faults(
    config: MonitorConfig,
    day: date,
    role: str,
    feature: str,
    rows: int,
    nulls: int,
    ends: tuple[float, float] | None,
    constant: bool,
    new_share: float,
    short: bool,
) -> Iterator[PlainFault]:
    """The faults of a feature on a day, from its rows, nulls, minimum, and maximum.

    ``new_share``: share of the rows with nulls or values that no reference has. ``short``: the
    references have few days, so that empty columns, new values, and constant decisions are judged
    here. Later, a reference shows whether they are usual.
    """
    least = config.verdicts.min_rows

    def fault(
        constraint: str, severity: Severity, observed: float | None, reason: str
    ) -> PlainFault:
        return PlainFault(
            day, role, feature, f"{feature} {constraint}", severity, observed, rows, reason
        )

    if nulls == rows:
        if short and rows >= least:
            yield fault("has values", "warn", 0.0, "all values are null")
        return
    if short and rows >= least and new_share >= NEW_SHARE:
        words = f"{new_share:.0%} of the rows have a null or a value that the reference lacks"
        yield fault("has known values", "warn", 1.0 - new_share, words)
    if role != "predictions" or config.predictions is None:
        return
    performance = config.performance
    names = {name.lower() for name in config.predictions.score}
    is_score = feature.lower() in names
    classifies = performance is not None and performance.task != "regression"
    scores = {n.lower() for n in performance.score} if performance and classifies else set()
    limit = None if performance is None else _BOUNDED.get(performance.score_kind)
    if feature.lower() in scores and ends is not None and limit is not None:
        low, high = ends
        most, constraint = limit
        if low < -_SLACK or high > most + _SLACK:
            observed = high if high > most + _SLACK else low
            low_text, high_text = numerals((low, high))
            wording = f"values lie between {low_text} and {high_text}"
            yield fault(constraint, "fail", observed, wording)
    if constant and is_score and rows >= least:
        yield fault("varies", "fail", ends and ends[0], "all rows have the same score")
        return
    if not short or rows < FEWEST_DECISIONS or not classifies or performance is None:
        return
    decision = performance.decision
    threshold = decision.threshold if decision is not None else None
    one_side = (
        threshold is not None
        and feature.lower() in scores
        and ends is not None
        and (ends[1] < min(_both(threshold)) or ends[0] >= max(_both(threshold)))
    )
    of_column = decision is not None and (decision.column or "").lower() == feature.lower()
    if one_side or (constant and of_column):
        yield fault("decides both ways", "warn", None, "all rows have the same decision")


def _both(threshold: ExactNumber) -> tuple[float, float]:
    """A threshold as a column of doubles, and as a column of floats contains it."""
    return float(threshold), float(np.float32(threshold))
