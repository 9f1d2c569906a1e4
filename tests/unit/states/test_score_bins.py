"""Bins of a score that tell the highest ones apart, where positives are rare."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics

from modelwatch.stats.performance.metric import BOUND_BEYOND_VALUE
from modelwatch.stats.performance.metrics import PERFORMANCE, performance
from modelwatch.stats.states.binary import BinaryStates, positions
from modelwatch.stats.states.binning import fit_numeric
from modelwatch.stats.states.score_bins import TOP_VALUES, TopValues, fit_scores
from modelwatch.stats.states.score_scale import ScoreBinning

ROWS = 100_000


def drawn(rate: float, seed: int, shape: str, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Scores and labels of independent rows, of which a share is positive."""
    random = np.random.default_rng(seed)
    label = random.random(rows) < rate
    odds = random.normal(-6.0, 1.5, rows) + 4.0 * label
    if shape == "saturated":
        odds = random.normal(0.0, 6.0, rows) + 12.0 * label
    score = expit(odds)
    if shape == "rounded":
        return np.round(expit(odds + 3.0), 3), label
    if shape == "single precision":
        return score.astype(np.float32).astype(np.float64), label
    return (odds if shape == "rank" else score), label


def fitted(score: np.ndarray, shape: str = "") -> ScoreBinning:
    sample = score[:: max(1, len(score) // 50_000)]
    kind = "rank" if shape == "rank" else "probability"
    top = TopValues.of(score)
    return fit_scores(sample, score.min(), score.max(), top, len(score), kind=kind)


def counted(binning, score: np.ndarray, label: np.ndarray) -> BinaryStates:
    """States of labeled rows, without the sums."""
    at = (label + 1) * binning.length + positions(binning, score, None)
    counts = np.zeros((1, 2, 3, binning.length), dtype=np.int64)
    counts[0, 0] = np.bincount(at, minlength=3 * binning.length).reshape(3, -1)
    nothing = np.zeros((1, 3, 2), dtype=np.int64)
    return BinaryStates(counts, np.zeros_like(counts), nothing, binning).without_empty_bins()


def recall_at(score: np.ndarray, label: np.ndarray, share: float) -> float:
    """Share of the positives among the top rows, ties as in expectation of a random order."""
    threshold = np.sort(score)[::-1][round(share * len(score)) - 1]
    above, tied = score > threshold, score == threshold
    part = (share * len(score) - above.sum()) / tied.sum()
    return float((label[above].sum() + part * label[tied].sum()) / label.sum())


@pytest.mark.parametrize("rate", [1e-3, 1e-4])
@pytest.mark.parametrize("shape", ["normal", "saturated", "rounded", "single precision", "rank"])
def test_rare_positives_are_ranked_as_by_their_rows(rate, shape) -> None:
    binning = fitted(drawn(rate, 1, shape)[0], shape)
    score, label = drawn(rate, 2, shape)
    states = counted(binning, score, label)
    found = performance(states, ["roc_auc", "average_precision", "lift_01", "lift_05"])
    precision = metrics.average_precision_score(label, score)
    assert found["average_precision"].value[0] == pytest.approx(precision, abs=0.005)
    assert found["roc_auc"].value[0] == pytest.approx(
        metrics.roc_auc_score(label, score), abs=0.001
    )
    for percent in (1, 5):
        recall = recall_at(score, label, percent / 100)
        lift = found[f"lift_{percent:02d}"].value[0]
        assert lift * percent / 100 == pytest.approx(recall, abs=0.005)
        # Precision among the top rows.
        assert lift * label.mean() == pytest.approx(recall * label.mean() * 100 / percent, abs=5e-3)
    bound = PERFORMANCE["average_precision"].error_bound
    assert bound is not None
    assert abs(found["average_precision"].value[0] - precision) <= bound(states.margins)[0] + 1e-9


def test_bounds_are_small_where_positives_are_rare() -> None:
    binning = fitted(drawn(1e-3, 1, "normal")[0])
    states = counted(binning, *drawn(1e-3, 2, "normal"))
    bound = PERFORMANCE["average_precision"].error_bound
    assert bound is not None
    assert bound(states.margins)[0] < 0.1 * performance(states)["average_precision"].value[0]


def test_scores_beyond_those_of_the_reference_are_distinguished() -> None:
    binning = fitted(drawn(1e-3, 1, "normal")[0])
    score, label = drawn(1e-3, 2, "normal")
    higher = expit(np.log(score / (1.0 - score)) + 3.0)
    found = performance(counted(binning, higher, label))["average_precision"].value[0]
    assert found == pytest.approx(metrics.average_precision_score(label, higher), abs=0.01)


def test_a_window_of_many_more_rows_than_the_reference_is_resolved() -> None:
    binning = fitted(drawn(1e-3, 1, "normal", 10_000)[0])
    score, label = drawn(1e-3, 2, "normal")
    found = performance(counted(binning, score, label))["average_precision"].value[0]
    assert found == pytest.approx(metrics.average_precision_score(label, score), abs=0.01)


def test_a_metric_whose_bound_is_as_large_as_itself_is_undefined() -> None:
    binning = fit_numeric(np.linspace(0.0, 0.5, 1000), 0.0, 0.5, bins=20)
    score, label = np.full(1000, 0.7), np.arange(1000) == 0
    score += np.arange(1000) * 1e-6
    found = performance(counted(binning, score, label))
    assert found["average_precision"].reason[0] == BOUND_BEYOND_VALUE
    assert "share a bin" in found["roc_auc"].reason[0]


def test_ties_are_no_error() -> None:
    binning = fitted(np.full(1000, 0.7))
    found = performance(counted(binning, np.full(1000, 0.7), np.arange(1000) < 100))
    assert found["average_precision"].value[0] == pytest.approx(0.1)
    assert found["roc_auc"].value[0] == 0.5


def test_average_precision_inside_a_bin_is_its_mean_over_all_orders() -> None:
    random = np.random.default_rng(5)
    binning = ScoreBinning(np.array([-np.inf, 0.0, 0.5, 1.0, np.inf]), 0.5, 0.5)
    label = np.array([1] * 3 + [0] * 5 + [1] * 2 + [0] * 9, dtype=bool)
    score = np.where(np.arange(19) < 8, 0.75, 0.25)
    scores = score + 0.1 * random.random((20_000, 19))
    ranked = np.take_along_axis(label[None], np.argsort(-scores, axis=1), axis=1)
    precision = np.cumsum(ranked, axis=1) / np.arange(1, 20)
    orders = (precision * ranked).sum(axis=1) / label.sum()
    assert orders[0] == pytest.approx(metrics.average_precision_score(label, scores[0]))
    found = performance(counted(binning, score, label), bounded=False)
    assert found["average_precision"].value[0] == pytest.approx(np.mean(orders), abs=0.003)


def test_the_top_does_not_depend_on_how_rows_are_dealt() -> None:
    score = np.round(np.random.default_rng(6).normal(size=60_000), 4)
    whole = TopValues.of(score)
    merged = TopValues.of(score[:5])
    for part in np.array_split(score[5:], 7):
        merged = merged.merge(TopValues.of(part))
    values, counts = np.unique(score, return_counts=True)
    for top in (whole, merged):
        np.testing.assert_array_equal(top.values, values[::-1][:TOP_VALUES])
        np.testing.assert_array_equal(top.rows, counts[::-1][:TOP_VALUES])


def test_bins_of_a_score_are_few_and_include_the_tenths() -> None:
    binning = fitted(drawn(1e-4, 1, "normal")[0])
    assert binning.length < 800
    assert set(np.arange(11) / 10.0) <= set(binning.edges.tolist())
    assert binning.has_own_bin(1.0)


def test_a_score_of_few_values_has_a_bin_for_each() -> None:
    score = np.tile(np.arange(1.0, 11.0), 500)
    binning = fitted(score)
    assert all(binning.has_own_bin(value) for value in np.unique(score))


def test_no_reference_row_still_gives_bins() -> None:
    nothing = np.empty(0)
    binning = fit_scores(nothing, np.nan, np.nan, TopValues.of(nothing), 0)
    assert {0.0, 0.5, 1.0} <= set(binning.edges.tolist())
