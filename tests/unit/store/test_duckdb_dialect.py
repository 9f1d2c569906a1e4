"""The views in the dialect of DuckDB."""

from __future__ import annotations

import pytest

from modelwatch.io.store.duckdb_dialect import duckdb_sql
from modelwatch.io.store.views import views

ONLY_SPARK = {"histogram_comparison", "databricks_profile_metrics"}
"""The labels of the first contain numbers as text, which the engines write differently. The second
parses JSON to structs."""


@pytest.mark.parametrize("view", sorted(set(views()) - ONLY_SPARK))
def test_every_view_has_a_translation(view: str) -> None:
    assert duckdb_sql(views()[view]) is not None


@pytest.mark.parametrize("view", sorted(ONLY_SPARK))
def test_a_view_that_only_spark_answers_has_none(view: str) -> None:
    assert duckdb_sql(views()[view]) is None


def test_a_column_without_a_name_is_called_by_its_expression() -> None:
    assert duckdb_sql("SELECT count(*) FROM runs") == 'SELECT COUNT(*) AS "COUNT(*)" FROM runs'


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SHOW TABLES",
        "DROP TABLE runs",
        "CREATE TABLE t AS SELECT 1",
        "DESCRIBE runs",
    ],
)
def test_what_is_no_query_has_no_translation(statement: str) -> None:
    assert duckdb_sql(statement) is None
