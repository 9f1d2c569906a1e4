"""Answers of Spark and of this process to the same statements."""

from __future__ import annotations

import math
from typing import Any

from pyspark.sql import SparkSession

from modelwatch.io.store.local_results import QueryResult, local_results
from modelwatch.io.store.result_queries import ResultQueries
from modelwatch.model.sources.tables import OutputAddress


def answers_of_spark(spark: SparkSession, output: OutputAddress) -> ResultQueries:
    """Queries that Spark answers, even if this process could."""
    queries = ResultQueries(output, lambda: spark)
    queries.__dict__["_local"] = None
    return queries


def assert_same_answer(queries: ResultQueries, statement: str) -> None:
    """The columns, and the rows in any order, with 12 digits of a number."""
    local = local_results(queries.output)
    assert local is not None
    here, there = local.answer(statement), queries.answer(statement)
    assert here.columns == there.columns, statement
    assert _sorted(here) == _sorted(there), statement


def _sorted(answer: QueryResult) -> list[str]:
    return sorted(repr([_comparable(value) for value in row]) for row in answer.rows)


def _comparable(value: Any) -> Any:
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else float(f"{value:.12g}")
    if isinstance(value, dict):
        return {name: _comparable(item) for name, item in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_comparable(item) for item in value]
    return bytes(value) if isinstance(value, bytearray) else value
