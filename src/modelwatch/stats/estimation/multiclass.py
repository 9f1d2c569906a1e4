"""Performance of a multiclass model before labels are known, one class against the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import Values, values
from modelwatch.stats.estimation.calibration import Calibration, fit_on_bins
from modelwatch.stats.estimation.estimates import NO_PROBABILITY_SCORES, Estimate, auc_and_gradient
from modelwatch.stats.states.multiclass import BINS, PROBABILITIES, MulticlassStates
from modelwatch.stats.states.score_scale import MATERIAL_SHARE

SCORES = np.minimum((np.arange(BINS + 1) + 0.5) / BINS, 1.0)
"""Score represented by a histogram bin: its middle."""

ESTIMATED_MULTICLASS = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "roc_auc_ovr")
"""Keys of the estimated metrics."""

FEWEST_LABELS = 100
"""Minimum labeled rows for a separate calibration of rows decided for a class, or against it; with
fewer, all rows of the class are calibrated together."""

NO_PROBABILITIES = "probabilities of the classes are not stored"
NO_EXPECTED_CLASS = "no row is expected for a class"
NO_DECIDED_CLASS = "no row is decided for a class"
_NOT_OF_CLASSES = (
    f"more than {MATERIAL_SHARE:.0%} of the rows have scores that are not probabilities adding up "
    "to 1; set performance.score_kind"
)


@dataclass(frozen=True)
class ClassCalibration:
    """The calibration of the score of a class among rows decided against it and for it, and
    overall."""

    against: Calibration
    chosen: Calibration


def fit_multiclass(days: MulticlassStates) -> tuple[ClassCalibration, ...]:
    """Calibrations of a reference's classes from the states of its days."""
    rows = days.histograms[..., PROBABILITIES]
    return tuple(_fit_class(rows[:, k]) for k in range(rows.shape[1]))


def _fit_class(rows: Counts) -> ClassCalibration:
    fits = []
    whole = _fit(rows.sum(axis=1))
    for decision in range(2):
        own = rows[:, decision]
        labelled = own[:, 1:].sum(axis=(0, 2))
        fits.append(_fit(own) if labelled.sum() >= FEWEST_LABELS and labelled.all() else whole)
    return ClassCalibration(*fits)


def _fit(rows: Counts) -> Calibration:
    labelled = rows[:, 1] + rows[:, 2]
    return fit_on_bins(rows[:, 1], rows[:, 2], labelled.astype(np.float64) * SCORES)


def estimates_multiclass(
    states: MulticlassStates,
    calibrations: Sequence[ClassCalibration],
    *,
    labelled_only: bool = False,
) -> dict[str, Estimate]:
    """Estimated accuracy, macro precision, recall, and F1, and mean one-against-rest ROC AUC.

    By the keys of the realized metrics. The spread of a mean over classes assumes that their errors
    coincide, so it is rather too large.
    """
    if not calibrations:
        return {key: _unknown(len(states)) for key in ESTIMATED_MULTICLASS}
    counts = states.histograms[:, :, :, int(labelled_only) :, PROBABILITIES]
    rows = counts.sum(axis=3).astype(np.float64)
    means = [[fit.probability(SCORES) for fit in (c.against, c.chosen)] for c in calibrations]
    probability = np.array(means)
    positives = rows * probability
    variance = rows * probability * (1.0 - probability)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "accuracy": _accuracy(rows, positives, variance),
            **_macro(rows, positives, variance),
            "roc_auc_ovr": _auc(rows, positives, variance),
        }
    unknown = _improbable(states, labelled_only)
    return {key: _without(estimate, unknown) for key, estimate in found.items()}


def _improbable(states: MulticlassStates, labelled_only: bool) -> AnyArray:
    """Mask of the windows in which too many rows have scores that are not probabilities."""
    rows = states.labelled if labelled_only else states.rows
    return np.asarray(states.loss[:, 2 if labelled_only else 3] > MATERIAL_SHARE * rows)


def _without(estimate: Estimate, unknown: AnyArray) -> Estimate:
    """The same, undefined in the windows of a mask."""
    given = estimate.values
    reason = given.reason.copy()
    reason[unknown] = _NOT_OF_CLASSES
    found = Values(np.where(unknown, np.nan, given.value), reason)
    return _estimate(found, estimate.sampling_sd, estimate.rows)


def _unknown(windows: int) -> Estimate:
    nothing = np.full(windows, np.nan)
    found = values(nothing, (np.isnan(nothing), NO_PROBABILITIES))
    return Estimate(found, nothing, np.zeros(windows))


def _estimate(found: Values, spread: Floats, rows: Floats) -> Estimate:
    return Estimate(found, np.where(np.isnan(found.value), np.nan, spread), rows)


def _accuracy(rows: Floats, positives: Floats, variance: Floats) -> Estimate:
    decided = rows[:, :, 1].sum(axis=(1, 2))
    found = values(
        positives[:, :, 1].sum(axis=(1, 2)) / decided, (decided == 0, NO_PROBABILITY_SCORES)
    )
    return _estimate(found, np.sqrt(variance[:, :, 1].sum(axis=(1, 2))) / decided, decided)


def _macro(rows: Floats, positives: Floats, variance: Floats) -> dict[str, Estimate]:
    total = rows[:, 0].sum(axis=(1, 2))
    decided, truth = rows[:, :, 1].sum(axis=2), positives.sum(axis=(2, 3))
    right = positives[:, :, 1].sum(axis=2)
    against, chosen = variance[:, :, 0].sum(axis=2), variance[:, :, 1].sum(axis=2)
    empty, undecided = (
        (total == 0, NO_PROBABILITY_SCORES),
        ((decided == 0).any(axis=1), NO_DECIDED_CLASS),
    )
    unexpected = ((truth == 0).any(axis=1), NO_EXPECTED_CLASS)
    precision, recall, f1 = right / decided, right / truth, 2.0 * right / (decided + truth)
    spreads = {
        "macro_precision": np.sqrt(chosen) / decided,
        "macro_recall": np.sqrt(against * recall**2 + chosen * (1.0 - recall) ** 2) / truth,
        "macro_f1": np.sqrt(against * f1**2 + chosen * (2.0 - f1) ** 2) / (decided + truth),
    }
    parts = {"macro_precision": precision, "macro_recall": recall, "macro_f1": f1}
    reasons = {
        "macro_precision": (empty, undecided),
        "macro_recall": (empty, unexpected),
        "macro_f1": (empty, unexpected),
    }
    return {
        key: _estimate(values(part.mean(axis=1), *reasons[key]), spreads[key].mean(axis=1), total)
        for key, part in parts.items()
    }


def _auc(rows: Floats, positives: Floats, variance: Floats) -> Estimate:
    windows, classes = rows.shape[:2]
    positive = positives.sum(axis=2).reshape(windows * classes, -1)
    negative = rows.sum(axis=2).reshape(windows * classes, -1) - positive
    value, gradient, _ = auc_and_gradient(positive, negative)
    spread = np.sqrt((variance.sum(axis=2).reshape(gradient.shape) * gradient**2).sum(axis=1))
    total = rows[:, 0].sum(axis=(1, 2))
    mean = value.reshape(windows, classes).mean(axis=1)
    found = values(mean, (total == 0, NO_PROBABILITY_SCORES), (np.isnan(mean), NO_EXPECTED_CLASS))
    return _estimate(found, spread.reshape(windows, classes).mean(axis=1), total)
