"""Performance of several classes without labels."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.estimation.estimates import NO_PROBABILITY_SCORES
from modelwatch.stats.estimation.multiclass import (
    ESTIMATED_MULTICLASS,
    NO_DECIDED_CLASS,
    NO_PROBABILITIES,
    estimates_multiclass,
    fit_multiclass,
)
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.states.multiclass import MulticlassStates
from performance_samples import multiclass_states

CLASSES = ("a", "b", "c")


def drawn(n: int, seed: int, shift: float = 0.0):
    """Probabilities of three classes, the label drawn with them, and the decision for the largest.

    The scores are the probabilities, sharpened: they say more than they know.
    """
    random = np.random.default_rng(seed)
    truth = random.dirichlet([1.0 + shift, 1.0, 1.0], n)
    label = (random.random((n, 1)) > np.cumsum(truth, axis=1)).sum(axis=1)
    score = truth**2 / (truth**2).sum(axis=1, keepdims=True)
    return score, score.argmax(axis=1), label


def states(score, decision, label, days=None, *, labelled: bool = True):
    known = label + 1 if labelled else np.zeros(len(label), dtype=int)
    return multiclass_states(CLASSES, score, decision, known, days)


def fitted():
    return fit_multiclass(states(*drawn(30_000, 1), np.arange(30_000) % 12))


def test_accuracy_of_another_mix_is_estimated_without_labels() -> None:
    score, decision, label = drawn(20_000, 2, shift=1.0)
    found = estimates_multiclass(states(score, decision, label, labelled=False), fitted())
    accuracy = found["accuracy"]
    realised = (decision == label).mean()
    assert accuracy.values.value[0] == pytest.approx(realised, abs=0.015)
    assert abs(score.max(axis=1).mean() - realised) > 0.05
    assert accuracy.sampling_sd[0] == pytest.approx(np.sqrt(0.24 / 20_000), rel=0.1)


def test_macro_metrics_are_those_of_the_labels() -> None:
    score, decision, label = drawn(20_000, 3)
    table = np.zeros((3, 3))
    np.add.at(table, (label, decision), 1)
    right = np.diag(table)
    precision, recall = right / table.sum(axis=0), right / table.sum(axis=1)
    found = estimates_multiclass(states(score, decision, label, labelled=False), fitted())
    expected = {
        "macro_precision": precision.mean(),
        "macro_recall": recall.mean(),
        "macro_f1": (2 * precision * recall / (precision + recall)).mean(),
    }
    for key, value in expected.items():
        assert found[key].values.value[0] == pytest.approx(value, abs=0.01)


def test_labelled_rows_are_estimated_by_themselves() -> None:
    known = states(*drawn(2000, 4))
    mixed = known + states(*drawn(500, 5), labelled=False)
    calibrations = fitted()
    alone = estimates_multiclass(known, calibrations)
    held = estimates_multiclass(mixed, calibrations, labelled_only=True)
    for key in alone:
        assert held[key].values.value[0] == alone[key].values.value[0]


def test_without_probabilities_nothing_is_estimated() -> None:
    empty = MulticlassStates.empty(CLASSES, 2, probabilities=False)
    found = estimates_multiclass(empty, fit_multiclass(empty))
    assert set(found) == set(ESTIMATED_MULTICLASS) <= set(PERFORMANCE)
    assert all(each.values.reason.tolist() == [NO_PROBABILITIES] * 2 for each in found.values())


def test_no_row_and_no_decision_for_a_class_are_reasons() -> None:
    score, decision, label = drawn(300, 7)
    never = np.where(decision == 2, 1, decision)
    some = states(score, never, label, labelled=False)
    found = estimates_multiclass(some.followed_by(some - some), fitted())
    assert found["macro_precision"].values.reason.tolist() == [
        NO_DECIDED_CLASS,
        NO_PROBABILITY_SCORES,
    ]
    assert found["accuracy"].values.reason.tolist() == [None, NO_PROBABILITY_SCORES]
    assert found["roc_auc_ovr"].values.reason.tolist() == [None, NO_PROBABILITY_SCORES]
