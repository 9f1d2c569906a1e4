"""Group fairness: metrics of a segment compared with those of all other rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray
from modelwatch.stats.drift.comparison import Values
from modelwatch.stats.performance.intervals import Change, change_of, why_undefined
from modelwatch.stats.performance.jackknife import day_interval
from modelwatch.stats.performance.metrics import performance
from modelwatch.stats.states.binary_margins import BinaryMargins


@dataclass(frozen=True)
class FairnessMetric:
    """The difference between a metric of a segment and the same metric of all other rows."""

    key: str
    label: str
    of: str
    meaning: str
    source: str


FAIRNESS: dict[str, FairnessMetric] = {
    known.key: known
    for known in (
        FairnessMetric(
            "selection_rate_difference",
            "Difference of selection rates",
            "selection_rate",
            "Selection rate of the segment minus that of all other rows (demographic parity).",
            "Calders and Verwer (2010)",
        ),
        FairnessMetric(
            "recall_difference",
            "Difference of recall",
            "recall",
            "Recall of the segment minus that of all other rows (equal opportunity).",
            "Hardt, Price and Srebro (2016)",
        ),
        FairnessMetric(
            "false_positive_rate_difference",
            "Difference of false positive rates",
            "false_positive_rate",
            "False positive rate of the segment minus that of all other rows; with the "
            "difference of recall, equalized odds.",
            "Hardt, Price and Srebro (2016)",
        ),
        FairnessMetric(
            "precision_difference",
            "Difference of precision",
            "precision",
            "Precision of the segment minus that of all other rows (predictive parity).",
            "Chouldechova (2017)",
        ),
        FairnessMetric(
            "calibration_difference",
            "Difference of calibration",
            "calibration_bias",
            "Mean score minus share of positives in the segment, minus the same for all other "
            "rows.",
            "Kleinberg, Mullainathan and Raghavan (2017)",
        ),
    )
}
"""Fairness metrics by key."""


def fairness(
    segments: BinaryMargins, whole: BinaryMargins, keys: Iterable[str] | None = None
) -> dict[str, Values]:
    """Return the differences between each segment and all other rows, (G,) by key.

    ``segments``: a stack of G states. ``whole``: the states of all traffic, either one for all
    segments or one for each.
    """
    wanted = [FAIRNESS[key] for key in (FAIRNESS if keys is None else keys)]
    each = whole if len(whole) == len(segments) else whole.take(np.zeros(len(segments), dtype=int))
    names = [known.of for known in wanted]
    mine, others = performance(segments, names), performance(each - segments, names)
    return {known.key: _difference(mine[known.of], others[known.of]) for known in wanted}


def fairness_intervals(
    segment: BinaryMargins,
    whole: BinaryMargins,
    keys: Iterable[str] | None = None,
    *,
    level: float = 0.95,
) -> dict[str, Change]:
    """Return the differences between one segment and all other rows of one window, with intervals
    and tests.

    ``segment`` and ``whole`` are stacks of the same D days in the same order. The jackknife omits a
    day from both at the same time.
    """
    wanted = list(FAIRNESS if keys is None else keys)
    every = fairness(segment.total(), whole.total(), wanted)
    used = whole.rows > 0
    days, others = segment.take(used), whole.take(used)
    without = fairness(days.without_each(), others.without_each(), wanted)
    spread = day_interval(
        np.array([every[key].value[0] for key in wanted]),
        [np.stack([without[key].value for key in wanted], axis=1)],
        level=level,
    )
    return {
        key: change_of(
            spread, at, every[key].reason[0] or why_undefined(len(days), float(spread.sd[at]))
        )
        for at, key in enumerate(wanted)
    }


def _difference(mine: Values, others: Values) -> Values:
    reason: AnyArray = np.full(len(mine), None, dtype=object)
    for name, side in (("other rows", others), ("segment", mine)):
        missing = side.reason != np.array(None)
        reason[missing] = [f"{name}: {text}" for text in side.reason[missing]]
    return Values(mine.value - others.value, reason)
