"""Metrics whose days do not vary at all: that is the surest news there is, not an unknown."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.performance.window_intervals import (
    WindowChanges,
    window_changes,
    window_values,
)
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states, regression_states

BINNING = fit_numeric(np.array([0.2, 0.8]), 0.0, 1.0, bins=10)
ROWS = 160


def model(right: np.ndarray, rows: int = ROWS) -> BinaryStates:
    """Days of a classifier with so many right decisions each, of as many negatives as positives."""
    day = np.repeat(np.arange(len(right)), rows)
    label = np.tile([1, 2], len(day) // 2)
    hit = np.tile(np.arange(rows), len(right)) < np.repeat(right, rows)
    decision = np.where(hit, label - 1, 2 - label)
    return binary_states(BINNING, np.where(decision, 0.8, 0.2), decision, label, day)


def change(states, window: tuple[int, int], reference: int, key: str) -> WindowChanges:
    spans = np.array([window, (0, reference)])
    found = window_values(states, spans, [key])
    return window_changes(found.take(np.array([0])), found.take(np.array([1])))


@pytest.mark.parametrize("days", [1, 2, 3, 7])
@pytest.mark.parametrize("key", ["accuracy", "roc_auc", "f1"])
def test_a_model_that_was_always_right_and_now_never_is_has_certainly_changed(days, key) -> None:
    states = model(np.repeat([ROWS, 0], [14, 7]))
    found = change(states, (14, 14 + days), 14, key)
    assert found.value[0, 0] == -1.0
    assert found.p_value[0, 0] < 1e-5
    assert found.upper[0, 0] < 0


def test_a_model_that_is_always_right_has_not_changed() -> None:
    found = change(model(np.full(21, ROWS)), (14, 21), 14, "accuracy")
    assert found.value[0, 0] == 0.0
    assert found.p_value[0, 0] == 1.0


def test_an_error_that_jumps_from_nothing_to_the_same_every_day_has_certainly_changed() -> None:
    day = np.repeat(np.arange(21), ROWS)
    target = np.tile(np.arange(ROWS, dtype=float), 21)
    predicted = target + 5.0 * (day >= 14)
    binning = fit_numeric(np.linspace(-10, 10, 201), -10.0, 10.0)
    found = change(regression_states(binning, predicted, target, days=day), (14, 21), 14, "mae")
    assert found.value[0, 0] == pytest.approx(5.0)
    assert found.p_value[0, 0] < 1e-5


def test_a_reference_that_happens_to_be_without_an_error_is_not_taken_for_perfect() -> None:
    worlds, rows, reference, days = 120, 20, 7, 1
    random = np.random.default_rng(1)
    right = random.binomial(rows, 0.995, (worlds, reference + days))
    states = model(right.ravel(), rows)
    starts = np.arange(worlds) * (reference + days)
    before = window_values(states, np.stack([starts, starts + reference], axis=1), ["accuracy"])
    spans = np.stack([starts + reference, starts + reference + days], axis=1)
    p = window_changes(window_values(states, spans, ["accuracy"]), before).p_value[:, 0]
    assert not np.isnan(p).any()
    assert (p < 0.01).mean() <= 3 / worlds
