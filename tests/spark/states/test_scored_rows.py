"""Inputs and predictions become one frame of rows, each id of a day once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from modelwatch.model.config.configuration import DaySource, MonitorConfig
from modelwatch.model.profile.features import features_of
from modelwatch.spark.days import DAY, with_day
from modelwatch.spark.states.scored_rows import scored_rows
from monitored import TWO_TABLES, monitor

DAY_1, DAY_2 = date(2013, 2, 1), date(2013, 2, 2)
INPUTS = "id string, day date, amount double"
PREDICTIONS = "id string, day date, score double, model string"


def joined(
    config: MonitorConfig, inputs: DataFrame, predictions: DataFrame | None
) -> list[tuple[Any, ...]]:
    """Day, version, presence and copies of both, amount and score of every row, sorted."""
    return sorted((tuple(row) for row in frame_of(config, inputs, predictions).collect()), key=repr)


def frame_of(
    config: MonitorConfig,
    inputs: DataFrame,
    predictions: DataFrame | None,
    day_tasks: int | None = None,
) -> DataFrame:
    """The scored rows of tables."""
    schemas = {
        role: {f.name: f.dataType.simpleString() for f in frame.schema.fields}
        for role, frame in (("inputs", inputs), ("predictions", predictions))
        if frame is not None
    }
    features, _ = features_of(config, schemas)
    with_days = [
        None if frame is None else with_day(frame, DaySource(column="day"), "UTC")
        for frame in (inputs, predictions)
    ]
    assert with_days[0] is not None
    rows = scored_rows(
        config, features, config.segments, with_days[0], with_days[1], day_tasks=day_tasks
    )
    return rows.frame


def two_tables(
    spark: SparkSession, inputs: Collection[Any], predictions: Collection[Any], **more: Any
) -> list[tuple[Any, ...]]:
    return joined(
        monitor(TWO_TABLES, **more),
        spark.createDataFrame(inputs, INPUTS),
        spark.createDataFrame(predictions, PREDICTIONS),
    )


def test_rows_are_joined_by_id_and_day(spark: SparkSession) -> None:
    """The id of another day is another row."""
    found = two_tables(
        spark,
        [("k", DAY_1, 1.0), ("k", DAY_2, 2.0)],
        [("k", DAY_2, 0.5, "v"), ("k", DAY_1, 0.1, "v")],
    )
    assert found == [
        (DAY_1, "v", True, True, 1, 1, 1.0, 0.1),
        (DAY_2, "v", True, True, 1, 1, 2.0, 0.5),
    ]


def test_rows_of_one_side_only_are_kept(spark: SparkSession) -> None:
    found = two_tables(spark, [("a", DAY_1, 1.0)], [("b", DAY_1, 0.5, None)])
    assert found == [
        (DAY_1, "(none)", False, True, 0, 1, None, 0.5),
        (DAY_1, "(none)", True, False, 1, 0, 1.0, None),
    ]


def test_an_id_that_repeats_is_one_row_with_its_copies(spark: SparkSession) -> None:
    """Neither side is multiplied."""
    found = two_tables(spark, [("k", DAY_1, 1.0)] * 3, [("k", DAY_1, 0.5, "v")] * 2)
    assert found == [(DAY_1, "v", True, True, 3, 2, 1.0, 0.5)]


@pytest.mark.parametrize("day_tasks", [None, 3])
def test_each_table_is_shuffled_and_sorted_once(spark: SparkSession, day_tasks: int | None) -> None:
    inputs = spark.createDataFrame([("k", DAY_1, 1.0)], INPUTS)
    predictions = spark.createDataFrame([("k", DAY_1, 0.5, "v")], PREDICTIONS)
    frame = frame_of(monitor(TWO_TABLES), inputs, predictions.hint("merge"), day_tasks)
    plan = frame._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Sort [") == 2
    assert plan.count("Exchange hashpartitioning") == 2


def test_rows_without_an_id_match_nothing(spark: SparkSession) -> None:
    found = two_tables(spark, [(None, DAY_1, 1.0)], [(None, DAY_1, 0.5, "v")])
    assert sorted(row[2:4] for row in found) == [(False, True), (True, False)]


def test_the_last_row_of_an_id_counts(spark: SparkSession) -> None:
    config = monitor(
        TWO_TABLES,
        inputs={"table": {"path": "i"}, "id": "id", "day": {"time_column": "at"}},
        features={"include": "amount"},
    )
    noon = datetime(2013, 2, 1, 12)
    rows = [("k", DAY_1, noon + timedelta(minutes=n), float(n)) for n in (3, 9, 6)]
    inputs = spark.createDataFrame(rows, "id string, day date, at timestamp, amount double")
    predictions = spark.createDataFrame([("k", DAY_1, 0.5, "v")], PREDICTIONS)
    assert joined(config, inputs, predictions) == [(DAY_1, "v", True, True, 3, 1, 9.0, 0.5)]


def test_ids_of_several_columns_are_paired_in_order(spark: SparkSession) -> None:
    config = monitor(
        TWO_TABLES,
        inputs={"table": {"path": "i"}, "id": ["shop", "id"], "day": {"column": "day"}},
        predictions={**TWO_TABLES["predictions"], "id": ["store", "id"]},
    )
    inputs = spark.createDataFrame(
        [(1, "k", DAY_1, 1.0), (2, "k", DAY_1, 2.0)],
        "shop int, id string, day date, amount double",
    )
    predictions = spark.createDataFrame(
        [(2, "k", DAY_1, 0.2, "v"), (1, "k", DAY_1, 0.1, "v")],
        "store bigint, id string, day date, score double, model string",
    )
    assert [row[-2:] for row in joined(config, inputs, predictions)] == [(1.0, 0.1), (2.0, 0.2)]


def test_a_column_of_both_tables_keeps_its_meaning_in_each(spark: SparkSession) -> None:
    """A score may be called as a column of the inputs, in another case."""
    inputs = spark.createDataFrame(
        [("k", DAY_1, 1.0, 7.0)], "id string, day date, amount double, Score double"
    )
    predictions = spark.createDataFrame([("k", DAY_1, 0.5, "v")], PREDICTIONS)
    config = monitor(TWO_TABLES, features={"exclude": "Score"})
    assert [row[-2:] for row in joined(config, inputs, predictions)] == [(1.0, 0.5)]


def test_segments_may_be_of_columns_of_either_table(spark: SparkSession) -> None:
    segments = [
        {"name": "model", "columns": "model"},
        {"name": "sure", "predicate": "score > 0.4 and amount > 0"},
    ]
    found = two_tables(
        spark,
        [("a", DAY_1, 1.0)],
        [("a", DAY_1, 0.5, "v"), ("b", DAY_1, 0.5, "v")],
        segments=segments,
    )
    assert [row[6:8] for row in found] == [("v", None), ("v", "true")]


@pytest.mark.parametrize("days", [{DAY_1}, {DAY_2}, {DAY_1, DAY_2}, set(), None])
def test_rows_of_the_days_asked_for_are_given(spark: SparkSession, days: set[date] | None) -> None:
    rows = [(DAY_1,), (DAY_2,), (date(2013, 2, 3),), (None,)]
    frame = spark.createDataFrame(rows, "day date")
    found = {row[DAY] for row in with_day(frame, DaySource(column="day"), "UTC", days).collect()}
    assert found == ({DAY_1, DAY_2, date(2013, 2, 3)} if days is None else days)
