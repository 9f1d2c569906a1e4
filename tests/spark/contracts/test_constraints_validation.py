"""Invalid constraints are reported before any work, with their location."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter
from pyspark.sql import SparkSession

from modelwatch.constraints import problems
from modelwatch.model.contracts.constraint import Constraint
from modelwatch.model.sources.tables import TableAddress

PLANES = TableAddress(path="planes")


def wording(spark: SparkSession, **keys: Any) -> list[tuple[str, str]]:
    """Places and messages for one constraint on an empty table."""
    empty = spark.createDataFrame(
        [], "__day date, distance double, carrier string, seats array<int>, tags map<int,int>"
    )
    planes = spark.createDataFrame([], "tail string")
    promise = TypeAdapter(Constraint).validate_python({"name": "promise", **keys})
    found = problems({"inputs": empty}, [promise], {PLANES: planes})
    return [(problem.place, problem.message) for problem in found]


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        ({"kind": "mean", "column": "distanc", "lower": 0.0}, "column", "did you mean 'distance'"),
        ({"kind": "mean", "column": "carrier", "lower": 0.0}, "column", "'carrier' is string"),
        ({"kind": "range", "column": "carrier", "lower": 0.0}, "column", "needs a numeric column"),
        ({"kind": "uniqueness", "columns": ("carrier", "gone")}, "columns", "no column 'gone'"),
        ({"kind": "uniqueness", "columns": ("tags",)}, "columns", "is a map"),
        (
            {"kind": "correlation", "columns": ("distance", "seats"), "lower": 0.0},
            "columns",
            "'seats' is array<int>",
        ),
        ({"kind": "domain", "column": "distance", "values": ("AA",)}, "values", "'AA' can't be"),
        ({"kind": "domain", "column": "carrier", "values": (1,)}, "values", "1 can't be"),
        ({"kind": "pattern", "column": "distance", "regex": "x"}, "column", "needs a string"),
        ({"kind": "pattern", "column": "carrier", "regex": "[A-"}, "regex", "'[A-'"),
        ({"kind": "predicate", "sql": "distance >"}, "sql", "PARSE_SYNTAX_ERROR"),
        ({"kind": "predicate", "sql": "gone > 1"}, "sql", "gone"),
        ({"kind": "predicate", "sql": "carrier"}, "sql", "boolean"),
        ({"kind": "predicate", "sql": "count(1) > 1"}, "sql", "INVALID_WHERE_CONDITION"),
        ({"kind": "predicate", "sql": "explode(seats) > 1"}, "sql", "UNSUPPORTED_GENERATOR"),
        ({"kind": "predicate", "sql": "1 = row_number() over (order by 1)"}, "sql", "indow"),
        ({"kind": "rows", "lower": 1.0, "where": "true) or (gone"}, "where", "PARSE_SYNTAX_ERROR"),
        ({"kind": "rows", "lower": 1.0, "where": "gone = 1"}, "where", "gone"),
        ({"kind": "rows", "lower": 1.0, "table": "predictions"}, "table", "no table"),
        (
            {"kind": "foreign_set", "column": "carrier", "set": {"table": PLANES, "column": "t"}},
            "set.column",
            "no column 't'",
        ),
        (
            {"kind": "foreign_set", "column": "seats", "set": {"table": PLANES, "column": "tail"}},
            "set.column",
            "can't be compared",
        ),
        (
            {
                "kind": "foreign_set",
                "column": "carrier",
                "set": {"table": TableAddress(path="unread"), "column": "tail"},
            },
            "set.table",
            "was not read",
        ),
    ],
)
def test_a_misfit_is_reported_with_its_place(
    spark: SparkSession, keys: dict[str, Any], place: str, message: str
) -> None:
    ((where, what),) = wording(spark, **keys)
    assert where == f"constraints[0].{place}"
    assert message in what
    assert what.startswith("promise: ")
    assert "\n" not in what


def test_all_problems_are_reported_at_once(spark: SparkSession) -> None:
    found = wording(spark, kind="predicate", sql="gone > 1", where="lost = 1")
    assert [place for place, _ in found] == ["constraints[0].where", "constraints[0].sql"]


def test_nothing_is_reported_of_what_fits(spark: SparkSession) -> None:
    assert wording(spark, kind="predicate", sql="distance > 0", where="carrier = 'AA'") == []


def test_validation_runs_no_job(spark: SparkSession) -> None:
    spark.sparkContext.setJobGroup("only validation", "counted")
    wording(spark, kind="predicate", sql="distance > 0", where="carrier = 'AA'")
    wording(spark, kind="pattern", column="carrier", regex="^[A-Z]+$")
    assert len(spark.sparkContext.statusTracker().getJobIdsForGroup("only validation")) == 0
