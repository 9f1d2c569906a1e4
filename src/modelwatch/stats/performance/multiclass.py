"""Metrics of multiclass classifiers, and the log loss of all classifiers."""

from __future__ import annotations

import numpy as np

from modelwatch.stats.arrays import AnyArray, Counts, Floats
from modelwatch.stats.drift.comparison import NO_CURRENT_ROWS, Values, values
from modelwatch.stats.performance.binary import log_loss_of_binary
from modelwatch.stats.performance.decisions import UNIT_RANGE, known, quotient
from modelwatch.stats.performance.metric import NO_DECISIONS, NO_LABELS, performance_metric
from modelwatch.stats.states.binary import LOSS_UNIT
from modelwatch.stats.states.binary_margins import BinaryMargins
from modelwatch.stats.states.multiclass import ASCENDING, BINS, MulticlassStates
from modelwatch.stats.states.score_batch import Task
from modelwatch.stats.states.score_scale import MATERIAL_SHARE

_NO_PROBABILITIES = "no labeled row with scores of all classes"
NOT_OF_CLASSES = (
    f"more than {MATERIAL_SHARE:.0%} of labeled rows have scores that are not probabilities "
    "adding up to 1; set performance.score_kind"
)
_MULTICLASS: tuple[Task, ...] = ("multiclass",)


@performance_metric(
    "log_loss",
    label="Log loss",
    tasks=("binary", "multiclass"),
    range=(0.0, np.inf),
    better="lower",
    source="scikit-learn log_loss",
    unit="nats",
)
def log_loss(states: BinaryMargins | MulticlassStates) -> Values:
    """Mean negative logarithm of the probability of the true class. Probabilities are clipped to
    2**-52 from 0 and 1, and the logarithm of each row is rounded to 2**-26."""
    if isinstance(states, BinaryMargins):
        return log_loss_of_binary(states)
    rows, improbable = states.loss[:, 1], states.loss[:, 2]
    material = improbable > MATERIAL_SHARE * (rows + improbable)
    return values(
        quotient(states.loss[:, 0] / LOSS_UNIT, rows),
        (states.rows == 0, NO_CURRENT_ROWS),
        (states.labelled == 0, NO_LABELS),
        (rows + improbable == 0, _NO_PROBABILITIES),
        (material, NOT_OF_CLASSES),
    )


def _by_class(states: MulticlassStates) -> tuple[Counts, Counts, Counts]:
    """Return the correct decisions, all decisions, and labels of each class, (n, K) each."""
    table = known(states)
    k = table.shape[1]
    right = table[:, np.arange(k), np.arange(k)]
    return right, table[:, :, :k].sum(axis=1), table.sum(axis=2)


def _scores(states: MulticlassStates, name: str) -> Floats:
    """Return the precision, recall, or F1 of each class, (n, K); 0 if the denominator is 0, as in
    scikit-learn."""
    right, decided, labelled = _by_class(states)
    numerator, denominator = {
        "precision": (right, decided),
        "recall": (right, labelled),
        "f1": (2 * right, decided + labelled),
    }[name]
    return np.nan_to_num(quotient(numerator, denominator))


def _register_averages(name: str, label: str) -> None:
    def macro(states: MulticlassStates) -> Values:
        _, decided, labelled = _by_class(states)
        met = decided + labelled > 0
        found = quotient((_scores(states, name) * met).sum(axis=1), met.sum(axis=1))
        return values(found, *_missing(states, labelled))

    def weighted(states: MulticlassStates) -> Values:
        _, _, labelled = _by_class(states)
        found = quotient((_scores(states, name) * labelled).sum(axis=1), labelled.sum(axis=1))
        return values(found, *_missing(states, labelled))

    macro.__doc__ = (
        f"{label} of each class, averaged over the classes that occur in labels or decisions. It "
        "is 0 for a class with an empty denominator, as in scikit-learn."
    )
    weighted.__doc__ = (
        f"{label} of each class, weighted by the rows with that label. It is 0 for a class with an "
        "empty denominator, as in scikit-learn."
    )
    for key, compute in (("macro", macro), ("weighted", weighted)):
        performance_metric(
            f"{key}_{name}",
            label=f"{key.title()} {label if label == 'F1' else label.lower()}",
            tasks=_MULTICLASS,
            range=UNIT_RANGE,
            better="higher",
            source=f"scikit-learn {name}_score, average='{key}'",
        )(compute)


for _name, _label in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
    _register_averages(_name, _label)


def auc_by_class(states: MulticlassStates) -> Floats:
    """Return the one-against-rest ROC AUC of each class, (n, K); NaN if either side has no rows."""
    rest, own = _against(states)
    above = np.cumsum(own[..., ::-1], axis=-1)[..., ::-1] - own
    pairs = (rest * (2 * above + own)).sum(axis=-1)
    return quotient(pairs, 2 * rest.sum(axis=-1) * own.sum(axis=-1))


def _auc_error(states: MulticlassStates) -> Floats:
    rest, own = _against(states)
    several = np.flatnonzero(ASCENDING != BINS + 1)  # the other position contains only the score 1
    tied = (rest * own)[..., several].sum(axis=-1)
    error = quotient(tied, 2.0 * rest.sum(axis=-1) * own.sum(axis=-1))
    return error.mean(axis=1) if error.shape[1] else np.full(len(states), np.nan)


@performance_metric(
    "roc_auc_ovr",
    label="One-against-rest ROC AUC",
    tasks=_MULTICLASS,
    range=UNIT_RANGE,
    better="higher",
    source="scikit-learn roc_auc_score, multi_class='ovr', average='macro'",
    bound="half of the pairs of rows of a class and of another in one bin, averaged; bins have a "
    "width of 0.005 in [0, 1], and of 8% of the score far beyond",
    error_bound=_auc_error,
)
def roc_auc_ovr(states: MulticlassStates) -> Values:
    """ROC AUC of each class against all others, averaged over the classes. Undefined unless every
    class has labeled rows."""
    rest, own = _against(states)
    if not own.shape[1]:
        undefined = np.full(len(states), np.nan)
        return values(undefined, (np.isnan(undefined), "no probabilities are kept"))
    met, others = own.sum(axis=-1) > 0, rest.sum(axis=-1) > 0
    return values(
        auc_by_class(states).mean(axis=1),
        (states.rows == 0, NO_CURRENT_ROWS),
        (states.labelled == 0, NO_LABELS),
        (~np.any(met, axis=1), "no labeled row with the score of its class"),
        ((states.by_label[:, 1:-1] == 0).any(axis=1), "a class has no labeled row"),
        (~np.all(met, axis=1), "no labeled row of a class has the score of that class"),
        (~np.all(others, axis=1), "all labels with a score are of one class"),
    )


def _against(states: MulticlassStates) -> tuple[Counts, Counts]:
    held = states.against_rest
    return held[:, :, 0], held[:, :, 1]


def _missing(states: MulticlassStates, labelled: Counts) -> tuple[tuple[AnyArray, str], ...]:
    return (
        (states.rows == 0, NO_CURRENT_ROWS),
        (states.labelled == 0, NO_LABELS),
        (labelled.sum(axis=1) == 0, NO_DECISIONS),
    )
