"""Metrics of a binary model's score, read from its frozen bins, and the tables behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.comparison import NO_CURRENT_ROWS, Values, values
from modelwatch.stats.performance_decisions import quotient
from modelwatch.stats.performance_metric import (
    NO_LABELS,
    NO_NEGATIVES,
    NO_POSITIVES,
    NO_SCORES,
    performance_metric,
)
from modelwatch.stats.score_batch import Task
from modelwatch.stats.scored import LOSS_UNIT, NEGATIVE, POSITIVE, SCORE_UNIT, BinaryStates

TENTHS = 10
"""Groups of the reliability table."""
_BINARY: tuple[Task, ...] = ("binary",)
_UNIT = (0.0, 1.0)


def sides(states: BinaryStates) -> tuple[Counts, Counts]:
    """Negative and positive rows by bin of the score, ascending, (n, B) each."""
    return states.scored[:, NEGATIVE], states.scored[:, POSITIVE]


def scored_rows(states: BinaryStates) -> Counts:
    """Labelled rows with a score in [0, 1], (n,)."""
    negatives, positives = sides(states)
    return np.asarray((negatives + positives).sum(axis=1), dtype=np.int64)


def _missing(states: BinaryStates, *, both: bool = False) -> tuple[tuple[AnyArray, str], ...]:
    negatives, positives = sides(states)
    conditions: tuple[tuple[AnyArray, str], ...] = (
        (states.rows == 0, NO_CURRENT_ROWS),
        (states.labelled == 0, NO_LABELS),
        (scored_rows(states) == 0, NO_SCORES),
        (positives.sum(axis=1) == 0, NO_POSITIVES),
    )
    if both:
        return (*conditions, (negatives.sum(axis=1) == 0, NO_NEGATIVES))
    return conditions


def _above(counts: Counts) -> Counts:
    """Rows in higher bins than each, (n, B)."""
    return np.asarray(np.cumsum(counts[:, ::-1], axis=1)[:, ::-1] - counts, dtype=np.int64)


def _auc_error(states: BinaryStates) -> Floats:
    negatives, positives = sides(states)
    mixed = ~states.single_value
    tied = (negatives[:, mixed] * positives[:, mixed]).sum(axis=1)
    return quotient(tied, 2.0 * negatives.sum(axis=1) * positives.sum(axis=1))


@performance_metric(
    "roc_auc",
    label="ROC AUC",
    tasks=_BINARY,
    range=_UNIT,
    better="higher",
    source="scikit-learn roc_auc_score; Hanley and McNeil (1982)",
    bound="half of the pairs of a positive and a negative row in one bin of several values",
    error_bound=_auc_error,
)
def roc_auc(states: BinaryStates) -> Values:
    """Probability that a positive row's score exceeds a negative row's, ties counted half; rows of
    one bin count as ties."""
    negatives, positives = sides(states)
    # Twice the pairs in order, in integers.
    pairs = (negatives * (2 * _above(positives) + positives)).sum(axis=1)
    every = 2 * negatives.sum(axis=1) * positives.sum(axis=1)
    return values(quotient(pairs, every), *_missing(states, both=True))


def _precision_steps(states: BinaryStates) -> tuple[Floats, Floats, Floats, Floats]:
    """Positive and all rows of each bin, and those above it."""
    negatives, positives = (side.astype(np.float64) for side in sides(states))
    higher = _above(states.scored[:, POSITIVE]).astype(np.float64)
    every = higher + _above(states.scored[:, NEGATIVE])
    return positives, positives + negatives, higher, every


def _average_precision_error(states: BinaryStates) -> Floats:
    own, rows, higher, every = _precision_steps(states)
    total = own.sum(axis=1)
    held = own > 0
    best = np.where(held, own * quotient(higher + own, every + own), 0.0)
    worst = np.where(held, own * quotient(higher + 1.0, every + rows - own + 1.0), 0.0)
    mixed = ~states.single_value
    mine = _average_precision_terms(states)
    error = np.maximum(best - mine, mine - worst)[:, mixed].sum(axis=1)
    return quotient(error, total)


def _average_precision_terms(states: BinaryStates) -> Floats:
    own, rows, higher, every = _precision_steps(states)
    held = np.maximum(rows, 1.0)
    tied = own * quotient(higher + own, every + held)
    # The mean of (higher + own t) / (every + rows t) over t in [0, 1], times own.
    share = own / held
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(every > 0, np.log1p(quotient(held, every)), 0.0)
    spread = own * (share + (higher - share * every) / held * log)
    return np.where(own > 0, np.where(states.single_value, tied, spread), 0.0)


@performance_metric(
    "average_precision",
    label="Average precision",
    tasks=_BINARY,
    range=_UNIT,
    better="higher",
    source="scikit-learn average_precision_score; Davis and Goadrich (2006) inside a bin",
    bound="what the best and the worst order of each bin's rows would give",
    error_bound=_average_precision_error,
)
def average_precision(states: BinaryStates) -> Values:
    """Precision at each threshold weighted by the recall that it adds; the rows of a bin of several
    values are taken to be evenly mixed."""
    total = states.scored[:, POSITIVE].sum(axis=1)
    terms = _average_precision_terms(states).sum(axis=1)
    return values(quotient(terms, total), *_missing(states))


@performance_metric(
    "brier",
    label="Brier score",
    tasks=_BINARY,
    range=_UNIT,
    better="lower",
    source="scikit-learn brier_score_loss; Brier (1950)",
)
def brier(states: BinaryStates) -> Values:
    """Mean squared difference of score and label (0 or 1), of labelled rows with a score in
    [0, 1]; scores are rounded to 2**-30."""
    squares = states.loss_sums[:, NEGATIVE:, 0].sum(axis=1) / SCORE_UNIT
    positives = states.scored[:, POSITIVE].sum(axis=1)
    cross = states.summed[:, POSITIVE].sum(axis=1)
    total = np.maximum(squares - 2.0 * cross + positives, 0.0)
    return values(quotient(total, scored_rows(states)), *_missing(states)[:3])


def log_loss_of_binary(states: BinaryStates) -> Values:
    """Mean log loss of labelled rows with a score in [0, 1]."""
    total = states.loss_sums[:, NEGATIVE:, 1].sum(axis=1) / LOSS_UNIT
    return values(quotient(total, scored_rows(states)), *_missing(states)[:3])


@performance_metric(
    "calibration_bias",
    label="Calibration bias",
    tasks=_BINARY,
    range=(-1.0, 1.0),
    better="neutral",
    source="calibration in the large; Cox (1958)",
)
def calibration_bias(states: BinaryStates) -> Values:
    """Mean score less the share of positive labels, of labelled rows with a score in [0, 1]."""
    positives = states.scored[:, POSITIVE].sum(axis=1)
    total = states.summed[:, NEGATIVE:].sum(axis=(1, 2)) - positives
    return values(quotient(total, scored_rows(states)), *_missing(states)[:3])


@dataclass(frozen=True)
class Reliability:
    """Reliability table of n windows, by tenth of the score.

    ``lower`` (10,): least score of each tenth. ``rows``, ``positives`` (n, 10): labelled rows.
    ``mean_score`` and ``positive_share`` (n, 10): NaN where there is no row.
    """

    lower: Floats
    rows: Counts
    positives: Counts
    mean_score: Floats
    positive_share: Floats


def _tenths(states: BinaryStates) -> tuple[AnyArray, AnyArray]:
    """Tenth of each bin of [0, 1], by its middle; whether the bin reaches into another."""
    low = states.lower_edges
    upper = np.minimum(np.append(low[1:], 1.0), 1.0)
    # A score of 1 is of the last tenth.
    inner = np.arange(1, TENTHS) / TENTHS
    middle = np.where(states.single_value, low, (low + upper) / 2.0)
    tenth = np.searchsorted(inner, middle, side="right")
    first = np.searchsorted(inner, low, side="right")
    last = np.searchsorted(inner, upper, side="left")
    return tenth, ~states.single_value & (first != last)


def reliability(states: BinaryStates) -> Reliability:
    """Labelled rows, mean score and share of positives by tenth of the score.

    A bin that reaches into two tenths counts in the one that holds its middle.
    """
    tenth, _ = _tenths(states)
    member = (tenth[:, None] == np.arange(TENTHS)).astype(np.int64)
    negatives, positives = (side @ member for side in sides(states))
    scores = states.summed[:, NEGATIVE:].sum(axis=1) @ member
    rows = negatives + positives
    return Reliability(
        np.arange(TENTHS) / TENTHS,
        rows,
        positives,
        quotient(scores, rows),
        quotient(positives, rows),
    )


def _ece_error(states: BinaryStates) -> Floats:
    _, straddling = _tenths(states)
    rows = states.scored[:, NEGATIVE:].sum(axis=1)
    return quotient(2.0 * rows[:, straddling].sum(axis=1), rows.sum(axis=1))


@performance_metric(
    "ece",
    label="Expected calibration error",
    tasks=_BINARY,
    range=_UNIT,
    better="lower",
    source="Naeini et al. (2015), ten bins of equal width",
    bound="twice the share of rows in bins that reach into two tenths",
    error_bound=_ece_error,
)
def ece(states: BinaryStates) -> Values:
    """Mean over labelled rows of the distance of mean score and share of positives in their tenth
    of the score; chance alone makes it positive, the more so the fewer the rows."""
    table = reliability(states)
    gaps = np.nan_to_num(np.abs(table.mean_score - table.positive_share)) * table.rows
    return values(quotient(gaps.sum(axis=1), table.rows.sum(axis=1)), *_missing(states)[:3])


@dataclass(frozen=True)
class ThresholdCurve:
    """Outcomes of n windows if all rows with a score of at least a threshold were positive.

    ``thresholds`` (B,): the frozen edges in [0, 1], ascending; exact there. The counts: (n, B).
    """

    thresholds: Floats
    true_positives: Counts
    false_positives: Counts
    false_negatives: Counts
    true_negatives: Counts

    @property
    def precision(self) -> Floats:
        """NaN where nothing would be decided positive."""
        return quotient(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Floats:
        """NaN without positive labels."""
        return quotient(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def false_positive_rate(self) -> Floats:
        """NaN without negative labels."""
        return quotient(self.false_positives, self.false_positives + self.true_negatives)

    @property
    def f1(self) -> Floats:
        """NaN where no row is positive by label or by threshold."""
        twice = 2 * self.true_positives
        return quotient(twice, twice + self.false_positives + self.false_negatives)


def threshold_curve(states: BinaryStates) -> ThresholdCurve:
    """What every threshold would have decided, of labelled rows with a score in [0, 1]."""
    negatives, positives = sides(states)
    tp, fp = _above(positives) + positives, _above(negatives) + negatives
    return ThresholdCurve(
        states.lower_edges,
        tp,
        fp,
        positives.sum(axis=1, keepdims=True) - tp,
        negatives.sum(axis=1, keepdims=True) - fp,
    )


def _top(states: BinaryStates, share: float) -> tuple[Floats, Floats]:
    """Positive rows among the top share of rows by score, and by how many it may be wrong."""
    own, rows, _, every = _precision_steps(states)
    wanted = share * rows.sum(axis=1, keepdims=True)
    part = np.clip(wanted - every, 0.0, rows)
    found = quotient(part * own, np.maximum(rows, 1.0))
    most = np.minimum(part, own)
    least = np.maximum(part - (rows - own), 0.0)
    error = np.maximum(most - found, found - least)
    return found.sum(axis=1), error[:, ~states.single_value].sum(axis=1)


def _register_lift(percent: int) -> None:
    share = percent / 100.0

    def over_chance(states: BinaryStates, positives: Floats) -> Floats:
        rows = scored_rows(states).astype(np.float64)
        every = states.scored[:, POSITIVE].sum(axis=1)
        return quotient(positives, share * rows) / np.where(
            every > 0, quotient(every, rows), np.nan
        )

    def error(states: BinaryStates) -> Floats:
        return over_chance(states, _top(states, share)[1])

    def lift(states: BinaryStates) -> Values:
        return values(over_chance(states, _top(states, share)[0]), *_missing(states))

    lift.__doc__ = (
        f"Share of positives among the {percent} % of labelled rows with the highest scores, over "
        "their share among all; of rows with one score, and of a bin of several, the part that "
        "belongs to the top holds its share of the positives."
    )
    performance_metric(
        f"lift_{percent:02d}",
        label=f"Lift at the top {percent} %",
        tasks=_BINARY,
        range=(0.0, np.inf),
        better="higher",
        source="by definition; ties as in expectation of a random order",
        bound="what the best and the worst order in the bin where the top ends would give",
        unit="times the base rate",
        error_bound=error,
    )(lift)


for _percent in (1, 5, 10, 20):
    _register_lift(_percent)
