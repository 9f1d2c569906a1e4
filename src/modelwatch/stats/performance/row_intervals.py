"""Intervals of metrics under the assumption that rows are independent.

Proportions use Wilson's interval, ROC AUC uses DeLong's variance, and means use the variance of
their rows. All other metrics use a delete-one jackknife over the cells of the state: all rows of a
cell are identical, so one row is omitted per cell. The score of a row is the mean score of its bin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Values
from modelwatch.stats.performance.binary import sides
from modelwatch.stats.performance.decisions import known, outcomes, quotient
from modelwatch.stats.performance.metric import MetricStates, ScoreStates, metric_states
from modelwatch.stats.performance.metrics import PERFORMANCE, performance
from modelwatch.stats.performance.regression import LEVELS, residual_quantiles, residual_values
from modelwatch.stats.special import normal_quantile
from modelwatch.stats.states import multiclass, regression
from modelwatch.stats.states.binary import SMALLEST_PROBABILITY
from modelwatch.stats.states.binary_margins import LABEL_VALUES, NEGATIVE, POSITIVE, BinaryMargins
from modelwatch.stats.states.binning import NumericBinning
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.regression import RegressionStates
from modelwatch.stats.states.score_scale import holds_probabilities, with_edges

SPREAD_UNKNOWN = "the spread of its rows is not kept"
_OF_ALL_ROWS = frozenset({"brier", "log_loss", "calibration_bias"})
"""Binary metrics that are means over labeled rows of both classes."""
_GROUPS = 64
"""Approximate maximum number of score bins for the jackknife variance of a score metric."""


@dataclass(frozen=True)
class RowInterval:
    """Intervals of a metric of W windows for independent rows, (W,) each.

    ``variance``: the variance of the metric. ``reason``: why the other arrays are NaN; None if they
    are defined.
    """

    lower: Floats
    upper: Floats
    variance: Floats
    reason: AnyArray


def iid_interval(
    key: str, states: ScoreStates | MetricStates, *, level: float = 0.95
) -> RowInterval:
    """Return the interval of a metric for each window, assuming independent rows."""
    states = metric_states(states)
    found = performance(states, [key])[key]
    z = normal_quantile(0.5 + level / 2.0)
    if key in _SHARES or (key == "accuracy" and isinstance(states, MulticlassStates)):
        share = _share(key, states)
        return _wilson(found, *share, z)
    if key.startswith("residual_q") and isinstance(states, RegressionStates):
        return _of_ranks(key, states, found, z)
    variance = _variance(key, states)
    low, high = PERFORMANCE[key].range
    with np.errstate(invalid="ignore"):
        reach = z * np.sqrt(variance)
    return _interval(
        found, np.maximum(found.value - reach, low), np.minimum(found.value + reach, high), variance
    )


def least_variance(key: str, states: MetricStates | MetricStates, value: Floats) -> Floats:
    """Return a lower bound of the variance of a metric for each window, (W,).

    If all rows are identical, the sample variance is 0, although the true variance may not be. The
    bound is the variance of a proportion that is 0 or 1 in a sample of the same size: half the
    square of the weight of one row (Jeffreys' prior, Beta(1/2, n + 1/2)), in units of the metric's
    range, or of ``value`` (W,) if the range is unbounded. NaN without rows.
    """
    low, high = PERFORMANCE[key].range
    scale = np.full(len(states), high - low) if np.isfinite(high - low) else np.abs(value)
    rows = _rows_behind(key, metric_states(states)).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        unseen = np.where(rows > 0, 0.5 * (scale / rows) ** 2, np.nan)
    return np.asarray(unseen)


def _rows_behind(key: str, states: MetricStates) -> AnyArray:
    """Return the number of rows behind a metric, (W,): for a metric that compares two classes, the
    rows of the rarer class."""
    if key in _SHARES or (key == "accuracy" and isinstance(states, MulticlassStates)):
        return _share(key, states)[1]
    if isinstance(states, BinaryMargins) and key not in _OF_ALL_ROWS:
        return np.minimum(states.by_label[:, NEGATIVE], states.by_label[:, POSITIVE])
    if isinstance(states, MulticlassStates):
        return states.labelled // len(states.classes)
    return states.labelled


def _interval(found: Values, lower: Floats, upper: Floats, variance: Floats) -> RowInterval:
    reason = found.reason.copy()
    silent = np.isnan(variance) & (reason == np.array(None))
    reason[silent] = SPREAD_UNKNOWN
    undefined = reason != np.array(None)
    return RowInterval(
        np.where(undefined, np.nan, lower),
        np.where(undefined, np.nan, upper),
        np.where(undefined, np.nan, variance),
        reason,
    )


def _share(key: str, states: MetricStates) -> tuple[Floats, Floats]:
    if isinstance(states, MulticlassStates):
        table = known(states)
        return np.trace(table, axis1=1, axis2=2), table.sum(axis=(1, 2))
    return _SHARES[key](states)


def _wilson(found: Values, hits: AnyArray, rows: AnyArray, z: float) -> RowInterval:
    """Return the score interval of a proportion. Source: Wilson (1927)."""
    p, n = found.value, np.maximum(rows, 1)
    middle = (hits + z * z / 2.0) / (n + z * z)
    reach = z / (n + z * z) * np.sqrt(n * p * (1.0 - p) + z * z / 4.0)
    return _interval(
        found, np.maximum(middle - reach, 0.0), np.minimum(middle + reach, 1.0), p * (1.0 - p) / n
    )


def _of_decisions(*positions: int) -> Callable[[BinaryMargins], tuple[AnyArray, AnyArray]]:
    """Return a function of states that returns the rows of the first outcome, and of all given
    outcomes."""

    def share(states: BinaryMargins) -> tuple[AnyArray, AnyArray]:
        cells = outcomes(states)
        return cells[positions[0]], np.sum([cells[at] for at in positions], axis=0)

    return share


def _right(states: BinaryMargins) -> tuple[AnyArray, AnyArray]:
    tn, fp, fn, tp = outcomes(states)
    return tn + tp, tn + fp + fn + tp


def _positive(states: BinaryMargins) -> tuple[AnyArray, AnyArray]:
    return states.by_label[:, POSITIVE], states.labelled


def _selected(states: BinaryMargins) -> tuple[AnyArray, AnyArray]:
    by_decision = states.confusion.sum(axis=2)
    return by_decision[:, 1], by_decision.sum(axis=1)


def _covered(states: RegressionStates) -> tuple[AnyArray, AnyArray]:
    return states.counts[:, regression.INSIDE], states.counts[:, regression.WITH_INTERVAL]


_TN, _FP, _FN, _TP = range(4)
_SHARES: dict[str, Callable[..., tuple[AnyArray, AnyArray]]] = {
    "accuracy": _right,
    "precision": _of_decisions(_TP, _FP),
    "recall": _of_decisions(_TP, _FN),
    "specificity": _of_decisions(_TN, _FP),
    "false_positive_rate": _of_decisions(_FP, _TN),
    "base_rate": _positive,
    "selection_rate": _selected,
    "interval_coverage": _covered,
}


def _variance(key: str, states: MetricStates) -> Floats:
    if isinstance(states, BinaryMargins):
        if key in ("f1", "mcc"):
            return _jackknifed(key, *_confusion_cells(states))
        if key == "roc_auc":
            return _delong(*sides(states))
        if key in ("brier", "log_loss", "calibration_bias"):
            return _of_losses(key, states)
        return _in_turn(key, states)
    if isinstance(states, MulticlassStates):
        if key == "log_loss":
            return _multiclass_loss(states)
        if key == "roc_auc_ovr":
            return _mean_auc(states)
        return _jackknifed(key, *_class_cells(states))
    return _of_residuals(key, states)


def _delong(negatives: Counts, positives: Counts) -> Floats:
    """Return the variance of ROC AUC from binned rows: (..., B) to (...).

    Source: DeLong, DeLong and Clarke-Pearson (1988).
    """
    p, n = positives.sum(axis=-1), negatives.sum(axis=-1)
    below = np.cumsum(negatives, axis=-1) - negatives / 2.0
    above = np.cumsum(positives[..., ::-1], axis=-1)[..., ::-1] - positives / 2.0
    of_positives = _spread(quotient(below, n[..., None]), positives)
    of_negatives = _spread(quotient(above, p[..., None]), negatives)
    return of_positives + of_negatives


def _spread(term: Floats, rows: Counts) -> Floats:
    """Return the variance of the mean of terms, each weighted by its number of rows; reduces the
    last axis."""
    count = rows.sum(axis=-1)
    held = np.where(rows > 0, term, 0.0)
    mean = quotient((held * rows).sum(axis=-1), count)
    squares = ((held - mean[..., None]) ** 2 * rows).sum(axis=-1)
    return np.where(count > 1, quotient(squares, count * (count - 1.0)), np.nan)


def _of_losses(key: str, states: BinaryMargins) -> Floats:
    rows = states.scored[:, NEGATIVE:]
    score = np.nan_to_num(quotient(states.summed[:, NEGATIVE:], rows))
    truth = np.array([0.0, 1.0])[:, None]
    if key == "log_loss":
        given = np.where(truth > 0, score, 1.0 - score)
        term = -np.log(np.clip(given, SMALLEST_PROBABILITY, 1.0))
    else:
        term = (score - truth) ** 2 if key == "brier" else score - truth
    return _spread(term.reshape(len(states), -1), rows.reshape(len(states), -1))


def _multiclass_loss(states: MulticlassStates) -> Floats:
    rows = states.histograms.sum(axis=2)[:, :, 2, multiclass.PROBABILITIES]
    middle = np.minimum((np.arange(multiclass.BINS + 1) + 0.5) / multiclass.BINS, 1.0)
    term = np.broadcast_to(-np.log(middle), rows.shape)
    return _spread(term.reshape(len(states), -1), rows.reshape(len(states), -1))


def _mean_auc(states: MulticlassStates) -> Floats:
    """Return the variance of the macro-averaged ROC AUC, assuming perfectly correlated errors of
    the classes, which is the worst case."""
    held = states.against_rest
    if not held.shape[1]:
        return np.full(len(states), np.nan)
    return np.asarray(np.sqrt(_delong(held[:, :, 0], held[:, :, 1])).mean(axis=1) ** 2)


def _of_residuals(key: str, states: RegressionStates) -> Floats:
    held = np.nan_to_num(residual_values(), posinf=0.0, neginf=0.0)
    beyond = states.histogram[:, [0, -1]].sum(axis=1) > 0
    terms = {"mae": np.abs(held), "bias": held, "rmse": held * held}
    if key not in terms:
        return np.full(len(states), np.nan)
    term = np.broadcast_to(terms[key], states.histogram.shape)
    variance = _spread(term, states.histogram) * states.scale**2
    if key == "rmse":
        # By the derivative of the square root.
        mean = states.mean_of("squared_error", states.compared)
        variance = quotient(variance, 4.0 * mean)
    return np.where(beyond, np.nan, variance)


def _of_ranks(key: str, states: RegressionStates, found: Values, z: float) -> RowInterval:
    """Return the interval of a quantile between two order statistics, whose ranks are the ends of
    the normal interval of the level."""
    level = next(q for q in LEVELS if key == f"residual_q{round(100 * q):02d}")
    n = np.maximum(states.histogram.sum(axis=1), 1)
    reach = z * np.sqrt(level * (1.0 - level) / n)
    ends = [
        np.array(
            [
                residual_quantiles(states.histogram[i : i + 1], float(np.clip(share, 0.0, 1.0)))[0]
                for i, share in enumerate(level + sign * reach)
            ],
            dtype=np.float64,
        )
        * states.scale
        for sign in (-1.0, 1.0)
    ]
    return _interval(found, ends[0], ends[1], ((ends[1] - ends[0]) / (2.0 * z)) ** 2)


def _jackknifed(key: str, without: MetricStates, rows: Counts) -> Floats:
    """Return the jackknife variance of a metric, (W,).

    ``without`` (W * C): states with one row of each cell omitted. ``rows`` (W, C): rows of each
    cell.
    """
    found = performance(without, [key], bounded=False)[key].value.reshape(rows.shape)
    n = rows.sum(axis=1)
    mean = quotient(np.where(rows > 0, rows * found, 0.0).sum(axis=1), n)
    squares = np.where(rows > 0, rows * (found - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return np.where(n > 1, quotient(squares * (n - 1.0), n), np.nan)


def _confusion_cells(states: BinaryMargins) -> tuple[BinaryMargins, Counts]:
    rows = states.confusion[:, :, NEGATIVE:].reshape(len(states), 4)
    confusion = np.zeros((rows.size, 2, LABEL_VALUES), dtype=np.int64)
    confusion[:, :, NEGATIVE:] = _less_one(rows).reshape(-1, 2, 2)
    return BinaryMargins.of_decisions(confusion), rows


def _class_cells(states: MulticlassStates) -> tuple[MulticlassStates, Counts]:
    table = known(states)
    k = table.shape[1]
    rows = np.ascontiguousarray(table.reshape(len(states), -1))
    left = _less_one(rows).reshape(-1, k, k + 1)
    confusion = np.zeros((len(left), k + 1, k + 2), dtype=np.int64)
    confusion[:, :, 1 : k + 1] = np.swapaxes(left, 1, 2)
    return (
        MulticlassStates(
            states.classes,
            confusion,
            np.zeros((len(left), 0, *states.histograms.shape[2:]), dtype=np.int64),
            np.zeros((len(left), multiclass.CLASS_SUMS), dtype=np.int64),
            np.zeros((len(left), k + 2), dtype=np.int64),
        ),
        rows,
    )


def _less_one(rows: Counts) -> Counts:
    """Return, for each window and cell, the rows of all cells with one row of that cell omitted if
    it has any, (W * C, C)."""
    cells = rows.shape[1]
    left = rows[:, None, :] - np.eye(cells, dtype=np.int64) * (rows > 0)[:, None, :]
    return np.asarray(left.reshape(-1, cells), dtype=np.int64)


def _in_turn(key: str, states: BinaryMargins) -> Floats:
    """Return the jackknife variance of a score metric, (W,). Windows are processed one at a time,
    because each requires one state per cell."""
    coarse = _coarse(states)
    return np.array(
        [_jackknifed(key, *_score_cells(coarse.take(np.array([i]))))[0] for i in range(len(coarse))]
    )


def _coarse(states: BinaryMargins) -> BinaryMargins:
    """Return the same rows in at most about 64 score bins, with negative decisions.

    Bins contain similar shares of all rows plus positive rows, so that rare positives are resolved
    as finely as negatives. No bin contains both probabilities and other scores.
    """
    binning, inside = states.binning, holds_probabilities(states.binning)
    by_side = states.ranked[:, NEGATIVE:].sum(axis=0).astype(np.float64)
    totals = np.maximum(by_side.sum(axis=1), 1.0)
    weight = by_side.sum(axis=0) / totals.sum() + by_side[1] / totals[1]
    if np.count_nonzero(weight) > _GROUPS:
        group = np.floor((np.cumsum(weight) - weight) * (_GROUPS / 2.0))
    else:
        group = np.arange(len(weight), dtype=np.float64)
    starts = np.flatnonzero(np.diff(group, prepend=-1.0) + np.diff(inside, prepend=~inside[0]))
    edges = np.append(binning.edges[starts], np.inf)
    smaller = with_edges(binning, np.unique(edges))
    shape = (len(states), LABEL_VALUES, len(smaller.edges))
    ranked, sums = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    ranked[:, NEGATIVE:, : len(starts)] = np.add.reduceat(
        states.ranked[:, NEGATIVE:], starts, axis=2
    )
    sums[:, NEGATIVE:, : len(starts)] = np.add.reduceat(
        np.where(inside, states.score_sums[:, NEGATIVE:], 0), starts, axis=2
    )
    return _of_negative_decisions(ranked, sums, smaller)


def _of_negative_decisions(ranked: Counts, sums: Counts, binning: NumericBinning) -> BinaryMargins:
    confusion = np.zeros((len(ranked), 2, LABEL_VALUES), dtype=np.int64)
    confusion[:, 0] = ranked.sum(axis=2)
    return BinaryMargins(
        confusion,
        np.zeros((len(ranked), LABEL_VALUES), dtype=np.int64),
        ranked,
        sums,
        np.zeros((len(ranked), LABEL_VALUES, 2), dtype=np.int64),
        binning,
    )


def _score_cells(state: BinaryMargins) -> tuple[BinaryMargins, Counts]:
    """Return the states of one window with one row of each label and bin omitted, and the rows of
    those cells, (1, C)."""
    rows = state.ranked[0, NEGATIVE:].reshape(-1)
    cells = np.flatnonzero(rows)
    ranked = np.repeat(state.ranked, len(cells), axis=0)
    sums = np.repeat(state.score_sums, len(cells), axis=0)
    label, position = np.divmod(cells, len(state.binning.edges))
    every = np.arange(len(cells))
    mean = state.score_sums[0, NEGATIVE + label, position] // rows[cells]
    ranked[every, NEGATIVE + label, position] -= 1
    sums[every, NEGATIVE + label, position] -= mean
    return _of_negative_decisions(ranked, sums, state.binning), rows[cells][None]
