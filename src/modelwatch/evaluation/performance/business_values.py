"""Business values and label maturity, computed from stored states."""

from __future__ import annotations

import numpy as np

from modelwatch.evaluation.performance.question import Answers, ScoreQuestion
from modelwatch.evaluation.performance.score_groups import ScopeStates, View
from modelwatch.stats.arrays import AnyArray, Counts, Floats, Spans, sums_over_spans
from modelwatch.stats.performance.decisions import outcomes
from modelwatch.stats.performance.jackknife import day_interval
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.moments import MOMENT_UNITS

CONFUSION_VALUE = "confusion_value"
"""Name of the business metric that is defined by a value per cell of the confusion matrix."""
_AGES = (0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 30, 45, 60, 75, 90, 120, 150, 180, 270, 365, 399)
"""Ages in days at which label maturity is reported."""
_NO_VALUES = "no row has a value"


def add_business(rows: Answers, question: ScoreQuestion, view: View, spans: Spans) -> None:
    """Add the sum and mean of each business metric over the due cohort of the view's windows."""
    due = view.due
    if question.cells is not None and isinstance(due.stack, BinaryStates):
        cells = outcomes(due.stack.margins)
        names = ("true_negative", "false_positive", "false_negative", "true_positive")
        value = sum(
            question.cells[name] * count.astype(np.float64)
            for name, count in zip(names, cells, strict=True)
        )
        held = np.sum(cells, axis=0)
        _add(rows, question, view, CONFUSION_VALUE, (np.asarray(value), held), spans)
    for name in view.group.names("value"):
        states = view.others("value", name)
        if states is None or not len(states):
            continue
        states = states.of_due
        found, counts, sums = states.by_day()
        # Days of the metric are a subset of the days of the task.
        at = np.searchsorted(due.days, found)
        value, held = np.zeros(len(due.days)), np.zeros(len(due.days), dtype=np.int64)
        value[at] = value_sums(sums)
        held[at] = counts[:, 1]
        _add(rows, question, view, name, (value, held), spans)


def value_sums(sums: Counts) -> Floats:
    """Return the sum of values of each day, (D,), from the limbs of ``moments``; NaN if it is
    unknown."""
    limbs = sums.astype(object)
    whole = (limbs[:, 0] << 64) + (limbs[:, 1] << 32) + limbs[:, 2]
    lost = sums[:, 3] > 0
    return np.where(lost, np.nan, [int(total) / (1 << MOMENT_UNITS[0]) for total in whole])


def _add(
    rows: Answers,
    question: ScoreQuestion,
    view: View,
    metric: str,
    days: tuple[Floats, Counts],
    spans: Spans,
) -> None:
    """Add the sum and mean of a metric with jackknife intervals.

    ``days``: the sum of values and the number of rows of each day, (D,) each.
    """
    value, held = days
    n = len(spans)
    intervals = {name: np.full((3, n), np.nan) for name in ("sum", "mean")}
    counted = sums_over_spans(held, spans)
    for w, (start, stop) in enumerate(spans):
        if not counted[w]:
            continue
        mine, of = value[start:stop], held[start:stop]
        used = of > 0
        mine, of = mine[used], of[used]
        total, every, d = mine.sum(), of.sum(), len(mine)
        with np.errstate(divide="ignore", invalid="ignore"):
            # A sum over D - 1 days is scaled to D days, so that the sum varies like a mean of days.
            without = (total - mine) * (d / max(d - 1.0, 1.0))
            means = (total - mine) / (every - of)
        for name, whole, left in (("sum", total, without), ("mean", total / every, means)):
            interval = day_interval(np.array([whole]), [left[:, None]])
            intervals[name][:, w] = whole, interval.lower[0], interval.upper[0]
    reason = np.full(n, None, dtype=object)
    reason[counted == 0] = _NO_VALUES
    for name, (found, lower, upper) in intervals.items():
        rows.add(
            "business_metrics",
            n,
            **view.scope,
            **question.window_columns(view.windows),
            metric=metric,
            statistic=name,
            value=found,
            reason=reason,
            lower=lower,
            upper=upper,
            **view.due.counts(spans),
            value_rows=counted,
        )


def add_maturity(rows: Answers, question: ScoreQuestion, view: View) -> None:
    """Add the share of predictions whose label was known at each age, over days of at least that
    age."""
    states = view.others("maturity", "*")
    every = view.every
    labelled, positive = _by_age(states, every.days)
    binary = isinstance(every.stack, BinaryStates)
    oldest = question.as_of_day - every.days
    spans = question.spans(every.days, view.windows)
    for age in _AGES:
        enough = oldest >= age
        all_rows = sums_over_spans(np.where(enough, every.stack.rows, 0), spans)
        known = sums_over_spans(np.where(enough, labelled[:, age], 0), spans)
        hits = sums_over_spans(np.where(enough, positive[:, age], 0), spans)
        chosen = np.flatnonzero(all_rows > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(known > 0, hits / known, np.nan)
            coverage = known / all_rows
        rows.add(
            "label_maturity",
            len(chosen),
            **view.scope,
            **question.window_columns(view.windows[chosen]),
            age_days=age,
            row_count=all_rows[chosen],
            labelled_rows=known[chosen],
            coverage=coverage[chosen],
            outcome_rate=rate[chosen] if binary else None,
        )


def _by_age(states: ScopeStates | None, days: AnyArray) -> tuple[Counts, Counts]:
    """Return the number of labels known by each age in days, and of positive ones, (D, 401)
    each."""
    if states is None or not len(states):
        none = np.zeros((len(days), _AGES[-1] + 2), dtype=np.int64)
        return none, none
    found, counts, _ = states.by_day()
    table = np.zeros((len(days), counts.shape[1]), dtype=np.int64)
    table[np.searchsorted(days, found)] = counts
    ages = np.cumsum(table.reshape(len(days), -1, 2), axis=1)
    return ages[:, :, 0], ages[:, :, 1]
