"""SQL of a configuration asks for the values of its own row, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from modelwatch.pipelines.config.expressions import refusal
from modelwatch.pipelines.config.validation import problems_of
from monitored import TWO_TABLES, monitor


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([(1.0, "a")], "amount double, kind string")


@pytest.mark.parametrize(
    "sql",
    [
        "amount > 1 and kind in ('a', 'b')",
        "transform(array(amount), x -> x + 1)[0] > 0",
        "kind = 'reflect(1)' or kind = '(select 1)'",
        "sha2(kind, 256) like 'a%'",
        "gone > 1",
    ],
)
def test_values_of_the_row_may_be_asked(rows: DataFrame, sql: str) -> None:
    assert refusal(rows, sql) is None


@pytest.mark.parametrize(
    "sql",
    [
        "amount > (select max(amount) from asked)",
        "amount in (select amount from asked)",
        "exists (select 1 from asked)",
        "case when amount > 1 then amount in (select amount from asked) else false end",
    ],
)
def test_no_other_table_may_be_asked(rows: DataFrame, sql: str) -> None:
    rows.createOrReplaceTempView("asked")
    wording = refusal(rows, sql)
    assert wording is not None
    assert "subquery" in wording


def test_no_file_may_be_asked(rows: DataFrame, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("42\n")
    wording = refusal(rows, f"amount > (select max(_c0) from csv.`{secret}`)")
    assert wording is not None
    assert "subquery" in wording


@pytest.mark.parametrize(
    "sql",
    [
        "reflect('java.lang.System', 'getProperty', 'user.home') = kind",
        "JAVA_METHOD('java.lang.System', 'getProperty', 'user.home') = kind",
        "`reflect`('java.lang.System', 'getProperty', 'user.home') = kind",
        "rand() > amount",
        "uuid() = kind",
        "input_file_name() = kind",
        "filter(array(amount), x -> rand() > x)[0] > 0",
    ],
)
def test_no_function_of_anything_but_the_row_may_be_called(rows: DataFrame, sql: str) -> None:
    wording = refusal(rows, sql)
    assert wording is not None
    assert "depends on more than the row" in wording


def test_every_place_of_sql_is_checked_against_it(spark: SparkSession) -> None:
    config = monitor(
        TWO_TABLES,
        segments=[{"name": "own", "predicate": "rand() > amount"}],
        rules=[
            {"name": "a", "treatment": "warn", "must": "uuid() > kind"},
            {"name": "b", "treatment": "warn", "must": "amount > 0", "where": "uuid() > kind"},
        ],
        constraints=[
            {"name": "c", "kind": "predicate", "sql": "input_file_name() > kind"},
            {"name": "d", "kind": "rows", "lower": 1, "where": "rand() > amount"},
        ],
        labels={
            "table": {"path": "labels"},
            "id": ["id"],
            "day": {"column": "day"},
            "label": "label",
            "known": {"column": "day"},
            "due": {"delay_days": 1},
        },
        performance={
            "task": "binary",
            "decision": {"threshold": 0.5},
            "score": "score",
            "values": {"expressions": {"money": "amount * rand()"}},
        },
    )
    inputs = spark.createDataFrame([], "id string, day date, amount double, kind string")
    predictions = spark.createDataFrame([], "id string, day date, score double")
    labels = spark.createDataFrame([], "id string, day date, label double")
    frames = {"inputs": inputs, "predictions": predictions, "labels": labels}
    wording = {p.place for p in problems_of(config, frames, {}) if "more than the row" in p.message}
    assert wording == {
        "segments[0].predicate",
        "rules[0].must",
        "rules[1].where",
        "constraints[0].sql",
        "constraints[1].where",
        "performance.values.expressions.money",
    }
