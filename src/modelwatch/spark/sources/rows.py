"""Rows of a source table as a run uses them: with nested columns by path, and days as dates."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import VectorUDT
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DoubleType,
    IntegerType,
    LongType,
    MapType,
    StringType,
    StructType,
)

from modelwatch.model.config.column_paths import ColumnPath
from modelwatch.model.sources.tables import DaySource
from modelwatch.spark.casts import try_cast
from modelwatch.spark.days import EIGHT_DIGITS, named

# Spark would parse a year or a month alone as its first day.
_PARTED = "^[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}"


def taken_rows(
    stored: DataFrame, day: DaySource | None, paths: Sequence[ColumnPath] = ()
) -> DataFrame:
    """The rows of a table with an additional column for each path into a nested column.

    The name of the new column is the path; a path that is already the name of a column is ignored.
    Text and integers that spell a day (``yyyymmdd``, text also ``yyyy-mm-dd``) become dates in the
    columns of ``day``. Both are expressions of the stored columns, so Delta still skips partitions.
    """
    spelled = {
        field.name: day_of_text(named(field.name).cast("string")).alias(field.name)
        for field in stored.schema.fields
        if _is_day_column(field.name, day) and spells_days(field.dataType)
    }
    if not spelled and not paths:
        return stored
    nested = nested_columns(stored.schema, paths)
    if not spelled and not nested:
        return stored
    own = [spelled.get(field.name, named(field.name)) for field in stored.schema.fields]
    return stored.select(*own, *(column.alias(name) for name, column in nested.items()))


def spells_days(data_type: DataType) -> bool:
    """Whether days of this type are text or integers instead of dates."""
    return isinstance(data_type, (StringType, IntegerType, LongType))


def day_of_text(text: Column) -> Column:
    """The date that a text spells, ``yyyymmdd`` or ``yyyy-mm-dd``; null for anything else."""
    parts = (F.substring(text, first, length) for first, length in ((1, 4), (5, 2), (7, 2)))
    digits = F.concat_ws("-", *parts)
    whole = F.when(text.rlike(EIGHT_DIGITS), digits).when(text.rlike(_PARTED), text)
    return try_cast(whole, "date")


def nested_columns(schema: StructType, paths: Sequence[ColumnPath]) -> dict[str, Column]:
    """For each path into a nested column, the column, by the text of the path.

    A path that ends with a pattern, such as ``customer.*``, matches all fields that fit.
    """
    taken = {field.name.lower() for field in schema.fields}
    found: dict[str, Column] = {}
    for path in paths:
        for text, column in _leading(schema, path):
            if text.lower() not in taken:
                taken.add(text.lower())
                found[text] = column
    return found


def _leading(schema: StructType, path: ColumnPath) -> list[tuple[str, Column]]:
    root = _field(schema, path.column)
    if root is None:
        return []
    column, data_type = named(root), schema[root].dataType
    *steps, last = path.steps
    for step in steps:
        into = _into(column, data_type, step)
        if into is None:
            return []
        column, data_type = into
    if isinstance(last, str) and "*" in last and isinstance(data_type, StructType):
        stem = path.text[: -len(last)]
        fitting = [f.name for f in data_type.fields if fnmatchcase(f.name.lower(), last.lower())]
        return [(f"{stem}{name}", column.getField(name)) for name in fitting]
    into = _into(column, data_type, last)
    return [] if into is None else [(path.text, into[0])]


def _into(column: Column, data_type: DataType, step: str | int) -> tuple[Column, DataType] | None:
    """The value at a step; None if the type has no such step."""
    if isinstance(data_type, StructType) and isinstance(step, str):
        name = _field(data_type, step)
        return None if name is None else (column.getField(name), data_type[name].dataType)
    if isinstance(data_type, ArrayType) and isinstance(step, int):
        # Null if the array is shorter.
        return F.get(column, F.lit(step)), data_type.elementType
    if isinstance(data_type, MapType):
        key = try_cast(F.lit(step), data_type.keyType.simpleString())
        return column[key], data_type.valueType
    if isinstance(data_type, VectorUDT) and isinstance(step, int):
        return F.get(vector_to_array(column), F.lit(step)), DoubleType()
    return None


def _field(schema: StructType, name: str) -> str | None:
    alike = [field.name for field in schema.fields if field.name.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _is_day_column(name: str, day: DaySource | None) -> bool:
    if day is None:
        return False
    day_columns = (day.column, day.partition_column)
    return name.lower() in {column.lower() for column in day_columns if column is not None}
