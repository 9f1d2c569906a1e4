"""What scores mean as probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.estimation.calibration import (
    NO_CALIBRATION_LABELS,
    NO_GAIN,
    ONE_CLASS,
    SEPARATES,
    calibration_error,
    fit_calibration,
    fit_on_bins,
)
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states

BINNING = fit_numeric(np.linspace(0.0, 1.0, 2001), 0.0, 1.0)


def rows(n: int, *, power: float = 1.0, seed: int = 1):
    """Scores and labels; a power other than 1 makes the scores lie."""
    random = np.random.default_rng(seed)
    truth = random.random(n)
    return truth**power, (random.random(n) < truth).astype(int) + 1


def fitted(score, label, days=None):
    decision = (np.asarray(score) >= 0.5).astype(int)
    return fit_calibration(binary_states(BINNING, score, decision, label, days))


def test_scores_that_lie_are_calibrated() -> None:
    score, label = rows(20_000, power=2.0)
    found = fitted(score, label)
    assert found.applied
    assert found.error_after < found.error_before
    np.testing.assert_allclose(
        found.probability(np.array([0.09, 0.25, 0.64])), [0.3, 0.5, 0.8], atol=0.05
    )


def test_probabilities_never_descend() -> None:
    found = fitted(*rows(3000))
    assert np.all(np.diff(found.knots) > 0)
    assert np.all(np.diff(found.probabilities) >= 0)


def test_a_score_beyond_the_knots_has_the_probability_of_the_end() -> None:
    found = fitted(*rows(20_000, power=2.0))
    ends = found.probability(np.array([-1.0, 2.0]))
    assert ends.tolist() == [found.probabilities[0], found.probabilities[-1]]


def test_scores_that_are_right_are_mostly_left_alone() -> None:
    days = np.arange(3000) % 10
    applied = [fitted(*rows(3000, seed=seed), days).applied for seed in range(30)]
    assert np.mean(applied) < 0.35


def test_calibration_that_does_not_help_is_not_applied() -> None:
    # One score, positive on all days but the one that it is compared with: the fold's own rate is
    # worse than what the score says.
    negatives = np.array([[50, 0], [0, 50]] * 5)
    positives = negatives[:, ::-1]
    scores = np.full((10, 2), 25.0)
    found = fit_on_bins(negatives, positives, scores)
    assert not found.applied
    assert found.reason == NO_GAIN
    assert found.probability(np.array([0.3])) == 0.3


def test_folds_are_days_where_there_are_enough() -> None:
    score, label = rows(6000, power=1.5)
    by_day = fitted(score, label, np.arange(6000) % 12)
    pool = fitted(score, label)
    np.testing.assert_array_equal(by_day.probabilities, pool.probabilities)
    assert by_day.applied and pool.applied
    assert by_day.error_after != pool.error_after


def test_no_label_is_a_reason() -> None:
    score, _ = rows(50)
    found = fitted(score, np.zeros(50, dtype=int))
    assert (found.applied, found.reason, found.rows) == (False, NO_CALIBRATION_LABELS, 0)


def test_one_class_is_a_reason() -> None:
    score, _ = rows(50)
    found = fitted(score, np.full(50, 2))
    assert (found.applied, found.reason, found.rows) == (False, ONE_CLASS, 50)


def test_scores_that_separate_the_classes_are_left_alone() -> None:
    score = np.linspace(0.0, 1.0, 200)
    found = fitted(score, (score > 0.5).astype(int) + 1)
    assert (found.applied, found.reason) == (False, SEPARATES)


def test_labels_are_all_that_calibration_looks_at() -> None:
    score, label = rows(4000, power=2.0)
    extra = np.concatenate([score, np.full(500, 0.9)])
    found = fitted(extra, np.concatenate([label, np.zeros(500, dtype=int)]))
    np.testing.assert_array_equal(found.probabilities, fitted(score, label).probabilities)


def test_scores_out_of_range_are_left_out() -> None:
    score, label = rows(4000, power=2.0)
    extra = np.concatenate([score, [1.5, -0.1, np.nan]])
    found = fitted(extra, np.concatenate([label, [2, 2, 2]]))
    assert found.rows == 4000


def test_rows_without_a_decision_are_calibrated_with() -> None:
    score, label = rows(4000, power=2.0)
    decision = np.where(np.arange(4000) % 2, -1, (score > 0.5).astype(int))
    found = fit_calibration(binary_states(BINNING, score, decision, label))
    np.testing.assert_array_equal(found.probabilities, fitted(score, label).probabilities)


def test_calibration_error_is_the_mean_gap_of_ten_groups() -> None:
    counts, positives = np.full(10, 20), np.arange(10) * 2
    expected = positives + np.array([1, -1] * 5, dtype=float)
    assert calibration_error(counts, positives, expected) == pytest.approx(10 / 200)


def test_a_bin_in_two_groups_is_shared_out() -> None:
    counts, positives = np.array([15, 5] * 5), np.zeros(10, dtype=int)
    assert calibration_error(counts, positives, counts * 0.1) == pytest.approx(0.1)
