"""Score metrics of binary classifiers, computed from binned scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import psi

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import NO_CURRENT_ROWS, Values, values
from modelwatch.stats.performance.decisions import BINARY, UNIT_RANGE, quotient
from modelwatch.stats.performance.metric import (
    NO_LABELS,
    NO_NEGATIVES,
    NO_POSITIVES,
    NO_SCORED_NEGATIVES,
    NO_SCORED_POSITIVES,
    NO_SCORES,
    NOT_PROBABILITIES,
    RANKS,
    performance_metric,
)
from modelwatch.stats.states.binary import LOSS_UNIT
from modelwatch.stats.states.binary_margins import NEGATIVE, POSITIVE, SCORE_UNIT, BinaryMargins
from modelwatch.stats.states.score_scale import MATERIAL_SHARE, kind_of

_TENTHS = 10
"""Number of equal-width bins in the reliability table."""
_ROUNDING = 1e-12


def sides(states: BinaryMargins) -> tuple[Counts, Counts]:
    """Return the negative and positive rows in each score bin, in ascending order, (n, B) each."""
    return states.ranked[:, NEGATIVE], states.ranked[:, POSITIVE]


def ranked_rows(states: BinaryMargins) -> Counts:
    """Return the number of labeled rows with a score, (n,)."""
    return np.asarray(states.ranked_by_label[:, NEGATIVE:].sum(axis=1), dtype=np.int64)


def scored_rows(states: BinaryMargins) -> Counts:
    """Return the number of labeled rows whose score is a probability, (n,)."""
    return np.asarray(states.scored_by_label[:, NEGATIVE:].sum(axis=1), dtype=np.int64)


Conditions = tuple[tuple[AnyArray, str], ...]


def _without_scores(states: BinaryMargins) -> Conditions:
    return (
        (states.rows == 0, NO_CURRENT_ROWS),
        (states.labelled == 0, NO_LABELS),
        (ranked_rows(states) == 0, NO_SCORES),
    )


def _missing(states: BinaryMargins, *, both: bool = False) -> Conditions:
    """Return the conditions under which a ranking metric is undefined, each with its reason."""
    conditions: Conditions = (
        *_without_scores(states),
        (states.by_label[:, POSITIVE] == 0, NO_POSITIVES),
        (states.ranked_by_label[:, POSITIVE] == 0, NO_SCORED_POSITIVES),
    )
    if both:
        return (
            *conditions,
            (states.by_label[:, NEGATIVE] == 0, NO_NEGATIVES),
            (states.ranked_by_label[:, NEGATIVE] == 0, NO_SCORED_NEGATIVES),
        )
    return conditions


def _improbable(states: BinaryMargins) -> Conditions:
    """Return the conditions under which a metric of probabilities is undefined, each with its
    reason."""
    ranked, scored = ranked_rows(states), scored_rows(states)
    why = RANKS if kind_of(states.binning) == "rank" else NOT_PROBABILITIES
    return (
        *_without_scores(states),
        ((ranked - scored > MATERIAL_SHARE * ranked) | (scored == 0), why),
    )


def _auc_error(states: BinaryMargins) -> Floats:
    negatives, positives = sides(states)
    mixed = ~states.single_value
    tied = (negatives[:, mixed] * positives[:, mixed]).sum(axis=1)
    return quotient(tied, 2.0 * negatives.sum(axis=1) * positives.sum(axis=1))


@performance_metric(
    "roc_auc",
    label="ROC AUC",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="higher",
    source="scikit-learn roc_auc_score; Hanley and McNeil (1982)",
    bound="half of the pairs of a positive and a negative row in a bin with several values",
    error_bound=_auc_error,
    largest_bound=0.1,
)
def roc_auc(states: BinaryMargins) -> Values:
    """Probability that the score of a positive row exceeds that of a negative row, where ties count
    half. Rows of one bin count as ties."""
    negatives, positives = sides(states)
    # Twice the number of ordered pairs, in integers.
    pairs = (negatives * (2 * states.ranked_above[:, POSITIVE] + positives)).sum(axis=1)
    every = 2 * negatives.sum(axis=1) * positives.sum(axis=1)
    return values(quotient(pairs, every), *_missing(states, both=True))


def _precision_steps(states: BinaryMargins) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the positive rows and all rows in each bin, and the positive rows and all rows in the
    bins above it, (n, B) each."""
    negatives, positives = (side.astype(np.float64) for side in sides(states))
    higher = states.ranked_above[:, POSITIVE].astype(np.float64)
    every = higher + states.ranked_above[:, NEGATIVE]
    return positives, positives + negatives, higher, every


