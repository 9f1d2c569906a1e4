"""What is said of windows whose labels are few, odd, or of another task."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from labelled import AS_OF, BINS, DAY, DUE, LABELLED, answers_of
from modelwatch.model.planning.windows import Window
from modelwatch.stats.performance.metrics import PERFORMANCE
from modelwatch.stats.states.binning import CategoricalBinning, fit_numeric
from monitored import monitor

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

DAYS = [DAY + timedelta(days=n) for n in range(5)]
WINDOW = Window("week", DAYS[0], DAYS[-1])
ROWS = 60
IDENTITY = "id string, day date"


def frames_of(
    spark: SparkSession,
    score: np.ndarray,
    label: np.ndarray,
    *,
    types: tuple[str, str] = ("double", "int"),
    more: dict[str, np.ndarray] | None = None,
    labelled: int = ROWS,
) -> dict[str, DataFrame]:
    """Five days of rows, (5, ROWS) each; the labels of the first rows of each day."""
    more = more or {}
    keys = [(f"{d}-{i}", day) for d, day in enumerate(DAYS) for i in range(ROWS)]
    flat = {name: values.ravel().tolist() for name, values in {"score": score, **more}.items()}
    inputs = [(*key, float(n % 40), "ns"[n % 2]) for n, key in enumerate(keys)]
    answers = [(*key, "v1", *values) for key, *values in zip(keys, *flat.values(), strict=True)]
    known = DAY + timedelta(days=8)
    wording = [
        (*key, value, known)
        for n, (key, value) in enumerate(zip(keys, label.ravel().tolist(), strict=True))
        if n % ROWS < labelled
    ]
    columns = ", ".join(f"{name} {types[0]}" for name in flat)
    return {
        "inputs": spark.createDataFrame(inputs, f"{IDENTITY}, amount double, region string"),
        "predictions": spark.createDataFrame(answers, f"{IDENTITY}, model string, {columns}"),
        "labels": spark.createDataFrame(wording, f"{IDENTITY}, label {types[1]}, known date"),
    }


def metrics(answers: dict[str, list[Row]], **where: Any) -> dict[str, Row]:
    """Metrics of all traffic, due cohort, without reference."""
    wanted = {"segmentation": "all", "cohort": "due", "reference": None, **where}
    return {
        row["metric"]: row
        for row in answers["performance_metrics"]
        if all(row[name] == value for name, value in wanted.items())
    }


@pytest.fixture(scope="module")
def score() -> np.ndarray:
    return np.random.default_rng(3).random((5, ROWS))


def test_without_any_label_all_is_null_with_its_reason_and_estimates_say_so(
    spark: SparkSession, score: np.ndarray
) -> None:
    frames = frames_of(spark, score, score > 0.5, labelled=0)
    found = answers_of(monitor(LABELLED), frames, WINDOW)
    of_labels = {key for key, known in PERFORMANCE.items() if known.of_labels}
    wording = {key: row["value"] for key, row in metrics(found).items() if key in of_labels}
    assert set(wording.values()) == {None}
    assert metrics(found)["accuracy"]["reason"] == "no labeled row"
    assert (metrics(found)["accuracy"]["due_rows"], metrics(found)["accuracy"]["coverage"]) == (
        5 * ROWS,
        0.0,
    )
    assert "change_attributions" not in found
    (estimate,) = (
        row
        for row in found["performance_estimates"]
        if row["metric"] == "accuracy" and row["segmentation"] == "all"
    )
    # Scores are taken at their word where there is nothing to calibrate them on.
    assert estimate["value"] == pytest.approx(np.maximum(score, 1 - score).mean(), abs=1e-6)
    assert estimate["back_test_windows"] == 0


def test_with_one_class_only_ranking_is_undefined_and_accuracy_is_not(
    spark: SparkSession, score: np.ndarray
) -> None:
    frames = frames_of(spark, score, np.ones((5, ROWS), dtype=int))
    found = metrics(answers_of(monitor(LABELLED), frames, WINDOW))
    assert (found["roc_auc"]["value"], found["roc_auc"]["reason"]) == (None, "no negative label")
    assert found["accuracy"]["value"] == pytest.approx((score >= 0.5).mean())


@pytest.mark.parametrize(("days", "defined"), [(2, True), (5, False)])
def test_scores_beyond_0_and_1_leave_decisions_alone_and_few_of_them_the_brier_score(
    spark: SparkSession, score: np.ndarray, days: int, defined: bool
) -> None:
    odd = score.copy()
    odd[:days, 0], odd[:, 5:9] = 1.5, np.nan
    label = (score > 0.4).astype(int)
    found = metrics(answers_of(monitor(LABELLED), frames_of(spark, odd, label), WINDOW))
    inside = (odd >= 0) & (odd <= 1)
    wanted = sklearn_metrics.brier_score_loss(label[inside], odd[inside])
    assert found["brier"]["value"] == (pytest.approx(wanted, rel=1e-7) if defined else None)
    assert defined or "not probabilities" in found["brier"]["reason"]
    decided = ~np.isnan(odd)
    right = ((odd >= 0.5) == label)[decided].mean()
    assert found["accuracy"]["value"] == pytest.approx(right)


def test_labels_that_depend_on_a_segment_are_flagged_with_their_metrics(
    spark: SparkSession, score: np.ndarray
) -> None:
    label = (score > 0.4).astype(object)
    label = np.where(label, 1, 0).astype(object)
    label[:, ::2] = None  # every second row is of the north
    frames = frames_of(spark, score, label)
    config = monitor(LABELLED, segments=[{"name": "region", "columns": "region"}])
    bins = {**BINS, ("segments", "region"): CategoricalBinning(("n", "s"))}
    found = metrics(answers_of(config, frames, WINDOW, bins=bins))
    assert found["accuracy"]["note"] == (
        "labels of this cohort are not a random sample: coverage by region is 0.000 (n) to "
        "1.000 (s)"
    )


def test_a_multiclass_model_is_scored_with_unknown_classes_apart(
    spark: SparkSession, score: np.ndarray
) -> None:
    random = np.random.default_rng(5)
    shares = random.dirichlet([1.0, 1.0, 1.0], (5, ROWS))
    truth = np.array([random.choice(3, p=p) for p in shares.reshape(-1, 3)]).reshape(5, ROWS)
    label = np.array(["low", "middle", "high"], dtype=object)[truth]
    label[:, 0] = "strange"
    config = monitor(
        LABELLED,
        predictions={**LABELLED["predictions"], "score": ["score", "second", "third"]},
        performance={
            "task": "multiclass",
            "score": ["score", "second", "third"],
            "classes": ["low", "middle", "high"],
            "slices": False,
        },
    )
    more = {"second": shares[..., 1], "third": shares[..., 2]}
    frames = frames_of(spark, shares[..., 0], label, types=("double", "string"), more=more)
    unit = fit_numeric(np.arange(100) / 100, 0.0, 0.99, bins=20)
    bins = {**BINS, **{("predictions", name): unit for name in more}}
    answers = answers_of(config, frames, WINDOW, bins=bins)
    found = metrics(answers)
    known = label != "strange"
    decided = shares.argmax(axis=-1)
    wanted = sklearn_metrics.accuracy_score(truth[known], decided[known])
    assert found["accuracy"]["value"] == pytest.approx(wanted)
    macro = sklearn_metrics.f1_score(truth[known], decided[known], average="macro")
    assert found["macro_f1"]["value"] == pytest.approx(macro)
    loss = sklearn_metrics.log_loss(truth[known], shares[known])
    assert found["log_loss"]["value"] == pytest.approx(loss, rel=1e-6)
    (estimate,) = (
        row["value"]
        for row in answers["performance_estimates"]
        if row["metric"] == "accuracy" and row["segmentation"] == "all"
    )
    assert estimate == pytest.approx(wanted, abs=0.1)


def test_a_regression_has_errors_and_the_coverage_of_its_interval(
    spark: SparkSession, score: np.ndarray
) -> None:
    random = np.random.default_rng(6)
    truth = random.normal(20.0, 5.0, (5, ROWS))
    predicted = truth + random.normal(1.0, 2.0, (5, ROWS))
    config = monitor(
        LABELLED,
        performance={
            "task": "regression",
            "score": "score",
            "interval": ["low", "high"],
            "slices": ["amount"],
        },
    )
    more = {"low": predicted - 3.0, "high": predicted + 3.0}
    frames = frames_of(spark, predicted, truth, types=("double", "double"), more=more)
    bins = {**BINS, ("predictions", "score"): fit_numeric(predicted.ravel(), 0.0, 40.0)}
    found = metrics(answers_of(config, frames, WINDOW, bins=bins))
    values = {key: row["value"] for key, row in found.items()}
    assert values["mae"] == pytest.approx(np.abs(truth - predicted).mean())
    assert values["rmse"] == pytest.approx(np.sqrt(((truth - predicted) ** 2).mean()))
    covered = (np.abs(truth - predicted) <= 3.0).mean()
    assert values["interval_coverage"] == pytest.approx(covered)
    assert found["mae"]["lower"] < values["mae"] < found["mae"]["upper"]


def test_what_is_not_due_is_early_and_no_part_of_the_cohort(
    spark: SparkSession, score: np.ndarray
) -> None:
    label = (score > 0.4).astype(int)
    frames = frames_of(spark, score, label)
    as_of: date = DAYS[1] + timedelta(days=DUE)
    assert as_of < AS_OF
    answers = answers_of(monitor(LABELLED), frames, WINDOW, as_of)
    due, early = metrics(answers)["accuracy"], metrics(answers, cohort="early")["accuracy"]
    assert (due["due_rows"], early["due_rows"]) == (2 * ROWS, 3 * ROWS)
    assert due["value"] == pytest.approx(((score[:2] >= 0.5) == label[:2]).mean())
    assert "not a random sample" in early["note"]
