"""Metrics read from states are those of the rows, whatever days and windows the rows came in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from modelwatch.stats.performance.fairness import FAIRNESS, fairness
from modelwatch.stats.performance.metrics import (
    PERFORMANCE,
    metric_states,
    performance,
    reliability,
)
from modelwatch.stats.states.score_tally import ScorePlan, ScoreTally
from naive_scores import merged_states, score_states
from performance_samples import (
    UNIT_BINS,
    batch_of,
    binary_states,
    multiclass_states,
    regression_states,
)
from samples import numeric_binning

EIGHTHS = numeric_binning([-0.5, *(k / 8 for k in range(9)), 1.5])
COARSE = numeric_binning([k / 500 for k in range(30, 460)], bins=12)
fewer = settings(max_examples=30)
scored_rows = st.tuples(
    st.sampled_from([k / 8 for k in range(9)] + [np.nan, -0.5, 1.5]),
    st.integers(-1, 1),
    st.integers(0, 2),
    st.integers(0, 4),
)
tables = st.lists(scored_rows, min_size=1, max_size=40)


def columns(table) -> tuple[np.ndarray, ...]:
    return tuple(np.array(column) for column in zip(*table, strict=True))


def brute(score, decision, label) -> dict[str, float]:
    """Metrics by their definitions, row by row; NaN where they are undefined."""
    known = label > 0
    decided = known & (decision >= 0)
    y, d = label[decided] == 2, decision[decided] == 1
    tp, fp, fn, tn = (y & d).sum(), (~y & d).sum(), (y & ~d).sum(), (~y & ~d).sum()
    valid = known & (score >= 0) & (score <= 1)
    p, t = score[valid], (label[valid] == 2).astype(float)
    ranked = known & ~np.isnan(score)
    if ranked.sum() - valid.sum() > 0.01 * ranked.sum():
        p, t = p[:0], t[:0]  # too many scores are not probabilities
    positive, negative = (score[ranked & (label == side)] for side in (2, 1))
    wins = [(a > b) + 0.5 * (a == b) for a in positive for b in negative]

    def ratio(a: float, b: float) -> float:
        return float(a / b) if b else math.nan

    given_truth = np.clip(np.where(t == 1, p, 1 - p), 2.0**-52, 1 - 2.0**-52)
    spread = float((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return {
        "accuracy": ratio(tp + tn, len(y)),
        "precision": ratio(tp, tp + fp),
        "recall": ratio(tp, tp + fn),
        "specificity": ratio(tn, tn + fp),
        "false_positive_rate": ratio(fp, tn + fp),
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "mcc": ratio(float(tp * tn) - float(fp * fn), math.sqrt(spread)),
        "base_rate": ratio((label == 2).sum(), known.sum()),
        "selection_rate": ratio((decision == 1).sum(), (decision >= 0).sum()),
        "roc_auc": ratio(sum(wins), len(wins)),
        "brier": ratio(((p - t) ** 2).sum(), len(p)),
        "log_loss": ratio(-np.log(given_truth).sum(), len(p)),
        "calibration_bias": ratio((p - t).sum(), len(p)),
    }


@fewer
@given(table=tables)
def test_metrics_of_a_binary_model_are_those_of_its_rows(table) -> None:
    score, decision, label, _ = columns(table)
    found = performance(binary_states(EIGHTHS, score, decision, label), bounded=False)
    for key, expected in brute(score, decision, label).items():
        assert found[key].value[0] == pytest.approx(expected, abs=1e-7, nan_ok=True), key


@fewer
@given(table=tables)
def test_windows_are_sums_of_days_and_days_but_one_are_differences(table) -> None:
    score, decision, label, day = columns(table)
    days = binary_states(EIGHTHS, score, decision, label, day)
    whole, without = (
        performance(states, bounded=False) for states in (days.total(), days.without_each())
    )
    expected = performance(binary_states(EIGHTHS, score, decision, label), bounded=False)
    for key, found in whole.items():
        np.testing.assert_array_equal(found.value, expected[key].value)
    for left in range(len(days)):
        kept = day != left
        if kept.any():
            rest = brute(score[kept], decision[kept], label[kept])
            for key, value in rest.items():
                found = without[key].value[left]
                assert found == pytest.approx(value, abs=1e-7, nan_ok=True)


@fewer
@given(table=tables, binning=st.sampled_from([EIGHTHS, COARSE, UNIT_BINS]))
def test_every_defined_value_is_in_range_and_every_other_has_a_reason(table, binning) -> None:
    score, decision, label, day = columns(table)
    states = binary_states(binning, score, decision, label, day)
    for key, found in performance(states).items():
        low, high = PERFORMANCE[key].range
        defined = ~np.isnan(found.value)
        assert ((found.value >= low) & (found.value <= high))[defined].all(), key
        assert [reason is None for reason in found.reason] == defined.tolist(), key


@fewer
@given(table=tables, binning=st.sampled_from([COARSE, UNIT_BINS]))
def test_metrics_of_binned_scores_are_within_their_bounds_of_those_of_the_rows(
    table, binning
) -> None:
    score, decision, label, _ = columns(table)
    exact = performance(binary_states(EIGHTHS, score, decision, label), bounded=False)
    binned = binary_states(binning, score, decision, label)
    for key, found in performance(binned, bounded=False).items():
        expected, bound = exact[key].value[0], PERFORMANCE[key].error_bound
        allowed = 1e-9 if bound is None else bound(metric_states(binned))[0] + 1e-9
        assert np.isnan(expected) == np.isnan(found.value[0]), key
        assert np.isnan(expected) or abs(found.value[0] - expected) <= allowed, key


@fewer
@given(table=tables)
def test_the_reliability_table_holds_every_scored_row_once(table) -> None:
    score, decision, label, _ = columns(table)
    states = binary_states(EIGHTHS, score, decision, label)
    found = reliability(states.margins)
    valid = (score >= 0) & (score <= 1) & (label > 0)
    tenth = np.minimum(np.floor(score[valid] * 10), 9).astype(int)
    np.testing.assert_array_equal(found.rows[0], np.bincount(tenth, minlength=10))
    assert found.positives.sum() == (label[valid] == 2).sum()
    mean = [score[valid][tenth == k].mean() if (tenth == k).any() else np.nan for k in range(10)]
    np.testing.assert_allclose(found.mean_score[0], mean, atol=1e-8)


@fewer
@given(table=tables)
def test_a_group_is_compared_with_all_other_rows(table) -> None:
    score, decision, label, group = columns(table)
    groups = binary_states(EIGHTHS, score, decision, label, group)
    found = fairness(groups.margins, groups.margins.total())
    for at in range(len(groups)):
        mine, others = (
            brute(score[mask], decision[mask], label[mask]) for mask in (group == at, group != at)
        )
        for key, known in FAIRNESS.items():
            expected = mine[known.of] - others[known.of]
            assert found[key].value[at] == pytest.approx(expected, abs=1e-7, nan_ok=True)
            assert (found[key].reason[at] is None) == (not math.isnan(expected))


CLASSES = ("a", "b", "c")
class_rows = st.tuples(st.integers(-1, 3), st.integers(0, 4), st.integers(0, 2))
class_tables = st.lists(class_rows, min_size=1, max_size=30)


@fewer
@given(table=class_tables, seed=st.integers(0, 99))
def test_metrics_of_classes_are_those_of_the_rows(table, seed: int) -> None:
    decision, label, _ = columns(table)
    score = np.random.default_rng(seed).multinomial(4, [0.3, 0.3, 0.4], len(table)) / 4
    found = performance(multiclass_states(CLASSES, score, decision, label), bounded=False)
    judged = (label > 0) & (label <= 3) & (decision >= 0)
    y, d = label[judged] - 1, decision[judged]
    accuracy = (y == d).mean() if judged.any() else math.nan
    assert found["accuracy"].value[0] == pytest.approx(accuracy, nan_ok=True)
    scored = (label > 0) & (label <= 3)
    losses = -np.log(np.clip(score[scored, label[scored] - 1], 2.0**-52, 1 - 2.0**-52))
    loss = losses.mean() if scored.any() else math.nan
    assert found["log_loss"].value[0] == pytest.approx(loss, abs=1e-7, nan_ok=True)
    areas = [
        [(a > b) + 0.5 * (a == b) for a in score[own, k] for b in score[rest, k]]
        for k in range(3)
        for own, rest in [(label == k + 1, (label > 0) & (label != k + 1))]
    ]
    area = np.mean([np.mean(wins) for wins in areas]) if all(areas) else math.nan
    assert found["roc_auc_ovr"].value[0] == pytest.approx(area, nan_ok=True)


regression_rows = st.tuples(
    st.floats(-1e4, 1e4) | st.sampled_from([0.0, np.nan, np.inf, 5.0]),
    st.floats(-1e4, 1e4) | st.sampled_from([0.0, 5.0]),
    st.integers(0, 1),
    st.integers(0, 3),
)
REGRESSION_BINS = numeric_binning([k / 3 for k in range(-300, 300)])


@fewer
@given(table=st.lists(regression_rows, min_size=1, max_size=30))
def test_metrics_of_a_regression_are_those_of_the_rows(table) -> None:
    p, y, label, day = columns(table)
    days = regression_states(REGRESSION_BINS, p, y, label, days=day)
    found = performance(days.total())
    kept = (label == 1) & np.isfinite(p)
    error, truth, said = (p - y)[kept], y[kept], p[kept]
    scale = REGRESSION_BINS.scale

    def mean(terms: np.ndarray) -> float:
        return float(terms.mean()) if len(terms) else math.nan

    size = np.abs(truth) + np.abs(said)
    expected = {
        "mae": mean(np.abs(error)),
        "rmse": math.sqrt(mean(error**2)),
        "bias": mean(error),
        "smape": mean(2 * np.abs(error)[size > 0] / size[size > 0]),
    }
    for key, value in expected.items():
        near = pytest.approx(value, rel=1e-9, abs=2e-6 * scale, nan_ok=True)
        assert found[key].value[0] == near, key
    if len(error):
        for level in (0.05, 0.5, 0.95):
            value = np.quantile(error, level, method="inverted_cdf")
            quantile = found[f"residual_q{round(100 * level):02d}"].value[0]
            assert quantile == pytest.approx(value, rel=0.01, abs=2.0**-16 * scale)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
@fewer
@given(
    table=st.lists(regression_rows, min_size=1, max_size=30),
    random=st.randoms(use_true_random=False),
)
def test_neither_order_nor_cut_of_the_batches_matters(task: str, table, random) -> None:
    p, y, label, day = columns(table)
    if task == "multiclass":
        plan = ScorePlan("multiclass", UNIT_BINS, classes=CLASSES)
        held = np.nan_to_num(p, posinf=7.0)
        scores = np.abs(np.stack([held, y, held + y], axis=1)) % 1.25
        decision = (np.abs(held) % 5).astype(int) - 1
        label = label * (1 + (np.abs(y) % 4).astype(int))
    else:
        plan, scores, decision = ScorePlan("regression", REGRESSION_BINS), p, 0 * label

    def states(parts):
        found = []
        for part in parts:
            if len(part):
                tally = ScoreTally(plan)
                for piece in np.array_split(part, 2):
                    kept = (a[piece] for a in (scores, decision, label))
                    tally.add(batch_of(*kept, target=y[piece], days=day[piece]))
                found += score_states(tally)
        return merged_states(random.sample(found, len(found)))

    order = list(range(len(table)))
    random.shuffle(order)
    cut = random.randint(0, len(order))
    expected = states([np.arange(len(table))])
    found = states([np.array(order[:cut], dtype=int), np.array(order[cut:], dtype=int)])
    assert set(found) == set(expected)
    for key, state in expected.items():
        np.testing.assert_array_equal(found[key].counts, state.counts)
        if state.sums is not None:
            np.testing.assert_array_equal(found[key].sums, state.sums)


@fewer
@given(
    counts=arrays.arrays(np.int64, (5, 2, 3, EIGHTHS.length), elements=st.integers(0, 3)),
    order=st.permutations(range(5)),
)
def test_the_order_of_days_does_not_matter(counts, order) -> None:
    from modelwatch.stats.performance.intervals import intervals
    from modelwatch.stats.states.binary import BinaryStates

    days = BinaryStates(counts, 0 * counts, np.zeros((5, 3, 2), dtype=np.int64), EIGHTHS)
    keys = ["accuracy", "roc_auc", "f1"]
    one, two = intervals(days, keys), intervals(days.take(np.array(order)), keys)
    for key in keys:
        ends = [(found[key].lower, found[key].upper) for found in (one, two)]
        assert ends[0] == pytest.approx(ends[1], nan_ok=True)
