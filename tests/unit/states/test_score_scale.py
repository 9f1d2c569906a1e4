"""Scores that are not probabilities: what is ranked by them, and what is undefined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn import metrics

from modelwatch.stats.estimation.calibration import fit_calibration
from modelwatch.stats.estimation.estimates import estimates, expected
from modelwatch.stats.estimation.multiclass import estimates_multiclass, fit_multiclass
from modelwatch.stats.performance.metric import (
    NO_SCORED_NEGATIVES,
    NO_SCORED_POSITIVES,
    NOT_PROBABILITIES,
    RANKS,
)
from modelwatch.stats.performance.metrics import (
    PERFORMANCE,
    metric_states,
    performance,
    reliability,
)
from modelwatch.stats.performance.multiclass import NOT_OF_CLASSES
from modelwatch.stats.performance.row_intervals import iid_interval
from modelwatch.stats.states.binary import BinaryStates
from modelwatch.stats.states.multiclass import MulticlassStates
from modelwatch.stats.states.score_bins import TopValues, fit_scores, shadow_binning
from modelwatch.stats.states.score_scale import ScoreBinning, ScoreKind
from modelwatch.stats.states.score_tally import ScorePlan
from performance_samples import batch_of, binary_states, stored

OF_PROBABILITIES = ("brier", "log_loss", "calibration_bias", "ece")
OF_RANKS = ("roc_auc", "average_precision", "lift_05")
ROWS = 4_000


@pytest.fixture(scope="module")
def logit() -> np.ndarray:
    return np.random.default_rng(1).normal(-0.5, 2.0, ROWS)


@pytest.fixture(scope="module")
def label(logit: np.ndarray) -> np.ndarray:
    return np.random.default_rng(2).random(ROWS) < expit(logit)


def bins_of(score: np.ndarray, kind: ScoreKind = "probability", **more) -> ScoreBinning:
    top = TopValues.of(score)
    return fit_scores(score, score.min(), score.max(), top, len(score), kind=kind, **more)


def states_of(
    score: np.ndarray, label: np.ndarray, kind: ScoreKind = "probability", **more
) -> BinaryStates:
    decision = np.zeros(len(score), dtype=int)
    return binary_states(bins_of(score, kind, **more), score, decision, label + 1)


def near(states: BinaryStates, key: str, wanted: float) -> bool:
    """Whether a metric is what scikit-learn says, within its bound and .005."""
    known = PERFORMANCE[key]
    bound = (
        1e-7 if known.error_bound is None else known.error_bound(metric_states(states))[0] + 1e-9
    )
    return abs(performance(states)[key].value[0] - wanted) <= min(bound, 0.005)


@pytest.mark.parametrize("kind", ["probability", "rank"])
@pytest.mark.parametrize(
    "scale",
    [
        lambda z: np.clip(np.round(z) + 5.0, 1.0, 10.0),
        lambda z: z,
        lambda z: 100.0 * expit(z),
        lambda z: 600.0 + 50.0 * z,
        lambda z: -1e6 * expit(-z),
    ],
    ids=["ordinal", "logit", "percentage", "points", "negative"],
)
def test_ranking_is_right_on_any_scale(scale, kind, logit, label) -> None:
    score = scale(logit)
    states = states_of(score, label, kind)
    assert near(states, "roc_auc", metrics.roc_auc_score(label, score))
    assert near(states, "average_precision", metrics.average_precision_score(label, score))
    found = performance(states)
    reason = RANKS if kind == "rank" else NOT_PROBABILITIES
    assert {found[key].reason[0] for key in OF_PROBABILITIES} == {reason}


@pytest.mark.parametrize(
    ("kind", "score"),
    [
        ("probability", expit),
        ("logit", lambda z: z),
        ("percentage", lambda z: 100.0 * expit(z)),
    ],
)
def test_a_declared_scale_gives_the_metrics_of_the_probability(kind, score, logit, label) -> None:
    p = expit(logit)
    states = states_of(score(logit), label, kind)
    found = performance(states)
    assert found["brier"].value[0] == pytest.approx(metrics.brier_score_loss(label, p), abs=1e-7)
    assert found["log_loss"].value[0] == pytest.approx(metrics.log_loss(label, p), abs=1e-7)
    assert found["calibration_bias"].value[0] == pytest.approx(p.mean() - label.mean(), abs=1e-7)
    assert near(states, "roc_auc", metrics.roc_auc_score(label, p))
    tenth = np.minimum((p * 10).astype(int), 9)
    gaps = [(tenth == k).mean() * abs((p - label)[tenth == k].mean()) for k in range(10)]
    assert found["ece"].value[0] == pytest.approx(sum(gaps), abs=1e-7)
    np.testing.assert_array_equal(
        reliability(states.margins).rows[0], np.bincount(tenth, minlength=10)
    )


def test_extreme_log_odds_are_certain_and_finite() -> None:
    score = np.array([-np.inf, -800.0, 800.0, np.inf])
    binning = ScoreBinning(np.array([-np.inf, -1.0, 1.0, np.inf]), 0.0, 1.0, kind="logit")
    states = binary_states(binning, score, [0, 0, 1, 1], [1, 1, 2, 2])
    found = performance(states)
    assert found["roc_auc"].value[0] == 1.0
    assert found["brier"].value[0] == 0.0
    assert np.isfinite(found["log_loss"].value[0])


def test_a_few_scores_out_of_range_leave_the_others_their_probabilities(logit, label) -> None:
    p = expit(logit)
    p[:30] = 1.5
    found = performance(states_of(p, label))
    wanted = metrics.brier_score_loss(label[30:], p[30:])
    assert found["brier"].value[0] == pytest.approx(wanted, abs=1e-7)
    p[:50] = 1.5
    assert performance(states_of(p, label))["brier"].reason[0] == NOT_PROBABILITIES


def test_a_special_value_is_no_score(logit, label) -> None:
    p = expit(logit)
    coded = p.copy()
    coded[:1000] = -1.0
    states = states_of(coded, label, special_values=(-1.0,))
    assert near(states, "roc_auc", metrics.roc_auc_score(label[1000:], p[1000:]))
    wanted = metrics.brier_score_loss(label[1000:], p[1000:])
    assert performance(states)["brier"].value[0] == pytest.approx(wanted, abs=1e-7)


def test_a_reason_never_denies_labels_that_there_are() -> None:
    binning = bins_of(np.array([0.2, 0.7]))
    no_negative = binary_states(binning, [0.2, np.nan], [1, 0], [2, 1])
    assert performance(no_negative)["roc_auc"].reason[0] == NO_SCORED_NEGATIVES
    no_positive = binary_states(binning, [0.2, np.nan], [1, 0], [1, 2])
    assert performance(no_positive)["average_precision"].reason[0] == NO_SCORED_POSITIVES
    undecided = performance(binary_states(binning, [0.2, 0.7], [0, -1], [1, 2]))
    assert undecided["recall"].reason[0] == "no row with a positive label has a decision"
    assert undecided["mcc"].reason[0] == "no row with a positive label has a decision"


def test_states_of_scores_that_say_something_else_do_not_merge(logit, label) -> None:
    first, second = (states_of(logit, label, kind) for kind in ("probability", "logit"))
    assert first.identity != second.identity


def test_empty_bins_can_be_left_out(logit, label) -> None:
    for kind, score in (("probability", expit(logit)), ("logit", logit), ("rank", logit)):
        binning = bins_of(score, kind)
        states = binary_states(binning, score[:50], np.zeros(50, dtype=int), label[:50] + 1)
        fewer = states.without_empty_bins()
        assert fewer.binning.length < states.binning.length / 2
        for key, found in performance(fewer).items():
            wanted = performance(states)[key]
            np.testing.assert_allclose(found.value, wanted.value, rtol=1e-12, err_msg=key)
            assert found.reason.tolist() == wanted.reason.tolist()


def test_estimates_from_log_odds_are_those_from_their_probabilities(logit, label) -> None:
    wording = {}
    for kind, score in (("probability", expit(logit)), ("logit", logit)):
        days = states_of(score, label, kind)
        wording[kind] = estimates(expected(days, fit_calibration(days)))
    for key, estimate in wording["logit"].items():
        wanted = wording["probability"][key].values.value[0]
        assert estimate.values.value[0] == pytest.approx(wanted, abs=0.003, nan_ok=True), key


@pytest.mark.parametrize("kind", ["probability", "rank"])
def test_nothing_is_estimated_from_scores_that_are_no_probabilities(kind, logit, label) -> None:
    days = states_of(logit, label, kind)
    found = estimates(expected(days, fit_calibration(days)))
    assert all(np.isnan(estimate.values.value[0]) for estimate in found.values())
    reasons = {estimate.values.reason[0] for estimate in found.values()}
    assert len(reasons) == 1
    assert RANKS in reasons or "not probabilities" in next(iter(reasons))


def test_row_intervals_of_ranks_hold_the_metric(logit, label) -> None:
    states = states_of(logit, label, "rank")
    for key in OF_RANKS:
        value, found = performance(states)[key].value[0], iid_interval(key, states)
        assert found.lower[0] < value < found.upper[0]
    # DeLong's standard error of 4,000 rows of an area of about .9.
    assert np.sqrt(iid_interval("roc_auc", states).variance[0]) == pytest.approx(0.005, rel=0.3)


@pytest.mark.parametrize("kind", ["probability", "logit", "percentage", "rank"])
def test_a_challenger_may_have_a_scale_of_its_own(kind, logit, label) -> None:
    score = {"probability": expit(logit), "percentage": 100.0 * expit(logit)}.get(kind, logit)
    champion = bins_of(np.array([0.1, 0.3, 0.35]))
    binning = shadow_binning(champion, kind)
    states = binary_states(binning, score, np.zeros(ROWS, dtype=int), label + 1)
    assert near(states, "roc_auc", metrics.roc_auc_score(label, logit))
    brier = performance(states)["brier"]
    if kind == "rank":
        assert brier.reason[0] == RANKS
    else:
        wanted = metrics.brier_score_loss(label, expit(logit))
        assert brier.value[0] == pytest.approx(wanted, abs=1e-7)


CLASSES = ("a", "b", "c")


@pytest.fixture(scope="module")
def shares() -> np.ndarray:
    return np.random.default_rng(3).dirichlet([1.0, 0.7, 0.5], ROWS)


@pytest.fixture(scope="module")
def truth(shares: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(4)
    return np.array([random.choice(3, p=row) for row in shares])


def classed(score: np.ndarray, truth: np.ndarray, kind: ScoreKind = "probability"):
    binning = ScoreBinning(np.array([-np.inf, 0.0, 1.0, np.inf]), 0.0, 1.0, kind=kind)
    batch = batch_of(score, np.argmax(score, axis=1), truth + 1)
    plan = ScorePlan("multiclass", binning, classes=CLASSES)
    return MulticlassStates.of(CLASSES, *stored(plan, batch, "multiclass"))


def test_class_scores_that_sum_to_three_have_a_ranking_and_no_loss(shares, truth) -> None:
    found = performance(classed(3.0 * shares, truth))
    assert found["log_loss"].reason[0] == NOT_OF_CLASSES
    wanted = metrics.roc_auc_score(truth, shares, multi_class="ovr")
    assert found["roc_auc_ovr"].value[0] == pytest.approx(wanted, abs=0.005)


def test_class_log_odds_are_normalized_and_ranked(shares, truth) -> None:
    logits = np.log(shares) + 7.0
    found = performance(classed(logits, truth, "logit"))
    wanted = metrics.log_loss(truth, softmax(logits, axis=1))
    assert found["log_loss"].value[0] == pytest.approx(wanted, abs=1e-7)
    states = classed(logits, truth, "rank")
    ranks = performance(states)
    assert ranks["log_loss"].reason[0] == NOT_OF_CLASSES
    each = [metrics.roc_auc_score(truth == k, logits[:, k]) for k in range(3)]
    bound = PERFORMANCE["roc_auc_ovr"].error_bound
    assert bound is not None
    assert (
        abs(ranks["roc_auc_ovr"].value[0] - np.mean(each)) <= bound(metric_states(states))[0] < 0.1
    )


def test_class_percentages_are_probabilities(shares, truth) -> None:
    found = performance(classed(100.0 * shares, truth, "percentage"))
    assert found["log_loss"].value[0] == pytest.approx(metrics.log_loss(truth, shares), abs=1e-6)


def test_rounded_class_probabilities_still_add_up(shares, truth) -> None:
    rounded = np.round(shares, 2)
    found = performance(classed(rounded, truth))
    given = np.clip(rounded[np.arange(ROWS), truth], 2.0**-52, 1.0)
    assert found["log_loss"].value[0] == pytest.approx(-np.log(given).mean(), rel=1e-6)


def test_no_class_is_estimated_from_scores_that_are_no_probabilities(shares, truth) -> None:
    days = classed(3.0 * shares, truth)
    found = estimates_multiclass(days, fit_multiclass(days))
    assert all(np.isnan(estimate.values.value[0]) for estimate in found.values())
