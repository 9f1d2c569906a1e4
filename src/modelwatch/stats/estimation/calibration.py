"""Calibration of scores to probabilities, by isotonic regression on bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import Counts, Floats
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binary_margins import NEGATIVE, POSITIVE, SCORE_UNIT

FOLDS = 10
_GROUPS = 10
"""Groups of equally many rows for the calibration error."""
SEPARATED = 0.999
"""ROC AUC above which scores separate the classes so well that calibration does not matter."""

NO_CALIBRATION_LABELS = "no labeled row whose score is a probability"
ONE_CLASS = "labels of one class only"
SEPARATES = f"scores separate the classes (ROC AUC above {SEPARATED})"
NO_GAIN = "calibration does not lower the calibration error on rows that it was not fitted on"


@dataclass(frozen=True)
class Calibration:
    """The probabilities of scores: ``knots`` ascend and ``probabilities`` never descend.

    Between two knots, the probability is interpolated; beyond the ends, it is that of the end. If
    it is not ``applied``, a score is used as its own probability, and ``reason`` says why.
    ``error_before`` and ``error_after``: expected calibration errors without and with it, on rows
    that it was not fitted on.
    """

    knots: Floats
    probabilities: Floats
    applied: bool
    reason: str | None
    error_before: float
    error_after: float
    rows: int

    def probability(self, score: Floats) -> Floats:
        """Probability of the positive class for some scores; NaN for NaN."""
        if not self.applied:
            return score
        return np.asarray(np.interp(score, self.knots, self.probabilities))


def isotonic(values: Floats, weights: Floats) -> Floats:
    """The closest non-descending values in weighted least squares; (n,) each.

    Weights are positive. Source: pool adjacent violators, Ayer et al. (1955).
    """
    means: list[float] = []
    masses: list[float] = []
    lengths: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, length = value, weight, 1
        while means and means[-1] >= mean:
            before = masses.pop()
            mean = (means.pop() * before + mean * mass) / (before + mass)
            mass += before
            length += lengths.pop()
        means.append(mean)
        masses.append(mass)
        lengths.append(length)
    return np.repeat(np.array(means, dtype=np.float64), lengths)


def rows_and_scores(states: BinaryStates) -> tuple[Counts, Floats]:
    """Rows whose score is a probability by decision (negative, positive, none), label, and
    position, and the sums of their probabilities; (W, 3, 3, L) each."""
    counts = np.concatenate([states.counts, states.undecided[:, None]], axis=1)
    scores = np.concatenate([states.score_sums, states.undecided_sums[:, None]], axis=1)
    return np.where(states.inside, counts, 0), scores / SCORE_UNIT


def fit_calibration(days: BinaryStates) -> Calibration:
    """The calibration of a reference from the states of its days, or from one state of all of it.

    It is applied if it lowers the expected calibration error out of sample: ten folds, each with
    the curve of the others, and the error over ten groups with equal numbers of rows. Never for one
    class or an ROC AUC above 0.999, as in NannyML. Folds are days, or every tenth row of each bin
    and label if there are fewer than ten days.
    """
    counts, sums = rows_and_scores(days)
    rows, scores = counts.sum(axis=1), sums[:, :, NEGATIVE:].sum(axis=(1, 2))
    return fit_on_bins(rows[:, NEGATIVE], rows[:, POSITIVE], scores)


def fit_on_bins(negatives: Counts, positives: Counts, scores: Floats) -> Calibration:
    """The calibration of rows in bins of ascending score, by day; (D, L) each: rows of the negative
    and of the positive class, and the sums of the scores of both."""
    rows = (negatives + positives).sum(axis=0)
    held = np.flatnonzero(rows)
    if not len(held):
        return _raw(NO_CALIBRATION_LABELS)
    negatives, positives, scores = negatives[:, held], positives[:, held], scores[:, held]
    knots, probabilities = _curve(negatives.sum(axis=0), positives.sum(axis=0), scores.sum(axis=0))
    total = int(rows.sum())
    if not positives.sum() or not negatives.sum():
        return _raw(ONE_CLASS, total)
    if _auc(negatives.sum(axis=0), positives.sum(axis=0)) > SEPARATED:
        return _raw(SEPARATES, total)
    before, after = _errors(*_folds(negatives, positives, scores))
    applied = bool(before > after)
    reason = None if applied else NO_GAIN
    return Calibration(knots, probabilities, applied, reason, before, after, total)


def _raw(reason: str, rows: int = 0) -> Calibration:
    ends = np.array([0.0, 1.0])
    return Calibration(ends, ends, False, reason, float("nan"), float("nan"), rows)


def _curve(negatives: Counts, positives: Counts, scores: Floats) -> tuple[Floats, Floats]:
    """Mean score and isotonic share of positives of the nonempty bins."""
    rows = negatives + positives
    held = rows > 0
    weights = rows[held].astype(np.float64)
    return scores[held] / weights, isotonic(positives[held] / weights, weights)


def _auc(negatives: Counts, positives: Counts) -> float:
    below = np.cumsum(negatives) - negatives / 2.0
    return float((positives * below).sum() / (float(positives.sum()) * float(negatives.sum())))


def _folds(negatives: Counts, positives: Counts, scores: Floats) -> tuple[Counts, Counts, Floats]:
    """The rows in ten folds, (FOLDS, L) each."""
    if len(negatives) >= FOLDS:
        starts = range(FOLDS)
        days = [np.stack([p[i::FOLDS].sum(axis=0) for i in starts]) for p in (negatives, positives)]
        return days[0], days[1], np.stack([scores[i::FOLDS].sum(axis=0) for i in starts])
    dealt = [_dealt(part.sum(axis=0)) for part in (negatives, positives)]
    rows = dealt[0] + dealt[1]
    return dealt[0], dealt[1], rows * (scores.sum(axis=0) / rows.sum(axis=0))


def _dealt(rows: Counts) -> Counts:
    """Rows assigned to the folds in turn, across bins; (FOLDS, L) from (L,)."""
    stop = np.cumsum(rows)
    turn = np.arange(FOLDS)[:, None]
    return (stop - turn + FOLDS - 1) // FOLDS - (stop - rows - turn + FOLDS - 1) // FOLDS


def _errors(negatives: Counts, positives: Counts, scores: Floats) -> tuple[float, float]:
    """Expected calibration error without and with calibration, each fold by all others; the mean of
    the folds, weighted by rows."""
    rows = negatives + positives
    errors = np.zeros((len(rows), 2))
    weights = rows.sum(axis=1)
    for fold in np.flatnonzero(weights):
        rest = np.arange(len(rows)) != fold
        if not rows[rest].any():
            return float("nan"), float("nan")
        parts = (part[rest].sum(axis=0) for part in (negatives, positives, scores))
        knots, probabilities = _curve(*parts)
        n, outcome, score_sum = rows[fold], positives[fold], scores[fold]
        mean = np.divide(score_sum, n, out=np.zeros_like(score_sum), where=n > 0)
        calibrated = n * np.interp(mean, knots, probabilities)
        errors[fold] = [calibration_error(n, outcome, each) for each in (score_sum, calibrated)]
    before, after = np.average(errors, axis=0, weights=weights).tolist()
    return before, after


def calibration_error(rows: Counts, positives: Counts, expected: Floats) -> float:
    """Expected calibration error over ten groups with equal numbers of rows in the order of the
    score.

    A bin in two groups is divided by rows. (L,) each: the rows, the positive ones, and the expected
    positive ones. Source: Naeini, Cooper and Hauskrecht (2015).
    """
    total = int(rows.sum())
    at = np.append(0.0, np.cumsum(rows, dtype=np.float64))
    cuts = np.linspace(0.0, total, _GROUPS + 1)
    gap = np.append(0.0, np.cumsum(positives - expected))
    return float(np.abs(np.diff(np.interp(cuts, at, gap))).sum() / total)