def _reciprocals(first: Floats, count: Floats) -> Floats:
    """Return the sum of 1 / (first + k) for k from 1 to ``count``."""
    return np.asarray(psi(first + count + 1.0) - psi(first + 1.0), dtype=np.float64)


def _average_precision_error(states: BinaryMargins) -> Floats:
    own, rows, higher, every = _precision_steps(states)
    total = own.sum(axis=1)
    # At best, all positives of a bin score above its other rows; at worst each scores below them,
    # so that the k-th has a precision of (h + k) / (e + k).
    after = every + rows - own
    best = own * quotient(higher + own, every + np.maximum(own, 1.0))
    worst = own - (after - higher) * _reciprocals(after, own)
    mine = _average_precision_terms(states)
    error = np.maximum(best - mine, mine - worst)
    held = (own > 0) & (rows > 1) & ~states.single_value
    return quotient(np.where(held, error, 0.0).sum(axis=1), total)


def _average_precision_terms(states: BinaryMargins) -> Floats:
    own, rows, higher, every = _precision_steps(states)
    tied = own * quotient(higher + own, every + np.maximum(rows, 1.0))
    # In random order, the k-th row of a bin is positive with probability own / rows, and then 1 +
    # (k - 1) (own - 1) / (rows - 1) of the positives of the bin are among its first k rows.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rows > 1, (own - 1.0) / (rows - 1.0), 0.0)
        rest = higher + 1.0 - share * (1.0 + every)
        spread = own / rows * (share * rows + rest * _reciprocals(every, rows))
    return np.where(own > 0, np.where(states.single_value, tied, spread), 0.0)


@performance_metric(
    "average_precision",
    label="Average precision",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="higher",
    source="scikit-learn average_precision_score; its expectation over the orders inside a bin",
    bound="the best and the worst order of the rows in each bin",
    error_bound=_average_precision_error,
)
def average_precision(states: BinaryMargins) -> Values:
    """Precision at each threshold, weighted by the increase of recall. Rows of a bin with several
    values are assumed to be in random order."""
    total = states.ranked_by_label[:, POSITIVE]
    terms = _average_precision_terms(states).sum(axis=1)
    return values(np.clip(quotient(terms, total), 0.0, 1.0), *_missing(states))


@performance_metric(
    "brier",
    label="Brier score",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="lower",
    source="scikit-learn brier_score_loss; Brier (1950)",
)
def brier(states: BinaryMargins) -> Values:
    """Mean squared difference between probability and label (0 or 1), over labeled rows whose score
    is a probability. Probabilities are rounded to 2**-30."""
    squares = states.loss_sums[:, NEGATIVE:, 0].sum(axis=1) / SCORE_UNIT
    positives = states.scored_by_label[:, POSITIVE]
    cross = states.summed[:, POSITIVE].sum(axis=1)
    total = np.maximum(squares - 2.0 * cross + positives, 0.0)
    return values(quotient(total, scored_rows(states)), *_improbable(states))


def log_loss_of_binary(states: BinaryMargins) -> Values:
    """Return the mean log loss of labeled rows whose score is a probability, in nats."""
    total = states.loss_sums[:, NEGATIVE:, 1].sum(axis=1) / LOSS_UNIT
    return values(quotient(total, scored_rows(states)), *_improbable(states))


@performance_metric(
    "calibration_bias",
    label="Calibration bias",
    tasks=BINARY,
    range=(-1.0, 1.0),
    better="neutral",
    source="calibration in the large; Cox (1958)",
)
def calibration_bias(states: BinaryMargins) -> Values:
    """Mean probability minus the share of positive labels, over labeled rows whose score is a
    probability."""
    positives = states.scored_by_label[:, POSITIVE]
    total = states.summed[:, NEGATIVE:].sum(axis=(1, 2)) - positives
    return values(quotient(total, scored_rows(states)), *_improbable(states))


