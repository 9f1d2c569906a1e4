"""Intervals of metrics and of their changes for a single window.

Rows of one day are not independent, so intervals come from a delete-one-day jackknife. Intervals
for independent rows are computed as well. See docs/decisions/0006-score-bins-and-intervals.md for
the measured coverage of both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Floats
from modelwatch.stats.performance.jackknife import FEW_DAYS, FEWEST_DAYS, DayInterval, day_interval
from modelwatch.stats.performance.metric import MetricStates, ScoreStates, metric_states
from modelwatch.stats.performance.metrics import PERFORMANCE, performance
from modelwatch.stats.performance.row_intervals import RowInterval, iid_interval, least_variance
from modelwatch.stats.special import student_quantile

__all__ = [
    "Change",
    "Interval",
    "RowInterval",
    "change_of",
    "changes",
    "iid_interval",
    "intervals",
    "why_undefined",
]

WITHOUT_A_DAY = "undefined if one of the days is left out"
NO_SPREAD = "all days are alike"


@dataclass(frozen=True)
class Interval:
    """A metric of one window, with its jackknife interval and the interval for independent rows.

    ``reason``: why ``value``, or ``lower`` and ``upper``, are NaN; None if they are defined.
    ``design_effect``: the jackknife variance divided by the variance for independent rows; NaN if
    undefined. ``variance``: the jackknife variance. ``days``: number of days used.
    """

    value: float
    lower: float
    upper: float
    reason: str | None
    iid_lower: float
    iid_upper: float
    design_effect: float
    variance: float
    days: int


@dataclass(frozen=True)
class Change:
    """A metric of a window minus that of a reference, with an interval and a test of no change.

    ``reason``: why ``value`` or its interval is NaN; None if both are defined. ``borrowed``:
    whether the design effect of the reference was used because the window has too few days.
    """

    value: float
    lower: float
    upper: float
    p_value: float
    reason: str | None
    borrowed: bool


def intervals(
    days: ScoreStates, keys: Iterable[str] | None = None, *, level: float = 0.95
) -> dict[str, Interval]:
    """Return metrics of one window with their intervals, by key.

    ``days``: a stack of the states of its D days. ``keys``: the metrics; all metrics of the task by
    default. Days without rows that a metric uses do not affect its interval.
    """
    found: dict[str, Interval] = {}
    for side in _sides(days, keys):
        spread = day_interval(side.value, [side.without], level=level)
        for at, key in enumerate(side.keys):
            found[key] = _interval(side, at, spread, level)
    return found


def changes(
    days: ScoreStates,
    reference: ScoreStates,
    keys: Iterable[str] | None = None,
    *,
    level: float = 0.95,
) -> dict[str, Change]:
    """Return the changes of metrics between a reference and one window, by key.

    ``days`` and ``reference``: stacks of the states of their days. A day in both is treated as two
    independent days, which makes the interval too wide. For a window of fewer than 3 days, the
    design effect of the reference is used.
    """
    found: dict[str, Change] = {}
    for after, before in zip(_sides(days, keys), _sides(reference, keys), strict=True):
        borrowing = len(after.without) < FEWEST_DAYS <= len(before.without)
        if borrowing:
            spread = _lent_spread(after, before, level)
        else:
            value = after.value - before.value
            scale = np.maximum(np.abs(after.value), np.abs(before.value))
            floors = [side.floor(scale) for side in (after, before)]
            sides = [after.without, before.without]
            spread = day_interval(value, sides, floors=floors, level=level)
        combined_days = max if borrowing else min
        fewest = combined_days(len(after.without), len(before.without))
        for at, key in enumerate(after.keys):
            why = [
                f"{name}: {side.reason[at]}"
                for name, side in (("window", after), ("reference", before))
                if side.reason[at] is not None
            ]
            reason = "; ".join(why) or why_undefined(fewest, float(spread.sd[at]))
            if reason == NO_SPREAD and spread.value[at] == 0:
                reason = None
            found[key] = change_of(spread, at, reason, borrowed=borrowing)
    return found


def why_undefined(days: int, sd: float) -> str | None:
    """Return why an interval is undefined; None if it is defined."""
    if days < FEWEST_DAYS:
        return FEW_DAYS
    if np.isnan(sd):
        return WITHOUT_A_DAY
    return None if sd > 0 else NO_SPREAD


def change_of(
    spread: DayInterval, at: int, reason: str | None, *, borrowed: bool = False
) -> Change:
    """Return the change at position ``at``; its interval and p-value are NaN if there is a
    reason."""
    ends = (spread.lower, spread.upper, spread.p_value)
    lower, upper, p_value = (float(end[at]) if reason is None else np.nan for end in ends)
    return Change(float(spread.value[at]), lower, upper, p_value, reason, borrowed)


@dataclass(frozen=True)
class _Side:
    """K metrics of one window of D days: ``value`` over all days, (K,), and ``without`` each day in
    turn, (D, K)."""

    keys: tuple[str, ...]
    whole: MetricStates
    value: Floats
    reason: tuple[str | None, ...]
    without: Floats

    def floor(self, scale: Floats) -> tuple[Floats, Floats]:
        """Return the variance of each metric below which the variance over days is not informative
        (0 if unknown), and the variance that replaces it, (K,) each.

        The replacement is the variance for independent rows, but not less than the bound. ``scale``
        (K,): the scale of metrics with an unbounded range.
        """
        least = [
            float(least_variance(key, self.whole, scale[at : at + 1])[0])
            for at, key in enumerate(self.keys)
        ]
        rows = [float(iid_interval(key, self.whole).variance[0]) for key in self.keys]
        return np.nan_to_num(least), np.fmax(least, rows)


def _sides(states: ScoreStates, keys: Iterable[str] | None) -> list[_Side]:
    """Return the metrics of labeled rows, followed by the metrics of all rows, which use different
    days."""
    days = metric_states(states)
    known = PERFORMANCE.values() if keys is None else [PERFORMANCE[key] for key in keys]
    wanted = [metric for metric in known if metric.applies(days)]
    whole = days.total()
    found = []
    for of_labels in (True, False):
        mine = tuple(metric.key for metric in wanted if metric.of_labels is of_labels)
        if not mine:
            continue
        used = days.take((days.labelled if of_labels else days.rows) > 0)
        every = performance(whole, mine)
        without = performance(used.without_each(), mine, bounded=False)
        found.append(
            _Side(
                mine,
                whole,
                np.array([every[key].value[0] for key in mine]),
                tuple(every[key].reason[0] for key in mine),
                np.stack([without[key].value for key in mine], axis=1),
            )
        )
    return found


def _interval(side: _Side, at: int, spread: DayInterval, level: float) -> Interval:
    key = side.keys[at]
    low, high = PERFORMANCE[key].range
    rows = iid_interval(key, side.whole, level=level)
    reason = side.reason[at] or why_undefined(len(side.without), float(spread.sd[at]))
    variance, alone = float(spread.sd[at]) ** 2, float(rows.variance[0])
    return Interval(
        value=float(side.value[at]),
        lower=max(float(spread.lower[at]), low) if reason is None else np.nan,
        upper=min(float(spread.upper[at]), high) if reason is None else np.nan,
        reason=reason,
        iid_lower=float(rows.lower[0]),
        iid_upper=float(rows.upper[0]),
        design_effect=variance / alone if alone > 0 else np.nan,
        variance=variance,
        days=len(side.without),
    )


def _lent_spread(after: _Side, before: _Side, level: float) -> DayInterval:
    """Return the interval of the difference, with the variance for independent rows of the window
    multiplied by the design effect of the reference."""
    scale = np.maximum(np.abs(after.value), np.abs(before.value))
    theirs = day_interval(before.value, [before.without], floors=[before.floor(scale)], level=level)
    variance = theirs.sd**2
    own, rows = (
        np.maximum(
            [float(iid_interval(key, side.whole).variance[0]) for key in side.keys],
            side.floor(scale)[0],
        )
        for side in (after, before)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.sqrt(variance + np.maximum(variance / rows, 1.0) * own)
        value = after.value - before.value
        degrees = np.full(len(sd), len(before.without) - 1.0)
        reach = student_quantile(0.5 + level / 2.0, degrees) * sd
    return DayInterval(value, value - reach, value + reach, sd, degrees)
