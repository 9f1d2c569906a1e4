"""Deequ beside a contract: its suggestions as text, and a contract as its checks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import DataFrame, SparkSession

from modelwatch.constraints import checks_of, suggestions
from modelwatch.model.contracts.reading import parse_contract

CLAUSES = """\
contract: shop
version: 1
columns:
  id: {type: string, nullable: false, unique: true}
  amount: {type: double, completeness: 0.5, range: [0, 100]}
  region: {domain: [north, "it's"], severity: warn}
  code: {pattern: '^\\d+$', length: [1, 2]}
rows: {unique: [id, region]}
relations:
  - {name: small, predicate: amount < 50, where: "region = 'north'"}
"""


@pytest.fixture
def rows(spark: SparkSession) -> DataFrame:
    held = [("a", 1.0, "north", "1"), ("b", 60.0, "it's", "22"), ("c", None, None, None)]
    return spark.createDataFrame(held, "id string, amount double, region string, code string")


@pytest.fixture
def no_callbacks(spark: SparkSession) -> Iterator[None]:
    """Assertions start a server for callbacks, without whose end no process ends."""
    yield
    spark.sparkContext._gateway.shutdown_callback_server()


def statuses(spark: SparkSession, rows: DataFrame, text: str) -> dict[str, str]:
    from pydeequ.verification import VerificationResult, VerificationSuite

    code, _ = checks_of(parse_contract(text))
    names: dict[str, object] = {}
    exec(compile(code, "checks.py", "exec"), names)
    suite = VerificationSuite(spark).onData(rows)
    for check in names["checks"](spark):  # type: ignore[operator]
        suite = suite.addCheck(check)
    found = VerificationResult.checkResultsAsDataFrame(spark, suite.run()).collect()
    return {row["constraint"]: row["constraint_status"] for row in found}


@pytest.mark.usefixtures("no_callbacks")
@pytest.mark.deequ
def test_deequ_finds_good_rows_good_and_bad_ones_bad(spark: SparkSession, rows: DataFrame) -> None:
    good = statuses(spark, rows, CLAUSES)
    assert len(good) == 9
    assert set(good.values()) == {"Success"}
    bad = statuses(spark, rows.unionAll(rows), CLAUSES.replace("[0, 100]", "[2, 100]"))
    failed = {name for name, status in bad.items() if status == "Failure"}
    assert len(failed) == 3
    assert any("amount.range" in name for name in failed)


def test_what_deequ_can_t_check_is_listed() -> None:
    text = (
        "contract: c\nversion: 1\nother_columns: fail\ncolumns: {a.b: {nullable: false}, x: "
        "{type: int}}\nrows: {freshness_days: 1, volume: {monday: [1, 2]}}\n"
    )
    _, left = checks_of(parse_contract(text))
    assert {one.place for one in left} == {
        'columns["a.b"]',
        "columns.x.type",
        "rows.volume",
        "rows.freshness_days",
        "other_columns",
    }


@pytest.mark.deequ
def test_suggestions_name_the_columns_as_they_are(spark: SparkSession) -> None:
    rows = spark.range(200).selectExpr("id AS `a.b`", "'x' AS `it's`", "current_date() AS day")
    found = suggestions(rows)
    assert set(found) == {"a.b", "it's"}
    assert any('isComplete("a.b")' in one for one in found["a.b"])
