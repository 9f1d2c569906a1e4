"""Performance before labels are known, from scores only, and the reliability of such estimates.

Confidence-based estimation: the calibrated score of a row is the probability that its label is
positive. The expected confusion table, and what follows from it, is therefore known without labels.
Everything is computed from stored states; no row is read again. Source: the estimator is NannyML's
(CBPE); Kivimäki et al. (2025), arXiv:2505.05295.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from modelwatch.stats.arrays import AnyArray, Floats
from modelwatch.stats.docstring import meaning_of
from modelwatch.stats.drift.comparison import Values, values
from modelwatch.stats.estimation.calibration import Calibration, rows_and_scores
from modelwatch.stats.performance.metric import RANKS
from modelwatch.stats.special import normal_quantile, student_quantile
from modelwatch.stats.states.binary import SMALLEST_PROBABILITY, BinaryStates
from modelwatch.stats.states.binary_margins import NEGATIVE, SCORE_UNIT
from modelwatch.stats.states.score_scale import MATERIAL_SHARE, kind_of

ASSUMPTION = (
    "Estimated from scores, without labels. Assumes that P(y|x) is the same as in the reference: "
    "it reflects changes of the inputs that change the scores, but not changes in how the outcome "
    "depends on the inputs."
)
"""The assumption of every estimate; stored with it."""

FEWEST_WINDOWS = 3
"""Minimum matured windows for a backtest."""

NO_PROBABILITY_SCORES = "no row whose score is a probability"
NO_SCORED_DECISIONS = "no row with a decision whose score is a probability"
SCORES_NOT_PROBABILITIES = (
    f"more than {MATERIAL_SHARE:.0%} of the scores are not probabilities; set "
    "performance.score_kind"
)
NO_POSITIVE_DECISIONS = "no positive decision"
NO_POSITIVES_EXPECTED = "no positive row is expected"
NO_NEGATIVES_EXPECTED = "no negative row is expected"
NEITHER = "no positive decision, and no positive row is expected"
FEW_WINDOWS = f"fewer than {FEWEST_WINDOWS} matured windows"


@dataclass(frozen=True)
class Expected:
    """Expectations for W windows: rows by decision (negative, positive, none) and position.

    ``rows``, ``scores`` (their sums), and ``probability`` of the positive class: (W, 3, L).
    ``squares``: sum of the squared scores, (W,). ``calibrated``: whether the probability differs
    from the score. ``improbable``: windows in which too many scores are not probabilities, and the
    reason; (mask, reason) each.
    """

    rows: Floats
    scores: Floats
    probability: Floats
    squares: Floats
    calibrated: bool
    improbable: tuple[tuple[AnyArray, str], ...] = ()

    @cached_property
    def positives(self) -> Floats:
        """Expected positive rows, (W, 3, L)."""
        return self.rows * self.probability

    @cached_property
    def mean_score(self) -> Floats:
        """Mean score of each cell, 0 if it has no rows; (W, 3, L)."""
        return np.divide(
            self.scores, self.rows, out=np.zeros_like(self.scores), where=self.rows > 0
        )

    @cached_property
    def table(self) -> Floats:
        """Expected confusion table: decision by outcome, (W, 2, 2)."""
        positive = self.positives[:, :2].sum(axis=2)
        return np.stack([self.rows[:, :2].sum(axis=2) - positive, positive], axis=2)

    @cached_property
    def total(self) -> Floats:
        """Rows with a score, (W,)."""
        return np.asarray(self.rows.sum(axis=(1, 2)))

    def gradient(self, negative: Floats, positive: Floats) -> Floats:
        """A derivative by the outcome of a row that depends on its decision only; (W, 3, L)."""
        parts = np.stack([negative, positive, np.zeros_like(negative)], axis=1)
        return np.asarray(np.broadcast_to(parts[:, :, None], self.rows.shape))

    def sampling_sd(self, gradient: Floats) -> Floats:
        """Standard deviation of a metric over the outcomes of independent rows, (W,).

        The gradient is the metric's derivative by the outcome of one row of each cell.
        """
        variance = self.rows * self.probability * (1.0 - self.probability)
        return np.asarray(np.sqrt((variance * gradient**2).sum(axis=(1, 2))))


@dataclass(frozen=True)
class Estimate:
    """An estimated metric of W windows.

    ``sampling_sd``: the spread of the realized value around it if the assumption holds and rows are
    independent, (W,). ``rows``: those that it is computed from, (W,).
    """

    values: Values
    sampling_sd: Floats
    rows: Floats

    def __len__(self) -> int:
        return len(self.values)


Raw = tuple[Floats, Floats, tuple[tuple[AnyArray, str], ...]]
"""A metric, its derivative by the outcome of a row, and when it is undefined."""


@dataclass(frozen=True)
class EstimatedMetric:
    """A metric that can be estimated; with ``of_decisions``, rows without a decision do not
    count."""

    key: str
    label: str
    range: tuple[float, float]
    meaning: str
    of_decisions: bool
    compute: Callable[[Expected], Raw]


ESTIMATED: dict[str, EstimatedMetric] = {}
"""Estimated metrics of a binary model, by the key of the realized metric."""


def expected(
    states: BinaryStates, calibration: Calibration, *, labelled_only: bool = False
) -> Expected:
    """The expectations for some windows; for their labeled rows only, to compare with realized
    values."""
    first = NEGATIVE if labelled_only else 0
    counts, sums = rows_and_scores(states)
    rows = counts[:, :, first:].sum(axis=2).astype(np.float64)
    scores = sums[:, :, first:].sum(axis=2)
    mean = np.divide(scores, rows, out=np.zeros_like(scores), where=rows > 0)
    squares = states.loss_sums[:, first:, 0].sum(axis=1) / SCORE_UNIT
    probability = calibration.probability(mean)
    margins = states.margins
    ranked = margins.ranked_by_label[:, first:].sum(axis=1)
    improbable = margins.improbable[:, first:].sum(axis=1)
    why = RANKS if kind_of(states.binning) == "rank" else SCORES_NOT_PROBABILITIES
    unknown = ((improbable > MATERIAL_SHARE * ranked, why),)
    return Expected(rows, scores, probability, squares, calibration.applied, unknown)


def estimates(expected: Expected, keys: Iterable[str] | None = None) -> dict[str, Estimate]:
    """The estimated metrics of some windows by key; all of them by default."""
    return {key: _estimate(expected, ESTIMATED[key]) for key in keys or ESTIMATED}


def expected_rates(expected: Expected) -> dict[str, Floats]:
    """Expected share of positive rows, and mean score minus that share, (W,) by the key of the
    realized metric."""
    with np.errstate(divide="ignore", invalid="ignore"):
        base_rate = expected.positives.sum(axis=(1, 2)) / expected.total
        score = expected.scores.sum(axis=(1, 2)) / expected.total
    for improbable, _ in expected.improbable:
        base_rate = np.where(improbable, np.nan, base_rate)
    return {"base_rate": base_rate, "calibration_bias": score - base_rate}


def business_value(expected: Expected, cells: Mapping[str, float]) -> Estimate:
    """Estimated sum of the values of the cells of the confusion table: 'tn', 'fp', 'fn', 'tp'."""
    tn, fp, fn, tp = (float(cells[name]) for name in ("tn", "fp", "fn", "tp"))
    worth = (expected.table * np.array([[tn, fn], [fp, tp]])).sum(axis=(1, 2))
    ones = np.ones_like(worth)
    gradient = expected.gradient((fn - tn) * ones, (tp - fp) * ones)
    decided = expected.table.sum(axis=(1, 2))
    found = values(worth, *expected.improbable, (decided == 0, NO_SCORED_DECISIONS))
    return Estimate(found, expected.sampling_sd(gradient), decided)


def _estimate(expected: Expected, metric: EstimatedMetric) -> Estimate:
    rows = expected.table.sum(axis=(1, 2)) if metric.of_decisions else expected.total
    none = NO_SCORED_DECISIONS if metric.of_decisions else NO_PROBABILITY_SCORES
    with np.errstate(divide="ignore", invalid="ignore"):
        value, gradient, conditions = metric.compute(expected)
        found = values(value, *expected.improbable, (rows == 0, none), *conditions)
        spread = expected.sampling_sd(np.where(expected.rows > 0, gradient, 0.0))
    return Estimate(found, np.where(np.isnan(found.value), np.nan, spread), rows)


def _estimated(
    key: str, label: str, *, upper: float = 1.0, of_decisions: bool = True
) -> Callable[[Callable[[Expected], Raw]], Callable[[Expected], Raw]]:
    def register(compute: Callable[[Expected], Raw]) -> Callable[[Expected], Raw]:
        meaning = meaning_of(compute, key)
        ESTIMATED[key] = EstimatedMetric(key, label, (0.0, upper), meaning, of_decisions, compute)
        return compute

    return register


@_estimated("accuracy", "Accuracy")
def _accuracy(expected: Expected) -> Raw:
    """Expected share of correct decisions; exact given the calibrated probabilities."""
    table = expected.table
    rows = table.sum(axis=(1, 2))
    value = (table[:, 0, 0] + table[:, 1, 1]) / rows
    return value, expected.gradient(-1.0 / rows, 1.0 / rows), ()


@_estimated("precision", "Precision")
def _precision(expected: Expected) -> Raw:
    """Expected share of positives among positive decisions."""
    decided = expected.table[:, 1].sum(axis=1)
    value = expected.table[:, 1, 1] / decided
    gradient = expected.gradient(np.zeros_like(decided), 1.0 / decided)
    return value, gradient, ((decided == 0, NO_POSITIVE_DECISIONS),)


@_estimated("recall", "Recall")
def _recall(expected: Expected) -> Raw:
    """Expected positives with a positive decision, divided by all expected positives."""
    positives = expected.table[:, :, 1].sum(axis=1)
    value = expected.table[:, 1, 1] / positives
    gradient = expected.gradient(-value / positives, (1.0 - value) / positives)
    return value, gradient, ((positives == 0, NO_POSITIVES_EXPECTED),)


@_estimated("specificity", "Specificity")
def _specificity(expected: Expected) -> Raw:
    """Expected negatives with a negative decision, divided by all expected negatives."""
    negatives = expected.table[:, :, 0].sum(axis=1)
    value = expected.table[:, 0, 0] / negatives
    gradient = expected.gradient((value - 1.0) / negatives, value / negatives)
    return value, gradient, ((negatives == 0, NO_NEGATIVES_EXPECTED),)


@_estimated("f1", "F1")
def _f1(expected: Expected) -> Raw:
    """Twice the expected true positives, divided by the sum of positive decisions and expected
    positives."""
    both = expected.table[:, 1].sum(axis=1) + expected.table[:, :, 1].sum(axis=1)
    value = 2.0 * expected.table[:, 1, 1] / both
    gradient = expected.gradient(-value / both, (2.0 - value) / both)
    return value, gradient, ((both == 0, NEITHER),)


@_estimated("roc_auc", "ROC AUC", of_decisions=False)
def _roc_auc(expected: Expected) -> Raw:
    """Expected area under the ROC curve; rows of one bin count as ties."""
    positive = expected.positives.sum(axis=1)
    value, gradient, conditions = auc_and_gradient(positive, expected.rows.sum(axis=1) - positive)
    return value, gradient[:, None], conditions


@_estimated("brier", "Brier score", of_decisions=False)
def _brier(expected: Expected) -> Raw:
    """Expected mean squared difference between score and outcome; within a bin, the calibrated
    probability is assumed to be constant."""
    if expected.calibrated:
        cross = (expected.mean_score * expected.positives).sum(axis=(1, 2))
        total = expected.squares - 2.0 * cross + expected.positives.sum(axis=(1, 2))
    else:
        total = expected.scores.sum(axis=(1, 2)) - expected.squares
    gradient = (1.0 - 2.0 * expected.mean_score) / expected.total[:, None, None]
    return total / expected.total, gradient, ()


@_estimated("log_loss", "Log loss", upper=np.inf, of_decisions=False)
def _log_loss(expected: Expected) -> Raw:
    """Expected mean log loss; the logarithm is that of the mean score of a bin."""
    score = np.clip(expected.mean_score, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    negative, positive = -np.log1p(-score), -np.log(score)
    losses = expected.rows * negative + expected.positives * (positive - negative)
    total = expected.total
    gradient = (positive - negative) / total[:, None, None]
    return losses.sum(axis=(1, 2)) / total, gradient, ()


def auc_and_gradient(positive: Floats, negative: Floats) -> Raw:
    """ROC AUC of rows in bins of ascending score, (W, L) each, and its derivative by the outcome of
    one row of each bin, (W, L)."""
    p, n = positive.sum(axis=1, keepdims=True), negative.sum(axis=1, keepdims=True)
    below = np.cumsum(negative, axis=1) - negative / 2.0
    above = p - np.cumsum(positive, axis=1) + positive / 2.0
    value = (positive * below).sum(axis=1, keepdims=True) / (p * n)
    gradient = (below - above) / (p * n) - value * (1.0 / p - 1.0 / n)
    conditions = (p[:, 0] == 0, NO_POSITIVES_EXPECTED), (n[:, 0] == 0, NO_NEGATIVES_EXPECTED)
    return value[:, 0], gradient, conditions


@dataclass(frozen=True)
class BackTest:
    """The errors of estimates in windows whose labels have matured since.

    ``bias``: the mean of estimate minus realized value. ``spread``: its standard deviation.
    ``absolute_error``: its mean absolute value over ``windows``. ``sampling_variance``: the part of
    its variance that sampling explains. NaN with a ``reason`` for too few windows.
    """

    windows: int
    bias: float
    spread: float
    absolute_error: float
    sampling_variance: float
    reason: str | None = None

    @property
    def excess_variance(self) -> float:
        """Variance of the error beyond that of sampling."""
        return max(0.0, self.spread**2 - self.sampling_variance)


def back_test(estimate: Estimate, realised: Values) -> BackTest:
    """Estimates compared with realized values of the same rows, (W,); undefined ones are left out.

    Leave out windows that the calibration was fitted on, because their errors are too small.
    """
    error = estimate.values.value - realised.value
    known = np.isfinite(error) & np.isfinite(estimate.sampling_sd)
    windows = int(known.sum())
    if windows < FEWEST_WINDOWS:
        nan = float("nan")
        return BackTest(windows, nan, nan, nan, nan, FEW_WINDOWS)
    error = error[known]
    variance = float(np.mean(estimate.sampling_sd[known] ** 2))
    spread, size = float(error.std(ddof=1)), float(np.abs(error).mean())
    return BackTest(windows, float(error.mean()), spread, size, variance)


def interval(
    estimate: Estimate,
    tested: BackTest | None = None,
    *,
    level: float = 0.95,
    range: tuple[float, float] = (-np.inf, np.inf),
) -> tuple[Floats, Floats]:
    """Ends of the interval for the realized value, (W,) each.

    Without a back-test, sampling only. With one, the error's excess variance is added, whose
    degrees of freedom determine Student's quantile, and the interval is extended by the bias toward
    the side of the realized values. Source: Satterthwaite (1946) for the degrees of freedom of the
    sum.
    """
    value, variance = estimate.values.value, estimate.sampling_sd**2
    quantile: Floats | float = normal_quantile(0.5 + level / 2.0)
    bias = 0.0
    if tested is not None and tested.reason is None:
        bias, excess = tested.bias, tested.excess_variance
        variance = variance + excess
        if excess > 0:
            degrees = (tested.windows - 1.0) * np.minimum(variance / excess, 1e3) ** 2
            quantile = student_quantile(0.5 + level / 2.0, degrees)
    reach = quantile * np.sqrt(variance)
    lower = np.maximum(value - max(bias, 0.0) - reach, range[0])
    return lower, np.minimum(value + max(-bias, 0.0) + reach, range[1])