@dataclass(frozen=True)
class Reliability:
    """Reliability table of n windows, with ten equal-width bins of the probability.

    ``lower`` (10,): lower end of each bin. ``rows`` and ``positives`` (n, 10): labeled rows and
    positive rows in each bin. ``mean_score`` and ``positive_share`` (n, 10): NaN for a bin without
    rows.
    """

    lower: Floats
    rows: Counts
    positives: Counts
    mean_score: Floats
    positive_share: Floats


def _tenths(states: BinaryMargins) -> tuple[AnyArray, AnyArray]:
    """Return the reliability bin that contains the middle of each score bin, and whether the score
    bin overlaps another reliability bin, (B,) each."""
    low = states.lower_edges
    upper = np.append(low[1:], 1.0)
    single = states.single_value[states.probabilities]
    # A score of 1 belongs to the last tenth.
    inner = np.arange(1, _TENTHS) / _TENTHS
    middle = np.where(single, low, (low + upper) / 2.0)
    tenth = np.searchsorted(inner, middle, side="right")
    # Edges that are tenths in another unit have rounding errors.
    first = np.searchsorted(inner, low + _ROUNDING, side="right")
    last = np.searchsorted(inner, upper - _ROUNDING, side="left")
    return tenth, ~single & (first < last)


def reliability(states: BinaryMargins) -> Reliability:
    """Return labeled rows, mean score, and share of positives by tenth of the probability.

    A score bin that overlaps two tenths counts toward the one that contains its middle.
    """
    tenth, _ = _tenths(states)
    member = (tenth[:, None] == np.arange(_TENTHS)).astype(np.int64)
    negatives, positives = (states.scored[:, side] @ member for side in (NEGATIVE, POSITIVE))
    scores = states.summed[:, NEGATIVE:].sum(axis=1) @ member
    rows = negatives + positives
    return Reliability(
        np.arange(_TENTHS) / _TENTHS,
        rows,
        positives,
        quotient(scores, rows),
        quotient(positives, rows),
    )


def _ece_error(states: BinaryMargins) -> Floats:
    _, straddling = _tenths(states)
    rows = states.scored[:, NEGATIVE:].sum(axis=1)
    return quotient(2.0 * rows[:, straddling].sum(axis=1), rows.sum(axis=1))


@performance_metric(
    "ece",
    label="Expected calibration error",
    tasks=BINARY,
    range=UNIT_RANGE,
    better="lower",
    source="Naeini et al. (2015), ten bins of equal width",
    bound="twice the share of rows in bins that overlap two tenths",
    error_bound=_ece_error,
)
def ece(states: BinaryMargins) -> Values:
    """Mean absolute difference between the mean probability and the share of positives in ten
    equal-width bins of the probability, weighted by labeled rows. It is biased upward, especially
    with few rows."""
    table = reliability(states)
    gaps = np.nan_to_num(np.abs(table.mean_score - table.positive_share)) * table.rows
    return values(quotient(gaps.sum(axis=1), table.rows.sum(axis=1)), *_improbable(states))


def _top(states: BinaryMargins, share: float) -> tuple[Floats, Floats]:
    """Return the expected positive rows among the ``share`` of rows with the highest scores, and
    the maximum error of that number, (n,) each."""
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

    def over_chance(states: BinaryMargins, positives: Floats) -> Floats:
        rows = ranked_rows(states).astype(np.float64)
        every = states.ranked_by_label[:, POSITIVE]
        return quotient(positives, share * rows) / np.where(
            every > 0, quotient(every, rows), np.nan
        )

    def error(states: BinaryMargins) -> Floats:
        return over_chance(states, _top(states, share)[1])

    def lift(states: BinaryMargins) -> Values:
        return values(over_chance(states, _top(states, share)[0]), *_missing(states))

    lift.__doc__ = (
        f"Share of positives among the {percent}% of labeled rows with the highest scores, divided "
        "by their share among all labeled rows. Rows of one score or bin at the boundary are "
        "assumed to be in random order."
    )
    performance_metric(
        f"lift_{percent:02d}",
        label=f"Lift at the top {percent}%",
        tasks=BINARY,
        range=(0.0, np.inf),
        better="higher",
        source="by definition; ties by the expectation over random orders",
        bound="the best and the worst order in the bin at the boundary",
        unit="times the base rate",
        error_bound=error,
    )(lift)


for _percent in (1, 5, 10, 20):
    _register_lift(_percent)
