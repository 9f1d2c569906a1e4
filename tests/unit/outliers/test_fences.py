"""Values and rows that lie far out."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.outliers.fences import fences, outside
from modelwatch.stats.outliers.mahalanobis import distances, mean_squares, robust_center, threshold
from samples import numeric_binning, numeric_state, numeric_states, pair_states

REFERENCE = np.random.default_rng(1).normal(10.0, 2.0, 5000)
BINNING = numeric_binning(REFERENCE)
FENCES = fences(numeric_state(BINNING, REFERENCE))


def test_fences_stand_at_three_interquartile_ranges() -> None:
    low, high = np.quantile(REFERENCE, [0.25, 0.75], method="inverted_cdf")
    assert FENCES.lower_wanted == pytest.approx(low - 3 * (high - low), rel=0.01)
    assert FENCES.upper_wanted == pytest.approx(high + 3 * (high - low), rel=0.01)


def test_fences_are_the_edges_next_beyond() -> None:
    assert FENCES.lower in BINNING.edges
    assert FENCES.upper in BINNING.edges
    between = (BINNING.edges > FENCES.lower) & (BINNING.edges <= FENCES.lower_wanted)
    assert not between.any()
    between = (BINNING.edges > FENCES.upper_wanted) & (BINNING.edges < FENCES.upper)
    assert not between.any()


def test_rows_outside_are_counted_exactly() -> None:
    rows = np.random.default_rng(2).normal(10.0, 8.0, 3000)
    found = outside(numeric_states(BINNING, [rows, REFERENCE]), FENCES)
    assert found.below[0] == (rows < FENCES.lower).sum()
    assert found.above[0] == (rows >= FENCES.upper).sum()
    assert found.share.value[0] == pytest.approx((FENCES.outside(rows) > 0).mean())
    assert found.share.value[1] == 0.0


def test_infinities_are_outside_and_nulls_are_not() -> None:
    rows = [10.0, 11.0, float("inf"), -float("inf"), None, float("nan")]
    found = outside(numeric_state(BINNING, rows), FENCES)
    assert (found.below[0], found.above[0], found.share.value[0]) == (1, 1, 0.5)


def test_special_values_are_not_outside() -> None:
    binning = numeric_binning(REFERENCE, special=[-999.0])
    reference = numeric_state(binning, REFERENCE)
    found = outside(numeric_state(binning, [-999.0, -999.0, 10.0]), fences(reference))
    assert (found.below[0], found.share.value[0]) == (0, 0.0)


def test_a_value_that_is_most_of_the_reference_has_fences_about_it() -> None:
    rows = [0.0] * 90 + list(range(1, 11))
    binning = numeric_binning(rows)
    found = fences(numeric_state(binning, rows))
    assert found.lower < 0.0 < found.upper
    assert found.upper_wanted > 3.0


def test_a_constant_reference_has_a_fence_on_either_side() -> None:
    binning = numeric_binning([5.0] * 10)
    found = fences(numeric_state(binning, [5.0] * 10))
    np.testing.assert_array_equal(found.outside(np.array([5.0, 4.9, 5.1])) > 0, [0, 1, 1])


def test_a_reference_without_values_has_no_fences() -> None:
    nothing = numeric_state(BINNING, [None, None])
    found = outside(numeric_state(BINNING, [1e9]), fences(nothing))
    assert np.isnan(found.share.value[0])
    assert found.share.reason[0] == "reference has no values"


def test_a_window_without_values_has_no_share_outside() -> None:
    found = outside(numeric_state(BINNING, [None]), FENCES)
    assert found.share.reason[0] == "current window has no values"


def test_further_beyond_the_fence_is_further() -> None:
    x = np.array([10.0, FENCES.upper, FENCES.upper + 1, FENCES.upper + 50, np.inf])
    found = FENCES.outside(x)
    assert found[0] == 0.0
    assert np.all(np.diff(found) > 0)


def test_fences_are_of_one_reference() -> None:
    with pytest.raises(ValueError, match="one reference"):
        fences(numeric_states(BINNING, [REFERENCE, REFERENCE]))


COVARIANCE = np.array([[1.0, 0.8], [0.8, 1.0]])


def days(count: int, random, spoilt=(), by=(0.0, 0.0)):
    rows = [random.multivariate_normal([0.5, -0.2], COVARIANCE, 400) for _ in range(count)]
    for day in spoilt:
        rows[day] = rows[day] + by
    return pair_states(rows)


def test_the_center_is_that_of_the_rows() -> None:
    found = robust_center(days(20, np.random.default_rng(3)))
    np.testing.assert_allclose(found.mean, [0.5, -0.2], atol=0.06)
    np.testing.assert_allclose(found.sd, [1.0, 1.0], atol=0.06)
    assert found.correlation[0, 1] == pytest.approx(0.8, abs=0.03)


def test_a_quarter_of_bad_days_does_not_move_the_center() -> None:
    states = days(20, np.random.default_rng(4), spoilt=(1, 5, 6, 12), by=(4.0, -3.0))
    found = robust_center(states)
    np.testing.assert_allclose(found.mean, [0.5, -0.2], atol=0.08)
    assert found.correlation[0, 1] == pytest.approx(0.8, abs=0.05)
    assert not found.core[[1, 5, 6, 12]].any()


def test_normal_rows_are_beyond_the_threshold_one_in_a_thousand() -> None:
    random = np.random.default_rng(5)
    center = robust_center(days(20, random))
    rows = random.multivariate_normal([0.5, -0.2], COVARIANCE, 40_000)
    assert np.mean(distances(rows, center).square > threshold(2)) == pytest.approx(1e-3, rel=0.6)


def test_a_row_against_the_correlation_is_far_out_though_its_values_are_not() -> None:
    center = robust_center(days(20, np.random.default_rng(6)))
    with_it, against_it = distances(np.array([[2.0, 1.3], [2.0, -1.7]]), center).p_value
    assert with_it > 0.1
    assert against_it < 0.001


def test_the_feature_that_makes_a_row_far_out_has_the_largest_part() -> None:
    center = robust_center(days(20, np.random.default_rng(7)))
    found = distances(np.array([[0.5, 6.0], [-6.0, -0.2]]), center)
    assert found.parts.argmax(axis=1).tolist() == [1, 0]
    np.testing.assert_allclose(found.parts.sum(axis=1), found.square)


def test_a_row_without_values_is_at_no_distance() -> None:
    center = robust_center(days(9, np.random.default_rng(8)))
    found = distances(np.full((1, 2), np.nan), center)
    assert (found.square[0], found.values[0], found.p_value[0]) == (0.0, 0, 1.0)


def test_days_like_the_reference_have_a_mean_square_of_one() -> None:
    random = np.random.default_rng(9)
    states = days(40, random)
    center = robust_center(states.take(np.arange(30)))
    np.testing.assert_allclose(mean_squares(states, center)[30:], 1.0, atol=0.2)


def test_a_day_that_moved_has_a_larger_mean_square() -> None:
    states = days(30, np.random.default_rng(10), spoilt=(29,), by=(1.0, -1.0))
    center = robust_center(states.take(np.arange(29)))
    assert mean_squares(states, center)[29] > 3.0


def test_a_constant_feature_is_left_out() -> None:
    random = np.random.default_rng(11)
    rows = [np.stack([random.standard_normal(200), np.full(200, 3.0)], axis=1) for _ in range(9)]
    center = robust_center(pair_states(rows))
    assert center.used.tolist() == [True, False]
    assert distances(np.array([[0.0, 99.0]]), center).values.tolist() == [1]


def test_a_feature_that_is_missing_on_some_days_is_known_from_the_others() -> None:
    random = np.random.default_rng(12)
    rows = [random.multivariate_normal([0.5, -0.2], COVARIANCE, 400) for _ in range(12)]
    for day in (2, 3):
        rows[day][:, 1] = np.nan
    center = robust_center(pair_states(rows))
    assert center.used.all()
    assert center.correlation[0, 1] == pytest.approx(0.8, abs=0.05)


def test_features_that_say_the_same_leave_distances_finite() -> None:
    random = np.random.default_rng(13)
    one = [random.standard_normal((300, 1)) for _ in range(9)]
    center = robust_center(pair_states([np.repeat(x, 2, axis=1) for x in one]))
    found = distances(np.array([[1.0, 1.0], [1.0, -1.0]]), center)
    assert found.square[0] == pytest.approx(1.0, abs=0.3)
    assert 100.0 < found.square[1] < np.inf


def test_a_reference_in_which_nothing_varies_has_no_center() -> None:
    assert robust_center(pair_states([np.ones((50, 2))] * 5)) is None
    assert robust_center(pair_states([np.empty((0, 2))])) is None
