"""Metrics of a classifier's decisions. They are exact, because they depend on counts only."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import NO_CURRENT_ROWS, Values, values
from modelwatch.stats.performance.metric import (
    NO_DECIDED_NEGATIVES,
    NO_DECIDED_POSITIVES,
    NO_DECISIONS,
    NO_LABELS,
    NO_NEGATIVES,
    NO_POSITIVES,
    performance_metric,
)
from modelwatch.stats.states.binary_margins import NEGATIVE, POSITIVE, BinaryMargins
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.score_batch import Task

_NO_POSITIVE_DECISIONS = "no labeled row was decided positive"
BINARY: tuple[Task, ...] = ("binary",)
UNIT_RANGE = (0.0, 1.0)
_PAGE = "scikit-learn"


def quotient(numerator: AnyArray, denominator: AnyArray) -> Floats:
    """Divide elementwise; NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator != 0, numerator / denominator, np.nan)


def outcomes(states: BinaryMargins) -> tuple[Counts, Counts, Counts, Counts]:
    """Return true negatives, false positives, false negatives, and true positives, (n,) each."""
    table = states.confusion
    return (
        table[:, 0, NEGATIVE],
        table[:, 1, NEGATIVE],
        table[:, 0, POSITIVE],
        table[:, 1, POSITIVE],
    )


def known(states: MulticlassStates) -> Counts:
    """Return labeled rows by class and decision, (n, K, K + 1). The last decision stands for all
    unknown classes.

    Rows whose label is an unknown class are excluded.
    """
    return states.table[:, :-1, :]


@performance_metric(
    "accuracy",
    label="Accuracy",
    tasks=("binary", "multiclass"),
    range=UNIT_RANGE,
    better="higher",
    source=f"{_PAGE} accuracy_score",
    unit="share of labeled rows",
)
def accuracy(states: BinaryMargins | MulticlassStates) -> Values:
    """Share of rows whose decision equals the label, among labeled rows with a decision."""
    if isinstance(states, BinaryMargins):
        tn, fp, fn, tp = outcomes(states)
        right, rows = tn + tp, tn + fp + fn + tp
    else:
        table = known(states)
        right, rows = np.trace(table, axis1=1, axis2=2), table.sum(axis=(1, 2))
    return values(quotient(right, rows), *_undecided(states, rows))


@performance_metric(
    "precision",
    label="Precision",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="higher",
    source=f"{_PAGE} precision_score",
    unit="share of positive decisions",
)
def precision(states: BinaryMargins) -> Values:
    """Share of positive labels among labeled rows with a positive decision."""
    tn, fp, fn, tp = outcomes(states)
    return values(
        quotient(tp, tp + fp),
        *_undecided(states, tn + fp + fn + tp),
        (tp + fp == 0, _NO_POSITIVE_DECISIONS),
    )


@performance_metric(
    "recall",
    label="Recall",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="higher",
    source=f"{_PAGE} recall_score",
    unit="share of positive labels",
)
def recall(states: BinaryMargins) -> Values:
    """Share of positive decisions among rows with a positive label."""
    tn, fp, fn, tp = outcomes(states)
    rows = tn + fp + fn + tp
    return values(
        quotient(tp, tp + fn), *_undecided(states, rows), *_without(states, POSITIVE, tp + fn)
    )


@performance_metric(
    "specificity",
    label="Specificity",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="higher",
    source="Yerushalmy (1947)",
    unit="share of negative labels",
)
def specificity(states: BinaryMargins) -> Values:
    """Share of negative decisions among rows with a negative label."""
    tn, fp, fn, tp = outcomes(states)
    rows = tn + fp + fn + tp
    return values(
        quotient(tn, tn + fp), *_undecided(states, rows), *_without(states, NEGATIVE, tn + fp)
    )


@performance_metric(
    "false_positive_rate",
    label="False positive rate",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="lower",
    source="1 minus specificity",
    unit="share of negative labels",
)
def false_positive_rate(states: BinaryMargins) -> Values:
    """Share of positive decisions among rows with a negative label."""
    tn, fp, fn, tp = outcomes(states)
    rows = tn + fp + fn + tp
    return values(
        quotient(fp, tn + fp), *_undecided(states, rows), *_without(states, NEGATIVE, tn + fp)
    )


