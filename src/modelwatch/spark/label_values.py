"""Labels and decisions as numbers, whatever type their columns are of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from modelwatch.model.features import Schema, find_column, is_number
from modelwatch.model.label_columns import can_hold
from modelwatch.model.labels import Decision, Performance
from modelwatch.spark.days import named


def label_value(performance: Performance, column: str, schema: Schema) -> Column:
    """A label as a double: 0 and 1, the index of its class (their number for another), the number.

    Null where there is none, NaN being none.
    """
    kind = schema[str(find_column(schema, column))]
    if performance.task == "regression":
        number = named(column).cast("double")
        return F.when(~F.isnan(number), number)
    if performance.task == "multiclass":
        return _class_of(named(column), kind, performance)
    return _is_positive(named(column), kind, performance)


def is_unknown(performance: Performance, value: Column) -> Column:
    """Whether a label, as a double, is none, or of a class that the task does not have."""
    unknown = value.isNull()
    if performance.task == "multiclass":
        unknown = unknown | (value == float(len(performance.classes)))
    return unknown


def _is_positive(column: Column, kind: str, performance: Performance) -> Column:
    positive = [_equal(column, kind, v) for v in performance.positive if can_hold(kind, v)]
    either = reduce(lambda one, other: one | other, positive, F.lit(False))
    return F.when(column.isNotNull(), either.cast("double"))


def _class_of(column: Column, kind: str, performance: Performance) -> Column:
    found = F.lit(float(len(performance.classes)))
    for i, value in reversed(list(enumerate(performance.classes))):
        found = F.when(_equal(column, kind, value), F.lit(float(i))).otherwise(found)
    return F.when(column.isNotNull(), found)


def _equal(column: Column, kind: str, value: object) -> Column:
    if isinstance(value, bool):
        text = "true" if value else "false"
        return column.cast("string") == text
    if isinstance(value, (int, float)) and is_number(kind):
        return column.cast("double") == float(value)
    return column.cast("string") == str(value)


def decision_value(
    performance: Performance, decision: Decision | None, score: Sequence[str], schema: Schema
) -> Column:
    """A decision as a double: 0 and 1, or the index of a class; null for none."""
    if decision is None:
        return F.lit(None).cast("double")
    if decision.column is not None:
        kind = schema[str(find_column(schema, decision.column))]
        column = named(decision.column)
        if performance.task == "multiclass":
            return _class_of(column, kind, performance)
        return _is_positive(column, kind, performance)
    number = named(score[0]).cast("double")
    # NaN is above every threshold for Spark, and no score.
    return F.when(~F.isnan(number), (number >= F.lit(decision.threshold)).cast("double"))


def local_day(column: Column, time_zone: str) -> Column:
    """The day of a timestamp in a time zone."""
    return F.to_date(F.from_utc_timestamp(column, time_zone))
