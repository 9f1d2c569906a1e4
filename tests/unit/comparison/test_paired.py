"""Champion and challenger: differences, McNemar's test, the split, and who wins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from modelwatch.stats.comparison.paired import (
    Difference,
    comparison_verdict,
    differences,
    mcnemar,
    side_of,
    window_differences,
)
from modelwatch.stats.comparison.traffic_split import NO_ROWS, sample_ratio
from modelwatch.stats.performance.jackknife import FEW_DAYS
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.performance.row_intervals import iid_interval
from modelwatch.stats.states.binning import fit_numeric
from performance_samples import binary_states

BINNING = fit_numeric(np.arange(101) / 100, 0.0, 1.0, bins=202)


def models(days: int = 12, rows: int = 200, noise: float = 0.25, seed: int = 1):
    """A champion that sees the truth through noise, and a challenger that sees it as it is."""
    random = np.random.default_rng(seed)
    n = days * rows
    truth = random.random(n).round(2)
    label = (random.random(n) < truth).astype(int) + 1
    seen = np.clip(truth + random.normal(0, noise, n), 0, 1).round(2)
    day = np.repeat(np.arange(days), rows)
    return [
        binary_states(BINNING, score, (score >= 0.5).astype(int), label, day)
        for score in (seen, truth)
    ]


def always(right: bool, days: int, rows: int = 200):
    """A model whose every decision is right, or wrong."""
    label = np.tile([1, 2], days * rows // 2)
    decision = label - 1 if right else 2 - label
    day = np.repeat(np.arange(days), rows)
    return binary_states(BINNING, np.where(decision, 0.8, 0.2), decision, label, day)


def difference(key: str, lower: float, upper: float, reason: str | None = None) -> Difference:
    side = None if math.isnan(lower) else side_of(lower, upper, PERFORMANCE[key].better)
    middle = (lower + upper) / 2
    return Difference(key, 0.5, 0.5 + middle, middle, lower, upper, 0.5, reason, side)


def test_every_metric_of_a_binary_model_is_compared() -> None:
    found = differences(*models())
    assert set(found) == {k for k, metric in PERFORMANCE.items() if "binary" in metric.tasks}
    for each in found.values():
        assert each.value == pytest.approx(each.challenger - each.champion, nan_ok=True)


def test_windows_differ_as_their_days_alone_do() -> None:
    one, other = models()
    # The third day has no label, and the last window no day.
    silent = np.arange(12) != 2
    one, other = (
        side.take(silent).followed_by((side - side).take(~silent)) for side in (one, other)
    )
    spans = np.array([[0, 12], [3, 7], [10, 12], [4, 4]])
    for (start, stop), found in zip(spans, window_differences(one, other, spans), strict=True):
        days = np.arange(start, stop)
        alone = differences(one.take(days), other.take(days))
        assert {key: each.reason for key, each in found.items()} == {
            key: each.reason for key, each in alone.items()
        }
        for key, each in found.items():
            for of in ("value", "lower", "upper", "p_value"):
                expected = getattr(alone[key], of)
                assert getattr(each, of) == pytest.approx(expected, nan_ok=True), (key, of)


def test_a_better_challenger_is_found() -> None:
    found = differences(*models())
    assert found["roc_auc"].side == "challenger"
    assert found["log_loss"].side == "challenger"
    assert found["log_loss"].value < 0
    assert comparison_verdict(found).winner == "challenger"


def test_exchanging_the_models_exchanges_the_difference() -> None:
    one, other = models()
    there, back = differences(one, other), differences(other, one)
    for key in there:
        assert there[key].value == pytest.approx(-back[key].value, nan_ok=True)
        assert there[key].lower == pytest.approx(-back[key].upper, nan_ok=True)
        assert there[key].p_value == pytest.approx(back[key].p_value, nan_ok=True)


def test_a_model_does_not_differ_from_itself() -> None:
    one, _ = models()
    found = differences(one, one)
    for each in found.values():
        if not math.isnan(each.value):
            assert (each.value, each.lower, each.upper, each.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert comparison_verdict(found).winner == "no automatic winner"


def test_two_days_give_a_difference_without_an_interval() -> None:
    found = differences(*models(days=2))["accuracy"]
    assert math.isfinite(found.value)
    assert math.isnan(found.lower)
    assert found.reason == FEW_DAYS
    assert comparison_verdict({"accuracy": found}).winner == "no automatic winner"


def test_a_metric_that_is_undefined_says_of_which_model() -> None:
    one, other = models(days=4)
    found = differences(one, other - other)["accuracy"]
    assert math.isnan(found.value)
    assert found.reason.startswith("challenger: ")


def test_days_that_do_not_match_are_refused() -> None:
    one, other = models()
    with pytest.raises(ValueError, match="match"):
        differences(one, other.take(np.arange(3)))


def test_intervals_hold_the_difference_as_often_as_they_say() -> None:
    held = 0
    whole = differences(*models(days=300, rows=300, seed=99), ["roc_auc"])["roc_auc"].value
    for seed in range(60):
        found = differences(*models(rows=150, seed=seed), ["roc_auc"])["roc_auc"]
        held += found.lower <= whole <= found.upper
    assert held >= 52


def test_mcnemar_counts_the_rows_that_one_model_alone_decided_rightly() -> None:
    decisions = np.zeros((1, 2, 2, 3), dtype=np.int64)
    decisions[0, 1, 0] = [9, 4, 3]
    decisions[0, 0, 1] = [9, 2, 1]
    found = mcnemar(decisions)
    assert (found.champion_only[0], found.challenger_only[0]) == (5, 5)
    assert (found.exact_p_value[0], found.chi_square[0], found.p_value[0]) == (1.0, 0.0, 1.0)


def test_no_discordant_row_is_even() -> None:
    found = mcnemar(np.zeros((2, 2, 2, 3), dtype=np.int64))
    assert found.exact_p_value.tolist() == [1.0, 1.0]
    assert found.p_value.tolist() == [1.0, 1.0]


def test_an_interval_that_spans_zero_has_no_winner() -> None:
    found = comparison_verdict({"accuracy": difference("accuracy", -0.01, 0.02)})
    assert found.winner == "no automatic winner"
    assert "spans zero" in found.sentence


def test_metrics_that_disagree_have_no_winner() -> None:
    found = comparison_verdict(
        {
            "accuracy": difference("accuracy", 0.01, 0.02),
            "log_loss": difference("log_loss", 0.1, 0.2),
        }
    )
    assert found.winner == "no automatic winner"
    assert "disagree" in found.sentence
    assert "Log loss" in found.sentence or "log loss" in found.sentence.lower()


def test_a_metric_that_cannot_show_is_not_against() -> None:
    found = {
        "accuracy": difference("accuracy", -0.02, -0.01),
        "roc_auc": difference("roc_auc", -0.01, 0.05),
    }
    assert comparison_verdict(found).winner == "champion"


def test_a_metric_whose_interval_just_touches_zero_on_the_other_side_is_against() -> None:
    found = comparison_verdict(
        {
            "accuracy": difference("accuracy", -0.0339, -0.0146),
            "roc_auc": difference("roc_auc", -0.0021, 0.0589),
        }
    )
    assert found.winner == "no automatic winner"
    assert "ROC AUC +0.0284 (-0.0021 to +0.0589) points to the challenger" in found.sentence


def test_a_loss_whose_interval_just_touches_zero_is_against_where_it_rises() -> None:
    found = {
        "accuracy": difference("accuracy", 0.01, 0.02),
        "log_loss": difference("log_loss", -0.001, 0.05),
    }
    assert comparison_verdict(found).winner == "no automatic winner"
    found["log_loss"] = difference("log_loss", -0.05, 0.001)
    assert comparison_verdict(found).winner == "challenger"


def test_an_undefined_metric_has_no_winner() -> None:
    nan = float("nan")
    found = comparison_verdict({"accuracy": difference("accuracy", nan, nan, "no labeled row")})
    assert found.winner == "no automatic winner"
    assert "no labeled row" in found.sentence
    assert comparison_verdict({}).winner == "no automatic winner"


def test_lower_is_better_where_the_metric_says_so() -> None:
    assert side_of(0.1, 0.2, "lower") == "champion"
    assert side_of(-0.2, -0.1, "lower") == "challenger"
    assert side_of(0.1, 0.2, "neutral") is None
    assert side_of(float("nan"), float("nan"), "higher") == "no difference"


def test_a_split_that_is_as_intended_is_no_mismatch() -> None:
    found = sample_ratio(np.array([[5030, 4970], [5500, 4500]]), np.array([0.5, 0.5]))
    assert found.mismatch.tolist() == [False, True]
    assert found.shares[1].tolist() == [0.55, 0.45]


@pytest.mark.parametrize("rows", [(8, 2), (0, 12), (40, 3), (3, 0), (900, 85)])
def test_a_split_of_few_rows_is_tested_exactly(rows) -> None:
    found = sample_ratio(np.array([rows]), np.array([0.9, 0.1]))
    exact = stats.binomtest(rows[1], sum(rows), 0.1).pvalue
    assert found.p_value.value[0] == pytest.approx(exact, rel=1e-9)


def test_a_split_of_few_rows_among_three_models_is_corrected_for_their_number() -> None:
    rows, weights = np.array([[30, 4, 9]]), np.array([0.6, 0.2, 0.2])
    each = [stats.binomtest(n, 43, w).pvalue for n, w in zip(rows[0], weights, strict=True)]
    found = sample_ratio(rows, weights)
    assert found.p_value.value[0] == pytest.approx(min(1.0, 3 * min(each)), rel=1e-9)


def test_a_split_as_intended_is_called_broken_no_more_often_than_it_says() -> None:
    rows = np.arange(301)
    found = sample_ratio(np.stack([300 - rows, rows], axis=1), np.array([0.99, 0.01]))
    assert stats.binom.pmf(rows, 300, 0.01) @ found.mismatch <= 0.001


def test_a_split_without_rows_is_unknown() -> None:
    found = sample_ratio(np.zeros((1, 2), dtype=np.int64), np.array([9.0, 1.0]))
    assert np.isnan(found.p_value.value[0])
    assert found.p_value.reason[0] == NO_ROWS
    assert not found.mismatch[0]


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -1.0]])
def test_a_split_that_is_none_is_refused(weights) -> None:
    with pytest.raises(ValueError, match="split"):
        sample_ratio(np.ones((1, len(weights)), dtype=np.int64), np.array(weights))


def test_days_that_are_all_alike_are_as_sure_as_their_rows() -> None:
    one, other = models(days=1)
    alike = [side.followed_by(side, side, side) for side in (one, other)]
    found = differences(*alike)["accuracy"]
    rows = [side.total() for side in alike]
    sd = math.sqrt(sum(float(iid_interval("accuracy", side).variance[0]) for side in rows))
    assert found.upper - found.value == pytest.approx(stats.t.ppf(0.975, 3) * sd)


def test_a_model_that_is_always_right_is_better_than_one_that_never_is() -> None:
    right, wrong = always(True, days=5), always(False, days=5)
    found = differences(right, wrong)["accuracy"]
    assert found.value == -1.0
    assert found.side == "champion"
    assert found.p_value < 1e-6


def test_a_day_without_labels_has_no_say() -> None:
    one, other = models(days=6)
    longer = [
        side.followed_by(side.take(np.array([0])) - side.take(np.array([0])))
        for side in (one, other)
    ]
    assert differences(*longer)["f1"] == differences(one, other)["f1"]