@performance_metric(
    "f1",
    label="F1",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="higher",
    source=f"{_PAGE} f1_score",
)
def f1(states: BinaryMargins) -> Values:
    """Harmonic mean of precision and recall, 2 tp / (2 tp + fp + fn). Undefined if no row has
    a positive label or decision."""
    tn, fp, fn, tp = outcomes(states)
    return values(
        quotient(2 * tp, 2 * tp + fp + fn),
        *_undecided(states, tn + fp + fn + tp),
        (tp + fp + fn == 0, "no row with a decision is positive by label or by decision"),
    )


@performance_metric(
    "mcc",
    label="Matthews correlation",
    tasks=BINARY,
    range=(-1.0, 1.0),
    better="higher",
    source=f"{_PAGE} matthews_corrcoef; Matthews (1975)",
)
def mcc(states: BinaryMargins) -> Values:
    """Correlation of decision and label. Undefined if either is the same in all rows, for which
    scikit-learn returns 0."""
    tn, fp, fn, tp = (count.astype(np.float64) for count in outcomes(states))
    sides = (tp + fp, tp + fn, tn + fp, tn + fn)
    # Roots before products, which could overflow.
    spread = np.sqrt(sides[0]) * np.sqrt(sides[1]) * np.sqrt(sides[2]) * np.sqrt(sides[3])
    found = quotient(tp * tn - fp * fn, spread)
    return values(
        np.clip(found, -1.0, 1.0),
        *_undecided(states, tn + fp + fn + tp),
        *_without(states, POSITIVE, sides[1]),
        *_without(states, NEGATIVE, sides[2]),
        (spread == 0, "all decisions are the same"),
    )


@performance_metric(
    "base_rate",
    label="Base rate",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="neutral",
    source="by definition",
    unit="share of labeled rows",
)
def base_rate(states: BinaryMargins) -> Values:
    """Share of positive labels among labeled rows."""
    labelled = states.labelled
    return values(
        quotient(states.by_label[:, POSITIVE], labelled),
        (states.rows == 0, NO_CURRENT_ROWS),
        (labelled == 0, NO_LABELS),
    )


@performance_metric(
    "selection_rate",
    label="Selection rate",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="neutral",
    source="by definition",
    unit="share of rows with a decision",
    of_labels=False,
)
def selection_rate(states: BinaryMargins) -> Values:
    """Share of positive decisions among all rows with a decision, labeled or not."""
    by_decision = states.confusion.sum(axis=2)
    rows = by_decision.sum(axis=1)
    return values(
        quotient(by_decision[:, 1], rows),
        (states.rows == 0, NO_CURRENT_ROWS),
        (rows == 0, "no row with a decision"),
    )


def confusion(states: BinaryMargins | MulticlassStates) -> Counts:
    """Return the confusion matrix of each window, with labels as rows and decisions as columns.

    Its shape is (n, 2, 2) for binary states, and (n, K + 1, K + 1) for multiclass states, where
    unknown classes are last.
    """
    if isinstance(states, MulticlassStates):
        return states.table
    return np.ascontiguousarray(np.swapaxes(states.confusion[:, :, NEGATIVE:], 1, 2))


def _undecided(
    states: BinaryMargins | MulticlassStates, rows: AnyArray
) -> tuple[tuple[AnyArray, str], ...]:
    return (
        (states.rows == 0, NO_CURRENT_ROWS),
        (states.labelled == 0, NO_LABELS),
        (rows == 0, NO_DECISIONS),
    )


def _without(
    states: BinaryMargins, label: int, decided: AnyArray
) -> tuple[tuple[AnyArray, str], ...]:
    """Return the conditions that no row has the label, and that no row with the label has a
    decision, each with its reason."""
    none, undecided = {
        POSITIVE: (NO_POSITIVES, NO_DECIDED_POSITIVES),
        NEGATIVE: (NO_NEGATIVES, NO_DECIDED_NEGATIVES),
    }[label]
    return (states.by_label[:, label] == 0, none), (decided == 0, undecided)
