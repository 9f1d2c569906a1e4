"""Performance of a frame, compared with scikit-learn's."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
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
    wording = truth + RANDOM.normal(1, 5, 2_000)
    found = modelwatch.performance(
        {"price": truth, "wording": wording}, task="regression", label="price", score="wording"
    )
    assert found.of("mae") == pytest.approx(metrics.mean_absolute_error(truth, wording), rel=1e-6)
    assert found.of("r2") == pytest.approx(metrics.r2_score(truth, wording), rel=1e-6)


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


SPELLED = ["True"] * 5 + ["true"] * 2 + ["TRUE"] + ["1", "", " ", "False", "False"] + [None]


def spelled(**more: object) -> modelwatch.PerformanceResult:
    frame = {"label": SPELLED, "p": np.linspace(0.9, 0.1, len(SPELLED))}
    return modelwatch.performance(
        frame, task="binary", label="label", score="p", threshold=0.5, positive=["True"], **more
    )


def test_a_label_spelled_otherwise_is_no_label_and_is_counted() -> None:
    found = spelled()
    (account,) = found.accounts
    assert found.labelled_rows == 7
    assert found.of("base_rate") == pytest.approx(5 / 7)
    assert (account.valued, account.nothing) == (11, 4)
    assert account.spellings == {"1": 1, "TRUE": 1, "true": 2}
    (note,) = found.notes
    assert note.startswith("label: 4 of 11 values are neither positive nor negative")
    assert note in repr(found) and "11 values" in found._repr_html_()


def test_both_sides_may_be_named() -> None:
    found = spelled(negative=["False", "1"])
    assert found.labelled_rows == 8
    assert found.accounts[0].unmapped == 3


def test_every_other_value_is_negative_if_that_is_asked_for() -> None:
    found = spelled(unmapped="negative")
    assert found.labelled_rows == 11
    assert found.of("base_rate") == pytest.approx(5 / 11)
    with pytest.raises(FrameError, match="negative and unmapped apply to a binary task"):
        modelwatch.performance(
            {"y": [1.0, 2.0], "p": [1.0, 2.5]},
            task="regression",
            label="y",
            score="p",
            unmapped="negative",
        )


def test_a_decision_that_is_neither_is_no_decision() -> None:
    frame = {
        "label": ["yes", "no", "yes", "no"],
        "p": [0.9, 0.1, 0.8, 0.3],
        "decision": ["yes", "no", "yes", "review"],
    }
    found = modelwatch.performance(
        frame, task="binary", label="label", score="p", decision="decision", positive="yes"
    )
    assert found.of("selection_rate") == pytest.approx(2 / 3)
    assert [one.spellings for one in found.accounts] == [{}, {"review": 1}]


def test_a_default_that_a_label_cannot_hold_is_refused_with_what_to_write() -> None:
    with pytest.raises(FrameError, match=r'positive is not set.* string; write .*\["true"\]'):
        modelwatch.performance(BINARY, **{**ASKED, "positive": None})


@pytest.mark.parametrize(
    "labels",
    [
        pa.array([0.1, 0.2, 0.1, 0.3], pa.float32()),
        pa.array([Decimal("0.1"), Decimal("0.2"), Decimal("0.1"), Decimal("0.3")]),
        pa.array([0.1, 0.2, 0.1, float("nan")]),
    ],
)
def test_literals_meet_labels_in_the_type_of_the_column(labels: pa.Array) -> None:
    found = modelwatch.performance(
        {"label": labels, "p": [0.9, 0.1, 0.8, 0.3]},
        task="binary",
        label="label",
        score="p",
        threshold=0.5,
        positive=[0.1],
        negative=[0.2],
    )
    assert (found.labelled_rows, found.of("base_rate")) == (3, pytest.approx(2 / 3))


def test_ids_of_sixty_bits_are_distinguished() -> None:
    big = 1_750_000_000_000_000_000
    found = modelwatch.performance(
        {"label": [big, big + 1, big + 2], "p": [0.9, 0.1, 0.8]},
        task="binary",
        label="label",
        score="p",
        threshold=0.5,
        positive=[big],
        negative=[big + 1],
    )
    assert (found.labelled_rows, found.of("base_rate")) == (2, 0.5)


@pytest.mark.parametrize(
    "score",
    [
        pa.array([0.9, 0.5, 0.3], pa.float32()),
        pa.array([Decimal("0.9"), Decimal("0.5"), Decimal("0.3")]),
        pa.array([Decimal("0.9"), Decimal("0.5"), Decimal("0.3")], pa.decimal128(38, 20)),
    ],
)
def test_a_score_at_the_threshold_is_positive_in_any_type(score: pa.Array) -> None:
    found = modelwatch.performance(
        {"label": [True, False, True], "p": score},
        task="binary",
        label="label",
        score="p",
        threshold=0.9,
    )
    assert found.of("selection_rate") == pytest.approx(1 / 3)


def test_labels_of_no_class_are_counted() -> None:
    found = modelwatch.performance(
        {"label": ["0", "1.0", " 2", "2", ""], "decision": ["0", "1", "2", "2", "1"]},
        task="multiclass",
        label="label",
        decision="decision",
        classes=[0, 1, 2],
    )
    assert found.labelled_rows == 4
    assert found.accounts[0].spellings == {" 2": 1, "1.0": 1}
    assert "are of no class" in found.notes[0]


def test_a_note_shows_in_what_a_value_differs_from_the_one_that_is_named() -> None:
    found = modelwatch.performance(
        {"label": ["yes", "no", "уes", "yes "], "p": [0.9, 0.1, 0.8, 0.7]},
        task="binary",
        label="label",
        score="p",
        threshold=0.5,
        positive="yes",
    )
    assert found.labelled_rows == 2
    assert "'\\u0443es'" in found.notes[0] and "'yes\\x20'" in found.notes[0]


@pytest.mark.parametrize("scores", [[None, None], [np.inf, -np.inf], []])
def test_scores_that_are_no_numbers_have_reasons(scores: list[float | None]) -> None:
    frame = {"label": pa.array([1, 0][: len(scores)], pa.int64()), "p": pa.array(scores, "double")}
    found = modelwatch.performance(frame, task="binary", label="label", score="p", threshold=0.5)
    assert found.of("brier") is None
    reasons = [row["reason"] for row in found.to_arrow().to_pylist() if row["value"] is None]
    assert all(reasons)


def test_an_error_beyond_the_doubles_is_not_left_out_of_a_mean() -> None:
    truth = np.append(np.arange(50.0), 1.7e308)
    wording = np.append(np.arange(50.0) + 1.0, -1.7e308)
    found = modelwatch.performance(
        {"y": truth, "p": wording}, task="regression", label="y", score="p"
    )
    rows = {row["metric"]: row for row in found.to_arrow().to_pylist()}
    for metric in ("mae", "rmse", "bias", "r2"):
        assert (rows[metric]["value"], rows[metric]["reason"]) == (None, "values are too large")
    halves = np.abs(wording / 2 - truth / 2) / (np.abs(wording) / 4 + np.abs(truth) / 4)
    assert found.of("smape") == pytest.approx(halves.mean())


def test_numbers_that_doubles_do_not_distinguish_are_refused_and_not_compared() -> None:
    big = 1_750_000_000_000_000_000
    frame = {"y": [big + k for k in range(9)], "p": [big + k + 3 for k in range(9)]}
    with pytest.raises(FrameError, match="doubles cannot distinguish"):
        modelwatch.performance(frame, task="regression", label="y", score="p")


def test_values_of_numpy_are_arguments() -> None:
    found = modelwatch.performance(
        {"label": [1, 0], "p": [0.1, 0.2]},
        task="binary",
        label="label",
        score="p",
        threshold=np.float32(0.15),
        positive=np.int64(1),
    )
    assert (found.of("base_rate"), found.of("selection_rate")) == (0.5, 0.5)


def test_a_value_lies_within_its_error_bound_of_that_of_the_rows() -> None:
    found = modelwatch.performance(BINARY, **ASKED)
    bounds = {row["metric"]: row["error_bound"] for row in found.to_arrow().to_pylist()}
    assert bounds["accuracy"] == 0.0
    error = abs(found.of("roc_auc") - metrics.roc_auc_score(TRUTH, SCORE))
    assert error <= bounds["roc_auc"] < 0.005
