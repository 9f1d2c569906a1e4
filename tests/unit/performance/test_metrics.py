"""Metrics of performance where there is little or nothing to tell, and what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.performance.fairness import FAIRNESS, fairness, fairness_intervals
from modelwatch.stats.performance.intervals import changes, iid_interval, intervals
from modelwatch.stats.performance.metric import NOT_PROBABILITIES
from modelwatch.stats.performance.metrics import (
    PERFORMANCE,
    auc_by_class,
    performance,
    performance_metric,
)
from modelwatch.stats.states.binary import BinaryStates, in_range, positions
from modelwatch.stats.states.binning import fit_numeric
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.regression import EDGES, GRID, residual_bins
from modelwatch.stats.states.slice_bins import GROUPS, SliceBins
from performance_samples import binary_states, multiclass_states, regression_states
from samples import categorical_binning, numeric_binning

BINS = numeric_binning([k / 10 for k in range(11)])


def reasons(states) -> dict[str, str | None]:
    return {key: found.reason[0] for key, found in performance(states).items()}


def test_no_row_at_all_leaves_everything_undefined() -> None:
    assert set(reasons(BinaryStates.empty(BINS)).values()) == {"current window has no rows"}


def test_no_label_leaves_all_but_the_selection_rate_undefined() -> None:
    found = performance(binary_states(BINS, [0.2, 0.7], [0, 1], [0, 0]))
    assert found.pop("selection_rate").value[0] == 0.5
    assert {value.reason[0] for value in found.values()} == {"no labeled row"}


def test_one_class_only_has_no_ranking_and_no_recall() -> None:
    found = reasons(binary_states(BINS, [0.2, 0.7], [0, 1], [1, 1]))
    assert found["roc_auc"] == found["recall"] == found["mcc"] == "no positive label"
    assert found["accuracy"] is found["brier"] is found["specificity"] is None
    positive = reasons(binary_states(BINS, [0.2, 0.7], [0, 1], [2, 2]))
    assert positive["roc_auc"] == positive["specificity"] == "no negative label"


def test_precision_of_no_positive_decision_is_undefined_and_not_zero() -> None:
    found = performance(binary_states(BINS, [0.2, 0.7], [0, 0], [1, 2]))
    assert np.isnan(found["precision"].value[0])
    assert found["precision"].reason[0] == "no labeled row was decided positive"
    assert found["mcc"].reason[0] == "all decisions are the same"


def test_scores_that_are_no_probabilities_have_a_ranking_and_no_loss() -> None:
    states = binary_states(BINS, [-0.1, 1.1, np.nan, np.inf], [0, 1, 1, 1], [1, 2, 1, 2])
    found = performance(states)
    assert found["accuracy"].value[0] == 0.75
    assert found["roc_auc"].value[0] == 1.0
    assert found["log_loss"].reason[0] == NOT_PROBABILITIES


def test_rows_without_a_decision_are_ranked_but_not_judged() -> None:
    found = performance(binary_states(BINS, [0.2, 0.7, 0.9], [-1, -1, -1], [1, 2, 2]))
    assert found["roc_auc"].value[0] == 1.0
    assert found["accuracy"].reason[0] == "no labeled row with a decision"
    assert found["base_rate"].value[0] == pytest.approx(2 / 3)


def test_a_score_just_above_one_shares_no_bin_with_one() -> None:
    binning = fit_numeric(np.array([0.1, 0.7]), 0.1, 0.7)
    at = positions(binning, np.array([1.0, np.nextafter(1.0, 2.0), 1.02]), None)
    assert in_range(binning)[at].tolist() == [True, False, False]


def test_a_certain_and_wrong_score_has_a_large_but_finite_loss() -> None:
    found = performance(binary_states(BINS, [1.0, 0.0], [1, 0], [1, 2]))
    assert found["log_loss"].value[0] == pytest.approx(52 * np.log(2))
    assert found["brier"].value[0] == 1.0


def test_states_of_different_bins_do_not_merge() -> None:
    one = binary_states(BINS, [0.5], [1], [2])
    two = binary_states(numeric_binning([0.5]), [0.5], [1], [2])
    with pytest.raises(ValueError, match="states do not merge"):
        one + two


def test_arrays_of_another_shape_are_refused() -> None:
    zeros = np.zeros((1, 2, 3, 4), dtype=np.int64)
    with pytest.raises(ValueError, match="must be of shape"):
        BinaryStates(zeros, zeros, np.zeros((1, 3, 2), dtype=np.int64), BINS)


def test_a_class_that_nobody_has_leaves_its_auc_undefined() -> None:
    score = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]])
    states = multiclass_states(("a", "b", "c"), score, [0, 1], [1, 2])
    assert performance(states)["roc_auc_ovr"].reason[0] == "a class has no labeled row"
    np.testing.assert_array_equal(auc_by_class(states)[0, :2], [1.0, 1.0])


def test_labels_of_an_unknown_class_are_not_judged() -> None:
    score = np.full((3, 2), 0.5)
    states = multiclass_states(("a", "b"), score, [0, 1, 2], [1, 3, 1])
    assert performance(states)["accuracy"].value[0] == 0.5
    assert states.table[0].tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


def test_a_multiclass_model_without_probabilities_has_no_auc() -> None:
    states = MulticlassStates.empty(("a", "b"), probabilities=False)
    assert reasons(states)["roc_auc_ovr"] == "no probabilities are kept"


def test_r_squared_of_equal_labels_is_undefined() -> None:
    found = performance(regression_states(BINS, [1.0, 2.0], [1.5, 1.5]))
    assert found["r2"].reason[0] == "all labels are equal"
    assert found["mae"].value[0] == pytest.approx(0.5)


def test_labels_of_zero_have_no_percentage_error() -> None:
    found = performance(regression_states(BINS, [1.0, 0.0], [0.0, 0.0]))
    assert found["mape"].reason[0] == "all labels are 0"
    assert found["smape"].value[0] == pytest.approx(2.0)


def test_r_squared_does_not_cancel_far_from_the_frozen_center() -> None:
    label = 1e7 + np.array([0.0, 1.0, 2.0, 3.0])
    found = performance(regression_states(BINS, label + 0.5, label))
    assert found["r2"].value[0] == pytest.approx(1 - 4 * 0.25 / 5, rel=1e-6)


def test_an_error_too_large_for_the_sums_is_said_to_be_so() -> None:
    found = performance(regression_states(BINS, [0.5, 1e200], [0.5, 0.5]))
    assert found["rmse"].reason[0] == "values are too large"
    assert (
        found["residual_q50"].value[0] == pytest.approx(0.0, abs=1e-4)
        or found["residual_q50"].reason[0] == "values are too large"
    )


def test_the_grid_of_residuals_is_no_wider_than_two_percent() -> None:
    positive = EDGES[EDGES > 0]
    assert (positive[1:] / positive[:-1]).max() < 1.02
    assert len(EDGES) + 1 == GRID
    assert residual_bins(np.array([-np.inf, 0.0, np.inf])).tolist() == [0, GRID // 2, GRID - 1]


@pytest.mark.parametrize("key", sorted(PERFORMANCE))
def test_a_metric_says_what_it_is(key: str) -> None:
    known = PERFORMANCE[key]
    assert known.meaning.endswith(".")
    assert known.source
    assert known.range[0] < known.range[1]
    assert known.exact == (not known.bound)
    assert known.better in ("higher", "lower", "neutral")


def test_a_key_is_taken_once() -> None:
    with pytest.raises(ValueError, match="two metrics"):
        performance_metric(
            "accuracy", label="", tasks=("binary",), range=(0, 1), better="higher", source=""
        )(lambda states: states)


def days(counts) -> BinaryStates:
    """Days of (true negatives, false positives, false negatives, true positives)."""
    rows = [
        (score, decision, label, day)
        for day, cells in enumerate(counts)
        for (score, decision, label), n in zip(
            [(0.2, 0, 1), (0.7, 1, 1), (0.3, 0, 2), (0.8, 1, 2)], cells, strict=True
        )
        for _ in range(n)
    ]
    score, decision, label, day = (np.array(column) for column in zip(*rows, strict=True))
    return binary_states(BINS, score, decision, label, day)


VARIED = [(40, 5, 4, 9), (30, 9, 2, 12), (45, 2, 6, 5), (38, 7, 5, 14), (41, 6, 9, 8)]


def test_an_interval_needs_three_days() -> None:
    found = intervals(days(VARIED[:2]))
    assert {value.reason for value in found.values()} == {"fewer than 3 days"}
    assert all(np.isnan(value.lower) for value in found.values())
    assert not np.isnan(found["accuracy"].iid_lower)


def test_days_without_labels_have_no_say() -> None:
    labelled = days(VARIED)
    silent = binary_states(BINS, [0.5] * 9, [1] * 9, [0] * 9, [0, 1, 2] * 3)
    found = intervals(labelled.followed_by(silent))
    expected = intervals(labelled)
    assert found["accuracy"] == expected["accuracy"]
    assert found["selection_rate"].days == 8


def test_days_that_are_all_alike_give_no_interval() -> None:
    found = intervals(days([VARIED[0]] * 4))["accuracy"]
    assert found.reason == "all days are alike"
    assert np.isnan(found.lower)


def test_a_metric_that_hangs_on_one_day_has_no_interval() -> None:
    found = intervals(days([(9, 1, 0, 0), (8, 2, 0, 0), (7, 2, 1, 3), (9, 0, 0, 0)]))["recall"]
    assert found.value == 0.75
    assert found.reason == "undefined if one of the days is left out"


def test_a_change_between_the_same_days_is_none() -> None:
    found = changes(days(VARIED), days(VARIED))
    assert found["f1"].value == 0.0
    assert found["f1"].p_value == pytest.approx(1.0)


def test_a_single_day_borrows_the_spread_of_the_days_of_its_reference() -> None:
    found = changes(days(VARIED[:1]), days(VARIED))["accuracy"]
    assert found.borrowed
    assert found.lower < found.value < found.upper


def test_a_change_from_too_few_days_has_a_value_and_no_test() -> None:
    found = changes(days(VARIED), days(VARIED[:2]))["accuracy"]
    assert found.value == found.value
    assert found.reason == "fewer than 3 days"
    assert np.isnan(found.p_value)


def test_a_change_says_which_side_is_undefined() -> None:
    nobody = days([(9, 0, 3, 0)] * 3)
    found = changes(nobody, days(VARIED))["precision"]
    assert found.reason == "window: no labeled row was decided positive"


def test_row_intervals_of_many_windows_are_those_of_each() -> None:
    stack = days(VARIED)
    for key in performance(stack):
        together = iid_interval(key, stack)
        for at in range(len(stack)):
            alone = iid_interval(key, stack.take(np.array([at])))
            np.testing.assert_allclose(together.lower[at], alone.lower[0])
            np.testing.assert_allclose(together.variance[at], alone.variance[0])


def test_row_intervals_of_classes_and_regressions_are_defined_or_say_why() -> None:
    random = np.random.default_rng(3)
    score = random.dirichlet([1, 1, 1], 90)
    label = score.cumsum(axis=1).__gt__(random.random((90, 1))).argmax(axis=1) + 1
    classes = multiclass_states(("a", "b", "c"), score, score.argmax(axis=1), label)
    target = random.normal(0, 2, 200)
    numbers = regression_states(
        BINS, target + random.normal(0, 1, 200), target, interval=(target - 1, target + 1)
    )
    for states in (classes, numbers):
        for key, value in performance(states).items():
            found = iid_interval(key, states)
            if found.reason[0] is None:
                assert found.lower[0] <= value.value[0] <= found.upper[0]
            else:
                assert key in ("mape", "smape", "r2")


def test_row_variance_of_errors_is_that_of_the_rows() -> None:
    random = np.random.default_rng(4)
    target = random.normal(0, 2, 500)
    error = random.normal(0.3, 1, 500)
    states = regression_states(BINS, target + error, target)
    expected = {
        "mae": np.var(np.abs(error), ddof=1) / 500,
        "bias": np.var(error, ddof=1) / 500,
        "rmse": np.var(error**2, ddof=1) / 500 / (4 * np.mean(error**2)),
    }
    for key, variance in expected.items():
        assert iid_interval(key, states).variance[0] == pytest.approx(variance, rel=0.01)


def test_a_group_that_is_everybody_has_nobody_to_be_compared_with() -> None:
    whole = days(VARIED).total()
    found = fairness(whole.margins, whole.margins)
    assert {value.reason[0] for value in found.values()} == {
        "other rows: current window has no rows"
    }


def test_fairness_intervals_leave_a_day_out_of_both_sides() -> None:
    segment, others = days(VARIED), days([(30, 9, 5, 8)] * 5)
    found = fairness_intervals(segment.margins, (segment + others).margins)
    assert set(found) == set(FAIRNESS)
    for value in found.values():
        assert value.lower < value.value < value.upper
    few = fairness_intervals(
        segment.take(np.arange(2)).margins, (segment + others).take(np.arange(2)).margins
    )
    assert {value.reason for value in few.values()} == {"fewer than 3 days"}


def test_slices_of_a_fine_feature_hold_alike_parts_of_the_reference() -> None:
    values = np.random.default_rng(5).gamma(2.0, 30.0, 20_000)
    bins = SliceBins(fit_numeric(values, values.min(), values.max(), special_values=(-999.0,)))
    assert bins.labels[:3] == ["(null)", "(NaN)", "-999"]
    assert bins.length == 3 + GROUPS
    shares = np.bincount(np.searchsorted(bins.cuts, values, side="right")) / len(values)
    assert shares.min() > 0.05
    assert shares.max() < 0.12


def test_a_feature_of_few_values_has_a_slice_for_each() -> None:
    bins = SliceBins(numeric_binning([0.0, 1.0, 2.0, 3.0] * 20))
    assert len(set(np.searchsorted(bins.cuts, [0.0, 1.0, 2.0, 3.0], side="right"))) == 4


def test_slices_of_a_categorical_feature_are_its_bins() -> None:
    bins = SliceBins(categorical_binning(["b", "a", "a"]))
    assert bins.labels == ["(null)", "(other)", "(unseen)", "a", "b"]
