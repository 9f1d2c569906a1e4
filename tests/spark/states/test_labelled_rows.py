"""Predictions compared with labels that come late, twice, in conflict, for nobody, or never."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from labelled import AS_OF, DAY, DUE, LABELLED, dense_states, states_of_labels
from modelwatch.capabilities import sql_settings
from modelwatch.model.config.configuration import MonitorConfig
from modelwatch.pipelines.states import day_states as pipelines_states
from modelwatch.stats.states.score_tally import LABEL_ACCOUNT
from monitored import monitor

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Prediction = tuple[str, date, float | None, str]
Label = tuple[str | None, date, int | None, date]


@dataclass(frozen=True)
class Rows:
    """Inputs (id, day, amount, region), predictions (id, day, score, model) and labels (id, day,
    label, known)."""

    inputs: Sequence[tuple[str, date, float, str]]
    predictions: Sequence[Prediction]
    labels: Sequence[Label]


Found = dict[tuple[Any, ...], dict[str, Any]]


def states(
    spark: SparkSession,
    rows: Rows,
    *,
    config: MonitorConfig | None = None,
    as_of: date = AS_OF,
    partitions: int = 2,
) -> Found:
    """The states of all days of the rows, by key."""
    frames = {
        "inputs": (rows.inputs, "id string, day date, amount double, region string"),
        "predictions": (rows.predictions, "id string, day date, score double, model string"),
        "labels": (rows.labels, "id string, day date, label int, known date"),
    }
    held = {
        role: spark.createDataFrame(list(data), schema).repartition(partitions)
        for role, (data, schema) in frames.items()
    }
    asked = {row[1] for table in (rows.inputs, rows.predictions, rows.labels) for row in table}
    with sql_settings(spark, {"spark.sql.shuffle.partitions": str(partitions)}):
        found = states_of_labels(config or monitor(LABELLED), held, asked, as_of).collect()
    return dense_states(found)


def confusion(
    found: Found, day: date, segment: tuple[str, str] = ("all", "all"), version: str = "v1"
) -> list[list[int]]:
    """Rows by decision, and by label: none, negative, positive."""
    due = day + timedelta(days=DUE)
    counts = found[(day, due, version, *segment, "binary", "*")]["counts"]
    table: list[list[int]] = np.array(counts).reshape(2, 3, -1).sum(axis=2).tolist()
    return table


def account(found: Found, day: date) -> dict[str, int]:
    counts = found[day, day, "*", "all", "all", "labels", "*"]["counts"]
    return {n: c for n, c in zip(LABEL_ACCOUNT, counts, strict=True) if c}


def one(score: float | None, *labels: tuple[int | None, date], identity: str = "a") -> Rows:
    """One prediction and its labels."""
    return Rows(
        [(identity, DAY, 1.0, "north")],
        [(identity, DAY, score, "v1")],
        [(identity, DAY, label, known) for label, known in labels],
    )


def known(after: int) -> date:
    return DAY + timedelta(days=after)


def test_a_prediction_without_a_label_is_unlabelled(spark: SparkSession) -> None:
    found = states(spark, one(0.7))
    assert confusion(found, DAY) == [[0, 0, 0], [1, 0, 0]]
    assert account_or_none(found, DAY) == {}


def account_or_none(found: Found, day: date) -> dict[str, int]:
    return account(found, day) if any(key[5] == "labels" for key in found) else {}


def test_the_later_of_two_labels_wins_whatever_their_order_and_the_correction_is_counted(
    spark: SparkSession,
) -> None:
    wording = [(0, known(2)), (1, known(5))]
    found = [states(spark, one(0.7, *order)) for order in (wording, wording[::-1])]
    assert found[0] == found[1]
    assert confusion(found[0], DAY) == [[0, 0, 0], [0, 0, 1]]
    assert account(found[0], DAY) == {"label_rows": 2, "repeated": 1, "corrections": 1}


def test_a_label_that_is_repeated_as_it_was_is_no_correction(spark: SparkSession) -> None:
    found = states(spark, one(0.2, (1, known(2)), (1, known(5)), (1, known(5))))
    assert confusion(found, DAY) == [[0, 0, 1], [0, 0, 0]]
    assert account(found, DAY) == {"label_rows": 3, "repeated": 2}


def test_labels_of_one_moment_that_differ_are_a_conflict_that_any_order_decides_alike(
    spark: SparkSession,
) -> None:
    wording = [(0, known(5)), (1, known(5))]
    found = [states(spark, one(0.7, *order)) for order in (wording, wording[::-1])]
    assert found[0] == found[1]
    assert sum(confusion(found[0], DAY)[1][1:]) == 1
    assert account(found[0], DAY) == {"label_rows": 2, "repeated": 1, "conflicts": 1}


def test_a_label_known_after_the_day_of_the_run_does_not_count_yet(spark: SparkSession) -> None:
    rows = one(0.7, (0, known(5)), (1, known(9)))
    before, after = (states(spark, rows, as_of=known(n)) for n in (8, 9))
    assert confusion(before, DAY) == [[0, 0, 0], [0, 1, 0]]
    assert confusion(after, DAY) == [[0, 0, 0], [0, 0, 1]]
    key = (DAY, DAY, "*", "all", "all", "labels", "*")
    assert (before[key]["last_known"], before[key]["next_known"]) == (known(5), known(9))
    assert (after[key]["last_known"], after[key]["next_known"]) == (known(9), None)


def test_labels_of_unknown_ids_are_counted_and_change_nothing_else(spark: SparkSession) -> None:
    alone = states(spark, one(0.7, (1, known(2))))
    rows = one(0.7, (1, known(2)))
    more = [("stranger", DAY, 1, known(2)), (None, DAY, 0, known(2))]
    found = states(spark, Rows(rows.inputs, rows.predictions, [*rows.labels, *more]))
    assert account(found, DAY) == {"label_rows": 3, "unknown_ids": 2}
    of_labels = ("labels", "values")
    assert {k: v for k, v in found.items() if k[5] not in of_labels} == {
        k: v for k, v in alone.items() if k[5] not in of_labels
    }


def test_a_label_of_another_day_belongs_to_another_prediction(spark: SparkSession) -> None:
    rows = one(0.7)
    later = DAY + timedelta(days=1)
    found = states(spark, Rows(rows.inputs, rows.predictions, [("a", later, 1, known(3))]))
    assert confusion(found, DAY) == [[0, 0, 0], [1, 0, 0]]
    assert account(found, later) == {"label_rows": 1, "unknown_ids": 1}


def test_a_null_label_is_none(spark: SparkSession) -> None:
    found = states(spark, one(0.7, (None, known(2))))
    assert confusion(found, DAY) == [[0, 0, 0], [1, 0, 0]]
    assert account(found, DAY) == {"label_rows": 1, "unknown_classes": 1}


def test_scores_that_are_none_are_counted_and_decide_nothing(spark: SparkSession) -> None:
    scores = [None, float("nan"), 1.5, -0.5, 0.5]
    inputs = [(str(i), DAY, 1.0, "north") for i in range(5)]
    predictions = [(str(i), DAY, score, "v1") for i, score in enumerate(scores)]
    found = states(spark, Rows(inputs, predictions, [("4", DAY, 1, known(1))]))
    assert confusion(found, DAY) == [[1, 0, 0], [1, 0, 1]]
    assert account(found, DAY) == {
        "label_rows": 1,
        "null_scores": 1,
        "nan_scores": 1,
        "scores_out_of_range": 2,
    }


def test_very_many_labels_of_one_id_are_one_label(spark: SparkSession) -> None:
    import pyspark.sql.functions as F

    from modelwatch.spark.states.latest_labels import latest_labels

    config = monitor(LABELLED)
    assert config.labels is not None
    assert config.performance is not None
    many = spark.range(300_000).select(
        F.lit("a").alias("id"),
        F.lit(DAY).alias("__day"),
        (F.col("id") % 2).cast("int").alias("label"),
        F.date_add(F.lit(DAY), (F.col("id") % 7).cast("int")).alias("known"),
    )
    (wording,) = latest_labels(config, config.labels, config.performance, many, AS_OF).collect()
    assert (wording["__rows"], wording["__conflicting"]) == (300_000, True)
    assert wording["__known"] == known(6)


@pytest.fixture(scope="module")
def history(spark: SparkSession) -> tuple[Rows, dict[int, Found]]:
    """Labels of all sorts for predictions of three days, under several partitionings."""
    random.seed(7)
    inputs, predictions, labels = [], [], []
    for number in range(240):
        day = DAY + timedelta(days=number % 3)
        identity = f"{number // 2}"  # the same ids on several days
        region = random.choice(["north", "south", "east"])
        inputs.append((identity, day, float(random.randrange(60)), region))
        score = random.choice([None, float("nan"), 2.0, *(random.random() for _ in range(9))])
        predictions.append((identity, day, score, random.choice(["v1", "v2"])))
        for after in random.sample(range(25), random.choice([0, 0, 1, 1, 1, 2, 3])):
            when = day + timedelta(days=after)  # never two at once: no conflict to be decided
            labels.append((identity, day, random.choice([0, 1, 1, None]), when))
    labels += [(f"x{n}", DAY, 1, known(n)) for n in range(5)]
    unique = {row[:2]: row for row in inputs}
    kept = {row[:2]: row for row in predictions}
    rows = Rows([*unique.values()], [*kept.values()], labels)
    return rows, {n: states(spark, rows, partitions=n) for n in (1, 2, 7)}


@pytest.mark.parametrize("partitions", [2, 7])
def test_states_are_the_same_to_the_last_digit_however_rows_are_cut(
    history: tuple[Rows, dict[int, Found]], partitions: int
) -> None:
    _, found = history
    assert found[partitions] == found[1]


def test_days_that_are_dealt_whole_give_the_same_states(
    spark: SparkSession,
    history: tuple[Rows, dict[int, Found]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, found = history
    monkeypatch.setattr(pipelines_states, "day_tasks", lambda *_: 3)
    assert states(spark, rows) == found[1]


@pytest.mark.parametrize("tasks", [None, 3])
def test_predictions_and_labels_are_sorted_once_and_states_too(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, tasks: int | None
) -> None:
    monkeypatch.setattr(pipelines_states, "day_tasks", lambda *_: tasks)
    frames = {
        "inputs": spark.createDataFrame([], "id string, day date, amount double, region string"),
        "predictions": spark.createDataFrame(
            [], "id string, day date, score double, model string"
        ).hint("merge"),
        "labels": spark.createDataFrame([], "id string, day date, label int, known date"),
    }
    asked = {**LABELLED["performance"], "values": {}, "slices": []}
    config = monitor(LABELLED, segments=[], performance=asked)
    found = states_of_labels(config, frames, [DAY], AS_OF)
    plan = found._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Sort [") == 3


def test_confusion_tables_are_those_of_a_naive_program(
    history: tuple[Rows, dict[int, Found]],
) -> None:
    rows, found = history
    wanted = naive_confusion(rows)
    held: dict[tuple[Any, ...], list[int]] = {}
    for (day, due, version, split, segment, kind, _), state in found[1].items():
        if kind in ("binary", "undecided"):
            assert due == day + timedelta(days=DUE)
            table = np.array(state["counts"]).reshape(2 if kind == "binary" else 1, 3, -1)
            held[day, version, split, segment, kind] = table.sum(axis=2).ravel().tolist()
    assert held == wanted


def naive_confusion(rows: Rows) -> Mapping[tuple[Any, ...], list[int]]:
    regions = {row[:2]: row[3] for row in rows.inputs}
    tables: dict[tuple[Any, ...], list[int]] = {}
    wording = naive_labels(rows)
    for identity, day, score, version in rows.predictions:
        label = wording.get((identity, day))
        column = 0 if label is None else 1 + label
        region = regions[identity, day]
        kept = region if region in ("north", "south") else "(other)"
        undecided = score is None or score != score
        kind, row = ("undecided", 0) if undecided else ("binary", int(score >= 0.5))  # type: ignore[operator]
        for split, segment in (("all", "all"), ("region", kept)):
            key = (day, version, split, segment, kind)
            table = tables.setdefault(key, [0] * (3 if undecided else 6))
            table[3 * row + column] += 1
    return tables


def naive_labels(rows: Rows) -> dict[tuple[str, date], int]:
    """The label of each id and day that counts."""
    by_id: dict[tuple[Any, date], list[tuple[date, int]]] = defaultdict(list)
    for identity, day, label, when in rows.labels:
        if when <= AS_OF and label is not None:
            by_id[identity, day].append((when, label))
    wording = {}
    for key, labels in by_id.items():
        last = max(when for when, _ in labels)
        values = {label for when, label in labels if when == last}
        (wording[key],) = values
    return wording


def test_the_account_of_labels_is_that_of_a_naive_program(
    history: tuple[Rows, dict[int, Found]],
) -> None:
    rows, found = history
    ids = {row[:2] for row in rows.predictions}
    wanted: dict[date, Counter[str]] = defaultdict(Counter)
    met: dict[tuple[Any, date], list[tuple[date, int | None]]] = defaultdict(list)
    for identity, day, label, when in rows.labels:
        if when <= AS_OF:
            met[identity, day].append((when, label))
            wanted[day]["label_rows"] += 1
            wanted[day]["unknown_ids"] += (identity, day) not in ids
            wanted[day]["unknown_classes"] += label is None
    for (_, day), labels in met.items():
        wanted[day]["repeated"] += len(labels) - 1
        wanted[day]["corrections"] += len({label for _, label in labels} - {None}) > 1
    for _, day, score, _ in rows.predictions:
        wanted[day]["null_scores"] += score is None
        wanted[day]["nan_scores"] += score != score
        wanted[day]["scores_out_of_range"] += score == 2.0
    assert {day: account(found[1], day) for day in wanted} == {
        day: {name: count for name, count in counts.items() if count}
        for day, counts in wanted.items()
    }


def test_values_are_summed_over_labelled_rows_and_ages_counted(
    history: tuple[Rows, dict[int, Found]],
) -> None:
    rows, found = history
    wording = naive_labels(rows)
    labelled = sum(row[:2] in wording for row in rows.predictions)
    whole = {key: state for key, state in found[1].items() if key[3] == "all"}
    values = [state["counts"] for key, state in whole.items() if key[5] == "value"]
    ages = [state["counts"] for key, state in whole.items() if key[5] == "maturity"]
    assert np.sum(values, axis=0).tolist() == [len(rows.predictions), labelled]
    assert np.sum(ages, axis=0).reshape(-1, 2).sum(axis=0)[0] == labelled


def test_a_due_day_before_the_prediction_is_counted_and_due(spark: SparkSession) -> None:
    labels = {**LABELLED["labels"], "due": {"column": "promised"}}
    early, over, late = (DAY + timedelta(days=after) for after in (-3, 4, 40))
    promised = {"a": early, "b": over, "c": late, "d": None}
    inputs = [(name, DAY, 1.0, "north", when) for name, when in promised.items()]
    predictions = [(name, DAY, 0.7, "v1") for name in promised]
    frames = {
        "inputs": spark.createDataFrame(
            inputs, "id string, day date, amount double, region string, promised date"
        ),
        "predictions": spark.createDataFrame(
            predictions, "id string, day date, score double, model string"
        ),
        "labels": spark.createDataFrame([], "id string, day date, label int, known date"),
    }
    config = monitor(LABELLED, labels=labels)
    found = dense_states(states_of_labels(config, frames, [DAY], AS_OF).collect())
    assert {key[1] for key in found if key[5] == "binary"} == {AS_OF, late, None}
    assert account(found, DAY) == {"due_before_day": 1}


@pytest.mark.parametrize("slices", [["amount"], False])
def test_predictions_without_inputs_of_interest_or_in_one_table_are_held_alike(
    spark: SparkSession, slices: Any
) -> None:
    plain = {**LABELLED["performance"], "values": {}, "slices": slices}
    two = monitor(LABELLED, segments=[], performance=plain)
    one_table = {
        **{key: value for key, value in LABELLED.items() if key != "predictions"},
        "predictions": {"score": "score", "model_version": {"column": "model"}},
    }
    one = monitor(one_table, segments=[], performance=plain)
    rows = [(str(i), DAY, float(i), i / 10, "v1") for i in range(9)]
    rows.append(rows[0])  # an id that comes twice counts once
    schema = "id string, day date, amount double, score double, model string"
    together = spark.createDataFrame(rows, schema)
    labels = spark.createDataFrame(
        [(str(i), DAY, i % 2, known(1)) for i in range(12)],
        "id string, day date, label int, known date",
    )
    apart = {
        "inputs": together.select("id", "day", "amount"),
        "predictions": together.select("id", "day", "score", "model"),
        "labels": labels,
    }
    found = [
        dense_states(states_of_labels(config, frames, [DAY], AS_OF).collect())
        for config, frames in ((two, apart), (one, {"inputs": together, "labels": labels}))
    ]
    assert found[0] == found[1]
    assert np.sum(confusion(found[0], DAY)) == 9
    assert account(found[0], DAY)["unknown_ids"] == 3
