"""Rows that do not fit their table, and numbers that no table holds."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from modelwatch.io.delta.table_schema import expected_schema
from modelwatch.io.store.fitted_rows import fitted_rows
from modelwatch.tables import TABLES
from modelwatch.tables.table import Column

NUMBERS = (float("nan"), float("inf"), float("-inf"), 1.5)


def filler(column: Column, number: float) -> Any:
    """A value of a column's type: the number in doubles, nothing in what may be null."""
    if column.type == "double":
        return number
    if column.type.startswith("array<struct<") and ":double" in column.type:
        fields = column.type.removeprefix("array<struct<").removesuffix(">>").split(",")
        return [tuple(number if field.endswith(":double") else None for field in fields)]
    if column.nullable:
        return None
    return {
        "string": "x",
        "date": date(2013, 2, 8),
        "timestamp": datetime(2013, 2, 8, tzinfo=timezone.utc),
        "boolean": False,
        "binary": b"",
    }.get(column.type, [] if column.type.startswith("array") else 1)


def numbers_in(value: Any) -> list[float]:
    """The doubles of a value, those of structs in arrays too."""
    if isinstance(value, list | tuple):
        return [number for one in value for number in numbers_in(one)]
    return [value] if isinstance(value, float) else []


def test_no_table_takes_a_number_that_is_not_finite(spark: SparkSession) -> None:
    for name, spec in TABLES.items():
        rows = [tuple(filler(column, number) for column in spec.columns) for number in NUMBERS]
        frame = spark.createDataFrame(rows, spec.ddl())
        *odd, plain = fitted_rows(spec, expected_schema(spec, spark), frame, "r1").collect()
        for column in spec.columns:
            if column.type.startswith("array<double"):
                continue  # edges of bins are infinite by definition
            held = [number for row in odd for number in numbers_in(row[column.name])]
            assert np.isfinite(held).all(), (name, column.name)
            assert not held or not column.nullable, (name, column.name)
            expected = numbers_in(filler(column, 1.5))
            assert numbers_in(plain[column.name]) == expected, (name, column.name)
        kinds = {column.name: column.type for column in spec.columns}
        if kinds.get("value") == "double" and kinds.get("reason") == "string":
            assert [row["reason"] for row in odd] == ["the value is not finite"] * 3, name
            assert plain["reason"] is None, name
