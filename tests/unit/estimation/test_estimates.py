"""Performance without labels, and how far to trust it."""

from __future__ import annotations

import numpy as np
import pytest

from modelwatch.stats.drift.comparison import values
from modelwatch.stats.estimation.calibration import Calibration
from modelwatch.stats.estimation.estimates import (
    ESTIMATED,
    FEW_WINDOWS,
    NO_POSITIVE_DECISIONS,
    NO_POSITIVES_EXPECTED,
    NO_PROBABILITY_SCORES,
    NO_SCORED_DECISIONS,
    SCORES_NOT_PROBABILITIES,
    Estimate,
    back_test,
    business_value,
    estimates,
    expected,
    interval,
)
from modelwatch.stats.performance.metrics import PERFORMANCE, performance
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states

SCORES = np.arange(101) / 100
BINNING = fit_numeric(SCORES, 0.0, 1.0, bins=202)
ENDS = np.array([0.0, 1.0])
AS_SAID = Calibration(ENDS, ENDS, False, None, 0.0, 0.0, 1000)
CURVED = Calibration(SCORES, SCORES**2, True, None, 0.1, 0.0, 1000)


def states(score, decision=None, label=None, days=None):
    score = np.asarray(score, dtype=float)
    decision = (score >= 0.5).astype(int) if decision is None else decision
    label = np.zeros(len(score), dtype=int) if label is None else label
    return binary_states(BINNING, score, decision, label, days)


def drawn(n: int, seed: int = 1):
    return np.random.default_rng(seed).beta(1.2, 1.0, n).round(2)


def of(found: Estimate) -> tuple[float, object]:
    return float(found.values.value[0]), found.values.reason[0]


def estimate_of(value, sd) -> Estimate:
    value, sd = np.asarray(value, dtype=float), np.asarray(sd, dtype=float)
    return Estimate(values(value), sd, np.full(len(value), 100.0))


def test_every_estimated_metric_is_a_realised_one_too() -> None:
    assert set(ESTIMATED) <= set(PERFORMANCE)
    assert all(metric.meaning for metric in ESTIMATED.values())


@pytest.mark.parametrize("key", ESTIMATED)
@pytest.mark.parametrize("calibration", [AS_SAID, CURVED], ids=["said", "calibrated"])
def test_an_estimate_is_what_labels_drawn_with_the_probabilities_give(key, calibration) -> None:
    score = drawn(400)
    found = estimates(expected(states(score), calibration), [key])[key]
    random = np.random.default_rng(2)
    truth = calibration.probability(score)
    repeats = 600
    label = (random.random((repeats, 400)) < truth).astype(int) + 1
    several = states(
        np.tile(score, repeats), label=label.ravel(), days=np.repeat(np.arange(repeats), 400)
    )
    realised = performance(several, [key])[key].value
    sd = float(found.sampling_sd[0])
    assert found.values.value[0] == pytest.approx(realised.mean(), abs=0.25 * sd)
    assert sd == pytest.approx(realised.std(), rel=0.1)


def test_the_value_of_the_business_has_the_spread_of_labels_drawn() -> None:
    score, cells = drawn(300), {"tn": 1.0, "fp": -2.0, "fn": -5.0, "tp": 3.0}
    found = business_value(expected(states(score), AS_SAID), cells)
    label = np.random.default_rng(3).random((2000, 300)) < score
    chosen = score >= 0.5
    worth = np.where(chosen, np.where(label, 3.0, -2.0), np.where(label, -5.0, 1.0)).sum(axis=1)
    assert found.values.value[0] == pytest.approx(worth.mean(), abs=0.2 * worth.std())
    assert found.sampling_sd[0] == pytest.approx(worth.std(), rel=0.1)


def test_windows_of_a_stack_are_estimated_each_by_itself() -> None:
    parts = [drawn(200, 1), drawn(300, 2)]
    days = np.repeat([0, 1], [200, 300])
    both = estimates(expected(states(np.concatenate(parts), days=days), CURVED))
    for at, part in enumerate(parts):
        alone = estimates(expected(states(part), CURVED))
        for key, found in both.items():
            assert found.values.value[at] == pytest.approx(alone[key].values.value[0])
            assert found.sampling_sd[at] == pytest.approx(alone[key].sampling_sd[0])


def test_labels_change_nothing_but_which_rows_are_compared_with_them() -> None:
    score = drawn(300)
    label = np.arange(300) % 3
    every = estimates(expected(states(score, label=label), CURVED))
    known = estimates(expected(states(score, label=label), CURVED, labelled_only=True))
    for key, found in estimates(expected(states(score), CURVED)).items():
        assert of(every[key]) == pytest.approx(of(found))
    for key, found in estimates(expected(states(score[label > 0]), CURVED)).items():
        assert of(known[key]) == pytest.approx(of(found))


