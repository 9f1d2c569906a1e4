"""What each kind of constraint observes, and what it says where it can't."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter
from pyspark.sql import DataFrame, SparkSession

from modelwatch.constraints import ConstraintRow, constraint_results
from modelwatch.model.contracts.constraint import Constraint, EngineChoice
from modelwatch.model.sources.tables import TableAddress

DAY = date(2024, 3, 10)
NEXT = date(2024, 3, 11)
NAN = math.nan
BIG = 2**53


def constraint(**keys: Any) -> Any:
    # The configuration is read with tuples for lists.
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in keys.items()}
    return TypeAdapter(Constraint).validate_python({"name": keys["kind"], **given})


def frame(spark: SparkSession, types: str, *rows: Any) -> DataFrame:
    """Rows of one column ``x``, or of the columns in ``types``, all on one day."""
    named = types if " " in types else f"x {types}"
    dated = [(DAY, *row) if isinstance(row, tuple) else (DAY, row) for row in rows]
    return spark.createDataFrame(dated, f"__day date, {named}")


def held(data: DataFrame, **keys: Any) -> ConstraintRow:
    (row,) = constraint_results({"inputs": data}, [constraint(**keys)], [DAY])
    return row


@pytest.mark.parametrize(
    ("types", "rows", "keys", "observed"),
    [
        ("int", [1, None, 3], {"kind": "rows", "lower": 1}, 3),
        ("int", [1, None, 3], {"kind": "rows", "lower": 1, "where": "x > 1"}, 1),
        ("int", [1, None, 3, 4], {"kind": "completeness", "column": "x"}, 3 / 4),
        ("double", [1.0, NAN, None, 4.0], {"kind": "completeness", "column": "x"}, 2 / 4),
        ("array<int>", [[1], None], {"kind": "completeness", "column": "x"}, 1 / 2),
        ("int", [None, None], {"kind": "completeness", "column": "x"}, 0),
        ("int", [1, 1, 2, None, None, 3], {"kind": "uniqueness", "columns": ["x"]}, 2 / 4),
        ("int", [1, 1, 2, 3], {"kind": "uniqueness", "columns": ["x"], "where": "x < 3"}, 1 / 3),
        (
            "x int, y string",
            [(1, "a"), (1, "b"), (2, None), (2, None), (None, None)],
            {"kind": "uniqueness", "columns": ["x", "y"]},
            2 / 4,
        ),
        (
            "double",
            [-1.0, 0.0, 1.0, 2.0, NAN, None],
            {"kind": "range", "column": "x", "lower": 0, "upper": 1, "share": 0.5},
            2 / 4,
        ),
        ("double", [1.0, math.inf], {"kind": "range", "column": "x", "lower": 0.0}, 1),
        ("double", [1.0, math.inf], {"kind": "range", "column": "x", "upper": 9.0}, 1 / 2),
        ("float", [0.1, 0.2], {"kind": "range", "column": "x", "upper": 0.1}, 1 / 2),
        (
            "decimal(38,18)",
            [Decimal("0.1"), Decimal("0.100000000000000001")],
            {"kind": "range", "column": "x", "upper": 0.1},
            1 / 2,
        ),
        ("bigint", [BIG, BIG + 1], {"kind": "range", "column": "x", "upper": float(BIG)}, 1 / 2),
        ("bigint", [1, 2], {"kind": "range", "column": "x", "lower": 1.5}, 1 / 2),
        ("bigint", [1, 2], {"kind": "range", "column": "x", "lower": -1e300}, 1),
        ("bigint", [1, 2], {"kind": "range", "column": "x", "lower": 1e300}, 0),
        (
            "string",
            ["a", "b", "z", None],
            {"kind": "domain", "column": "x", "values": ["a"]},
            1 / 3,
        ),
        (
            "bigint",
            [BIG, BIG + 1],
            {"kind": "domain", "column": "x", "values": [BIG + 1, 0.5]},
            1 / 2,
        ),
        ("float", [0.1, 0.2], {"kind": "domain", "column": "x", "values": [0.1]}, 1 / 2),
        ("boolean", [True, False], {"kind": "domain", "column": "x", "values": [True]}, 1 / 2),
        ("date", [DAY, NEXT], {"kind": "domain", "column": "x", "values": [DAY]}, 1 / 2),
        ("int", [1, 2], {"kind": "domain", "column": "x", "values": [0.5]}, 0),
        (
            "string",
            ["N123", "xN1", "", None],
            {"kind": "pattern", "column": "x", "regex": "^N[0-9]+$"},
            1 / 3,
        ),
        ("string", ["", "a"], {"kind": "pattern", "column": "x", "regex": "^$"}, 1 / 2),
        (
            "string",
            ["1", "-2 ", "2.5", "a", "", None],
            {"kind": "data_type", "column": "x", "type": "integral"},
            2 / 5,
        ),
        (
            "string",
            ["1.5", ".5", "1e3", "1", "."],
            {"kind": "data_type", "column": "x", "type": "fractional"},
            3 / 5,
        ),
        (
            "string",
            ["1.5", "1", "x"],
            {"kind": "data_type", "column": "x", "type": "numeric"},
            2 / 3,
        ),
        (
            "string",
            ["true", "FALSE", "yes"],
            {"kind": "data_type", "column": "x", "type": "boolean"},
            2 / 3,
        ),
        ("string", ["a", "1"], {"kind": "data_type", "column": "x", "type": "string"}, 1),
        ("int", [1, 2], {"kind": "data_type", "column": "x", "type": "integral"}, 1),
        ("int", [1, 2], {"kind": "data_type", "column": "x", "type": "string"}, 0),
        (
            "double",
            [1.0, 1.5, math.inf, NAN],
            {"kind": "data_type", "column": "x", "type": "integral"},
            1 / 3,
        ),
        ("boolean", [True], {"kind": "data_type", "column": "x", "type": "boolean"}, 1),
        ("double", [1.0, 2.0, NAN, None], {"kind": "mean", "column": "x", "upper": 9.0}, 1.5),
        ("double", [1.0, math.inf], {"kind": "mean", "column": "x", "upper": 9.0}, math.inf),
        ("double", [1.0, 3.0, NAN, None], {"kind": "sd", "column": "x", "upper": 9.0}, 1.0),
        (
            "x double, y int",
            [(1.0, 1), (2.0, 2), (3.0, 3), (NAN, 9), (9.0, None)],
            {"kind": "correlation", "columns": ["x", "y"], "lower": 0.5},
            1.0,
        ),
        ("int", [1, 2, None], {"kind": "predicate", "sql": "x > 1"}, 1 / 3),
    ],
)
def test_observes_what_the_kind_says(
    spark: SparkSession, types: str, rows: list[Any], keys: dict[str, Any], observed: float
) -> None:
    row = held(frame(spark, types, *rows), **keys)
    assert row.observed == pytest.approx(observed, rel=1e-12)
    assert row.reason is None


def test_foreign_set_is_the_share_of_values_the_other_table_has(spark: SparkSession) -> None:
    planes = spark.createDataFrame([("N1",), ("N1",), ("N2",), (None,)], "`tail num` string")
    address = TableAddress(path="planes")
    promise = constraint(
        kind="foreign_set",
        column="x",
        where="x != 'N9'",
        set={"table": {"path": "planes"}, "column": "tail num"},
    )
    data = frame(spark, "string", "N1", "N1", "N2", "N3", "N9", None)
    (row,) = constraint_results({"inputs": data}, [promise], [DAY], {address: planes})
    assert (row.observed, row.rows) == (3 / 4, 4)


def test_a_breach_has_the_severity_as_its_verdict(spark: SparkSession) -> None:
    data = frame(spark, "int", 1, None)
    keys = {"kind": "completeness", "column": "x", "lower": 0.9}
    assert held(data, **keys).verdict == "fail"
    assert held(data, **keys, severity="warn").verdict == "warn"
    assert held(data, **{**keys, "lower": 0.5}).verdict == "pass"


def test_a_row_shows_bounds_of_the_observed_value(spark: SparkSession) -> None:
    row = held(frame(spark, "int", 1, 2), kind="range", column="x", upper=9.0, share=0.95)
    assert (row.day, row.constraint, row.kind, row.column) == (DAY, "range", "range", "x")
    assert (row.lower, row.upper, row.rows, row.where) == (0.95, None, 2, None)


@pytest.mark.parametrize(
    "keys",
    [
        {"kind": "range", "column": "x", "lower": 0.0},
        {"kind": "domain", "column": "x", "values": [1]},
        {"kind": "mean", "column": "x", "lower": 0.0},
        {"kind": "sd", "column": "x", "lower": 0.0},
        {"kind": "uniqueness", "columns": ["x"]},
        {"kind": "data_type", "column": "x", "type": "integral"},
        {"kind": "correlation", "columns": ["x", "y"], "lower": 0.0},
    ],
)
def test_where_every_value_is_missing_nothing_passes(
    spark: SparkSession, keys: dict[str, Any]
) -> None:
    row = held(frame(spark, "x double, y int", (None, 1), (NAN, 2)), **keys)
    assert (row.verdict, row.reason, row.rows) == ("undefined", "every value is missing", 2)


def test_an_undefined_value_is_unknown(spark: SparkSession) -> None:
    data = frame(spark, "x int, y int", (1, 1), (1, 2))
    row = held(data, kind="correlation", columns=["x", "y"], lower=0.0)
    assert (row.observed, row.verdict) == (None, "undefined")
    assert row.reason == "undefined for these values"


def test_a_day_without_rows_is_unknown_but_counts_as_no_rows(spark: SparkSession) -> None:
    data = frame(spark, "int", 1)
    promises = [
        constraint(kind="rows", lower=1),
        constraint(kind="mean", column="x", lower=0.0),
        constraint(kind="uniqueness", columns=["x"], where="x = 1"),
    ]
    rows = constraint_results({"inputs": data}, promises, [NEXT])
    assert [(r.observed, r.verdict, r.reason, r.rows) for r in rows] == [
        (0.0, "fail", None, 0),
        (None, "undefined", "no rows", 0),
        (None, "undefined", "no rows", 0),
    ]


def test_an_empty_table_is_a_table_of_empty_days(spark: SparkSession) -> None:
    promises = [constraint(kind="rows", upper=5), constraint(kind="predicate", sql="x = 1")]
    rows = constraint_results({"inputs": frame(spark, "int")}, promises, [DAY])
    assert [(r.observed, r.verdict) for r in rows] == [(0.0, "pass"), (None, "undefined")]


def test_where_no_row_satisfies_where_it_says_so(spark: SparkSession) -> None:
    row = held(frame(spark, "int", 1), kind="completeness", column="x", where="x > 5")
    assert (row.verdict, row.reason, row.rows) == ("undefined", "no rows satisfy where", 0)


@pytest.mark.parametrize(
    "name", ["a.b", "a b", "a`b", "a'b", 'a"b', "größe 名", "select", "c0", "day", "a;--"]
)
def test_any_name_of_a_column_will_do(spark: SparkSession, name: str) -> None:
    data = spark.createDataFrame([(DAY, 1.0, 2), (DAY, 2.0, 3)], ["__day", name, "y"])
    promises = [
        constraint(kind="completeness", column=name),
        constraint(kind="uniqueness", columns=[name, "y"]),
        constraint(kind="mean", column=name, lower=0.0),
        constraint(kind="correlation", columns=[name, "y"], lower=0.0),
        constraint(kind="predicate", sql="`" + name.replace("`", "``") + "` > 0"),
    ]
    rows = constraint_results({"inputs": data}, promises, [DAY])
    assert [r.verdict for r in rows] == ["pass"] * len(promises)


def test_days_do_not_mix(spark: SparkSession) -> None:
    data = spark.createDataFrame([(DAY, 1), (DAY, 1), (NEXT, 1), (NEXT, 5)], "__day date, x int")
    promises = [
        constraint(kind="mean", column="x", upper=1.0),
        constraint(kind="uniqueness", columns=["x"]),
    ]
    rows = constraint_results({"inputs": data}, promises, [NEXT, DAY])
    assert [(r.day, r.observed) for r in rows] == [(NEXT, 3), (DAY, 1), (NEXT, 1), (DAY, 0)]


@pytest.mark.parametrize("engine", [pytest.param("deequ", marks=pytest.mark.deequ), "native"])
def test_what_fails_while_running_leaves_the_others_alone(
    spark: SparkSession, engine: EngineChoice
) -> None:
    promises = [
        constraint(kind="mean", column="x", lower=0.0),
        constraint(kind="predicate", sql="assert_true(x > 1, 'too small') is null"),
        constraint(kind="rows", where="assert_true(x > 2, 'far too small') is null", lower=0),
        constraint(kind="completeness", column="x"),
    ]
    mean, failed, unread, completeness = constraint_results(
        {"inputs": frame(spark, "int", 1, 2)}, promises, [DAY], engine=engine
    )
    assert (mean.observed, completeness.observed) == (1.5, 1.0)
    assert failed.verdict == "undefined" and "too small" in (failed.reason or "")
    assert unread.rows is None and "far too small" in (unread.reason or "")


@pytest.mark.parametrize("engine", [pytest.param("deequ", marks=pytest.mark.deequ), "native"])
def test_a_table_that_cannot_be_read_raises(spark: SparkSession, engine: EngineChoice) -> None:
    broken = frame(spark, "int", 1).where("assert_true(x > 1, 'corrupt file') is null")
    promise = constraint(kind="completeness", column="x")
    with pytest.raises(Exception, match="corrupt file"):
        constraint_results({"inputs": broken}, [promise], [DAY], engine=engine)


def test_a_constraint_that_does_not_fit_is_unknown_and_the_others_are_not(
    spark: SparkSession,
) -> None:
    promises = [
        constraint(kind="mean", column="gone", lower=0.0),
        constraint(kind="mean", column="x", lower=0.0),
        constraint(kind="mean", column="x", lower=0.0, table="predictions"),
    ]
    gone, there, nowhere = constraint_results({"inputs": frame(spark, "int", 1)}, promises, [DAY])
    assert gone.verdict == "undefined" and "no column 'gone'" in (gone.reason or "")
    assert there.verdict == "pass"
    assert nowhere.verdict == "undefined" and "predictions" in (nowhere.reason or "")
