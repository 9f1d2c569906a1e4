"""Differences of two models over shared days, as means of days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.comparison.confidence_sequence import DayMean, are_alike, day_mean
from modelwatch.stats.drift.comparison import Values
from modelwatch.stats.performance.fairness import FAIRNESS, fairness
from modelwatch.stats.performance.metric import MetricStates
from modelwatch.stats.performance.metrics import performance
from modelwatch.stats.performance.row_intervals import iid_interval, least_variance
from modelwatch.stats.states.binary_margins import BinaryMargins


@dataclass(frozen=True)
class DayDifference:
    """A quantity of two models, and the challenger's minus the champion's over days.

    ``reason``: why the difference is undefined; None if it is not.
    """

    champion: float
    challenger: float
    difference: DayMean
    reason: str | None = None


def day_differences(
    champion: MetricStates, challenger: MetricStates, keys: Iterable[str]
) -> dict[str, DayDifference]:
    """Differences of metrics by key. Both are stacks of the same D days in the same order.

    A day is left out of both models at once, so that what they share cancels.
    """
    sides = (champion, challenger)
    wanted = list(keys)
    whole = [performance(side.total(), wanted) for side in sides]
    without = [performance(side.without_each(), wanted, bounded=False) for side in sides]
    totals = [side.total() for side in sides]
    return {
        key: difference_of(
            (whole[0][key], whole[1][key]),
            (without[0][key].value, without[1][key].value),
            partial(_row_variance, totals, key),
        )
        for key in whole[0]
    }


def difference_of(
    whole: tuple[Values, Values],
    without: tuple[Floats, Floats],
    row_variance: Callable[[], float] = lambda: 0.0,
) -> DayDifference:
    """A difference from the values of champion and challenger, (1,) each, and those without each of
    the D days, (D,) each. ``row_variance``: its variance for independent rows, which counts if all
    days are alike."""
    left, right = (float(side.value[0]) for side in whole)
    named = zip(("champion", "challenger"), whole, strict=True)
    reasons = [f"{name}: {side.reason[0]}" for name, side in named if side.reason[0]]
    off = without[1] - without[0]
    mean = day_mean(right - left, off, row_variance() if len(off) > 1 and are_alike(off) else 0.0)
    return DayDifference(left, right, mean, "; ".join(reasons) or None)


def fairness_differences(
    champion: tuple[BinaryMargins, BinaryMargins],
    challenger: tuple[BinaryMargins, BinaryMargins],
    keys: Iterable[str],
) -> dict[str, DayDifference]:
    """Differences of the sizes of fairness gaps by key: how much farther a segment is from the
    other rows.

    Each model is given by the states of the segment and those of all rows, on the same D days.
    """
    wanted = list(keys)
    gaps: list[tuple[Mapping[str, Values], Mapping[str, Values]]] = []
    for segment, whole in (champion, challenger):
        total = fairness(segment.total(), whole.total(), wanted)
        gaps.append((total, fairness(segment.without_each(), whole.without_each(), wanted)))
    return {
        key: difference_of(
            _sizes([total for total, _ in gaps], key),
            (np.abs(gaps[0][1][key].value), np.abs(gaps[1][1][key].value)),
            partial(_gap_variance, (champion, challenger), key),
        )
        for key in wanted
    }


def _sizes(gaps: Sequence[Mapping[str, Values]], key: str) -> tuple[Values, Values]:
    left, right = (Values(np.abs(gap[key].value), gap[key].reason) for gap in gaps)
    return left, right


def _row_variance(sides: Sequence[MetricStates], key: str) -> float:
    return float(row_variance_floor(sides, [key])[1][0])


def _gap_variance(models: Sequence[tuple[BinaryMargins, BinaryMargins]], key: str) -> float:
    """Variance of the difference of two gaps for independent rows."""
    parts = [
        part
        for segment, whole in models
        for part in (segment.total(), whole.total() - segment.total())
    ]
    return float(np.nansum([_row_variance([part], FAIRNESS[key].of) for part in parts]))


def row_variance_floor(sides: Sequence[MetricStates], keys: Sequence[str]) -> tuple[Floats, Floats]:
    """The variance of each difference below which days are not informative (0 if unknown), and the
    variance that then replaces it: that of the rows of both models, (K,) each."""
    found = np.zeros((2, len(keys)))
    for at, key in enumerate(keys):
        for side in sides:
            size = np.abs(performance(side, [key], bounded=False)[key].value)
            least = np.nan_to_num(least_variance(key, side, size))
            rows = iid_interval(key, side).variance
            found[:, at] += float(least[0]), float(np.fmax(least, rows)[0])
    return found[0], found[1]
