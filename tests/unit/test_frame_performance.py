"""Performance of a frame, compared with scikit-learn's."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import modelwatch
from modelwatch.api.arrow_frames import FrameError

ROWS = 6_000
RANDOM = np.random.default_rng(3)
TRUTH = RANDOM.random(ROWS) < 0.3
SCORE = np.clip(RANDOM.normal(0.35 + 0.3 * TRUTH, 0.2), 0, 1)
BINARY = pd.DataFrame(
    {
        "paid": np.where(TRUTH, "yes", "no"),
        "score": SCORE,
        "day": [date(2024, 1, 1) + timedelta(days=i % 10) for i in range(ROWS)],
    }
)
ASKED = {"task": "binary", "label": "paid", "positive": "yes", "score": "score", "threshold": 0.5}


def test_a_binary_task_has_the_metrics_of_scikit_learn() -> None:
    found = modelwatch.performance(BINARY, **ASKED)
    decided = SCORE >= 0.5
    assert (found.rows, found.labelled_rows) == (ROWS, ROWS)
    assert found.of("accuracy") == pytest.approx(metrics.accuracy_score(TRUTH, decided))
    assert found.of("recall") == pytest.approx(metrics.recall_score(TRUTH, decided))
    assert found.of("log_loss") == pytest.approx(metrics.log_loss(TRUTH, SCORE), rel=1e-6)
    # Scores of one bin are ranked as ties.
    assert found.of("roc_auc") == pytest.approx(metrics.roc_auc_score(TRUTH, SCORE), abs=1e-4)


def test_rows_without_a_label_or_a_score_are_not_measured() -> None:
    frame = BINARY.copy()
    frame.loc[:99, "paid"] = None
    frame.loc[100:199, "score"] = np.nan
    found = modelwatch.performance(frame, **ASKED)
    assert (found.rows, found.labelled_rows) == (ROWS, ROWS - 100)
    held = slice(200, None)
    expected = metrics.accuracy_score(TRUTH[held], SCORE[held] >= 0.5)
    assert found.of("accuracy") == pytest.approx(expected)


def test_a_decision_may_be_a_column() -> None:
    frame = {
        "label": [1, 0, 1, 0],
        "p": [0.9, 0.1, 0.8, 0.3],
        "approved": [True, False, False, True],
    }
    found = modelwatch.performance(
        frame, task="binary", label="label", score="p", decision="approved"
    )
    assert (found.of("precision"), found.of("recall")) == (0.5, 0.5)


def test_days_give_an_interval_around_the_value() -> None:
    rows = modelwatch.performance(BINARY, **ASKED, day="day").to_pandas().set_index("metric")
    by_day = [metrics.accuracy_score(TRUTH[i::10], SCORE[i::10] >= 0.5) for i in range(10)]
    # Days of equal size: the delete-one-day jackknife of a mean is the standard error of days.
    width = 2.262157 * np.std(by_day, ddof=1) / np.sqrt(10)
    found = rows.loc["accuracy"]
    assert found["lower"] == pytest.approx(np.mean(by_day) - width, abs=1e-5)
    assert found["upper"] == pytest.approx(np.mean(by_day) + width, abs=1e-5)


def test_without_days_there_is_the_interval_of_independent_rows_alone() -> None:
    found = modelwatch.performance(BINARY, **ASKED).to_pandas().set_index("metric").loc["accuracy"]
    assert np.isnan(found["lower"])
    assert found["reason"] == "fewer than 3 days"
    assert found["iid_lower"] < found["value"] < found["iid_upper"]


def test_a_multiclass_task_takes_a_score_for_each_class() -> None:
    truth = RANDOM.choice(["a", "b", "c"], 900)
    scores = RANDOM.dirichlet([1, 1, 1], 900)
    frame = pd.DataFrame(scores, columns=["pa", "pb", "pc"]).assign(truth=truth)
    found = modelwatch.performance(
        frame, task="multiclass", label="truth", score=["pa", "pb", "pc"], classes=["a", "b", "c"]
    )
    decided = np.array(["a", "b", "c"])[scores.argmax(axis=1)]
    assert found.of("accuracy") == pytest.approx(metrics.accuracy_score(truth, decided))
    assert found.of("macro_f1") == pytest.approx(metrics.f1_score(truth, decided, average="macro"))


def test_a_regression_has_the_metrics_of_scikit_learn() -> None:
    truth = RANDOM.normal(100, 20, 2_000)
    told = truth + RANDOM.normal(1, 5, 2_000)
    found = modelwatch.performance(
        {"price": truth, "told": told}, task="regression", label="price", score="told"
    )
    assert found.of("mae") == pytest.approx(metrics.mean_absolute_error(truth, told), rel=1e-6)
    assert found.of("r2") == pytest.approx(metrics.r2_score(truth, told), rel=1e-6)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"threshold": None}, "decision is required for a binary task"),
        ({"score": ()}, "score is required for a binary task"),
        ({"label": "payed"}, "no column 'payed'; its columns are 'paid'"),
        ({"score": "paid"}, "column 'paid' has type string, not a number"),
        ({"task": "ranking"}, "task: "),
    ],
)
def test_arguments_that_do_not_fit_are_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(FrameError, match=message):
        modelwatch.performance(BINARY, **{**ASKED, **changed})


def test_a_metric_of_another_task_is_unknown() -> None:
    with pytest.raises(FrameError, match="a binary task has no metric 'mae'"):
        modelwatch.performance(BINARY, **ASKED).of("mae")


def test_a_notebook_shows_values_with_intervals() -> None:
    shown = modelwatch.performance(BINARY, **ASKED, day="day")._repr_html_()
    assert "Performance (binary), 6,000 of 6,000 rows labeled" in shown
    assert "<th" in shown
    assert "lower" in shown


@pytest.mark.parametrize("kind", ["logit", "percentage", "rank"])
def test_a_score_of_another_kind_ranks_as_its_probabilities_and_is_judged_by_them(kind) -> None:
    random = np.random.default_rng(5)
    odds = random.normal(-1.0, 1.5, 3_000)
    probability = 1.0 / (1.0 + np.exp(-odds))
    label = random.random(3_000) < probability
    score = 100.0 * probability if kind == "percentage" else odds

    found = modelwatch.performance(
        {"label": label, "score": score},
        task="binary",
        label="label",
        score="score",
        score_kind=kind,
        threshold=50.0 if kind == "percentage" else 0.0,
    )

    assert found.of("roc_auc") == pytest.approx(metrics.roc_auc_score(label, score), abs=1e-3)
    if kind == "rank":
        assert found.of("brier") is None
    else:
        brier = np.mean((probability - label) ** 2)
        assert found.of("brier") == pytest.approx(brier, abs=1e-8)