def test_no_row_is_a_reason() -> None:
    empty = states(np.array([0.5])) - states(np.array([0.5]))
    found = estimates(expected(empty, AS_SAID))
    assert of(found["roc_auc"])[1] == NO_PROBABILITY_SCORES
    assert of(found["accuracy"])[1] == NO_SCORED_DECISIONS
    assert all(np.isnan(each.values.value[0]) for each in found.values())
    assert all(np.isnan(each.sampling_sd[0]) for each in found.values())


def test_scores_out_of_range_give_no_estimate() -> None:
    found = estimates(expected(states([1.5, -2.0, np.nan]), AS_SAID))
    assert of(found["brier"])[1] == SCORES_NOT_PROBABILITIES


def test_no_positive_decision_is_a_reason() -> None:
    found = estimates(expected(states([0.1, 0.2]), AS_SAID))
    assert of(found["precision"])[1] == NO_POSITIVE_DECISIONS
    assert of(found["recall"]) == (0.0, None)


def test_no_positive_row_expected_is_a_reason() -> None:
    found = estimates(expected(states([0.0, 0.0]), AS_SAID))
    assert of(found["recall"])[1] == NO_POSITIVES_EXPECTED
    assert of(found["roc_auc"])[1] == NO_POSITIVES_EXPECTED
    assert of(found["accuracy"]) == (1.0, None)


def test_rows_without_a_decision_count_in_metrics_of_scores_only() -> None:
    score = np.array([0.2, 0.8, 0.4])
    found = estimates(expected(states(score, np.array([0, 1, -1])), AS_SAID))
    assert found["accuracy"].rows[0] == 2
    assert found["brier"].rows[0] == 3
    assert of(found["brier"])[0] == pytest.approx((score * (1 - score)).mean())


def test_the_interval_without_a_back_test_is_that_of_sampling() -> None:
    lower, upper = interval(estimate_of([0.8], [0.01]))
    assert (lower[0], upper[0]) == pytest.approx((0.8 - 0.0196, 0.8 + 0.0196), abs=1e-4)


def test_the_interval_stays_in_the_range_of_the_metric() -> None:
    lower, upper = interval(estimate_of([0.99], [0.05]), range=(0.0, 1.0))
    assert upper[0] == 1.0
    assert lower[0] < 0.99


def test_a_back_test_says_how_far_off_estimates_were() -> None:
    tested = back_test(
        estimate_of([0.8, 0.82, 0.84], [0.01] * 3), values(np.array([0.7, 0.8, 0.8]))
    )
    assert tested.windows == 3
    assert tested.bias == pytest.approx(0.16 / 3)
    assert tested.absolute_error == pytest.approx(0.16 / 3)
    assert tested.spread == pytest.approx(np.std([0.1, 0.02, 0.04], ddof=1))
    assert tested.excess_variance == pytest.approx(tested.spread**2 - 0.01**2)


def test_windows_that_are_undefined_are_left_out_of_a_back_test() -> None:
    truth = np.array([0.7, np.nan, 0.8, 0.75, 0.7])
    tested = back_test(estimate_of([0.8, 0.8, np.nan, 0.8, 0.8], [0.01] * 5), values(truth))
    assert tested.windows == 3


def test_few_matured_windows_are_no_back_test() -> None:
    tested = back_test(estimate_of([0.8, 0.8], [0.01] * 2), values(np.array([0.7, 0.7])))
    assert tested.reason == FEW_WINDOWS
    found = estimate_of([0.8], [0.01])
    assert [end[0] for end in interval(found, tested)] == [end[0] for end in interval(found)]


def test_an_optimistic_past_stretches_the_interval_down() -> None:
    random = np.random.default_rng(5)
    error = 0.05 + random.normal(0, 0.01, 40)
    past = estimate_of(np.full(40, 0.8), np.full(40, 0.01))
    tested = back_test(past, values(0.8 - error))
    lower, upper = interval(estimate_of([0.8], [0.01]), tested)
    assert lower[0] < 0.74
    assert 0.81 < upper[0] < 0.84


@pytest.mark.parametrize("extra", [0.0, 0.03])
def test_the_interval_with_a_back_test_holds_what_it_says(extra: float) -> None:
    random = np.random.default_rng(7)
    held = []
    for _ in range(400):
        truth = 0.8 + random.normal(0, 0.01, 13) + random.normal(0, extra, 13)
        guess = estimate_of(np.full(13, 0.8), np.full(13, 0.01))
        past = estimate_of(guess.values.value[:12], guess.sampling_sd[:12])
        lower, upper = interval(guess, back_test(past, values(truth[:12])))
        held.append(lower[12] <= truth[12] <= upper[12])
    assert 0.93 <= np.mean(held) <= 1.0
