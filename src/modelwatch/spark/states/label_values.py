"""Convert labels and decisions of any type to numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from modelwatch.errors import InternalError
from modelwatch.model.config.column_types import FLOATING_TYPES, is_number, outer_type
from modelwatch.model.config.literals import bound_sql, typed_sql
from modelwatch.model.performance.label_sides import (
    BLANKS,
    CountedAs,
    counted_as,
    is_text,
    sides_of,
)
from modelwatch.model.performance.labels import Decision, Performance
from modelwatch.model.profile.features import Schema, find_column
from modelwatch.spark.days import named


@dataclass(frozen=True)
class MappedValue:
    """A label or decision as a number.

    ``value``: a double: 0 and 1, the index of a class (the number of classes for an unknown one),
    or the number of a regression; null for none. ``missing``: whether it is an empty string or NaN,
    which counts as no value. ``spelling``: its text if the configuration does not map it; otherwise
    null. ``counted_as``: what it counts as then; None if every value is mapped, and ``spelling``
    and ``missing`` need no column.
    """

    value: Column
    missing: Column
    spelling: Column
    counted_as: CountedAs | None


def label_value(performance: Performance, column: str, schema: Schema) -> MappedValue:
    """A label as a number."""
    kind = schema[str(find_column(schema, column))]
    if performance.task == "regression":
        number = named(column).cast("double")
        return _measured(F.when(~F.isnan(number), number))
    return _mapped(performance, named(column), kind)


def decision_value(
    performance: Performance, decision: Decision | None, score: Sequence[str], schema: Schema
) -> MappedValue:
    """A decision as a number, from a column or from a threshold for the score."""
    if decision is None:
        return _measured(F.lit(None).cast("double"))
    if decision.column is not None:
        kind = schema[str(find_column(schema, decision.column))]
        return _mapped(performance, named(decision.column), kind)
    if decision.threshold is None:
        raise InternalError("internal error: a decision has neither a column nor a threshold")
    number = named(score[0])
    threshold = F.expr(bound_sql(schema[str(find_column(schema, score[0]))], decision.threshold))
    # In Spark, NaN is above every threshold, but it is not a score.
    there = ~F.isnan(number.cast("double"))
    return _measured(F.when(there, (number >= threshold).cast("double")))


def is_unknown(performance: Performance, value: Column) -> Column:
    """Whether a label, as a double, is missing or of a class that the task does not have."""
    unknown = value.isNull()
    if performance.task == "multiclass":
        unknown = unknown | (value == float(len(performance.classes)))
    return unknown


def _measured(value: Column) -> MappedValue:
    return MappedValue(value, F.lit(False), F.lit(None).cast("string"), None)


def _mapped(performance: Performance, column: Column, kind: str) -> MappedValue:
    if performance.task == "multiclass":
        names: Sequence[object] = performance.classes
        value = _class_of(column, kind, performance)
        unnamed = value == float(len(performance.classes))
    else:
        sides = sides_of(performance, kind)
        names = (*sides.positive, *(sides.negative or ()))
        positive = _one_of(column, kind, sides.positive)
        value = F.when(positive, F.lit(1.0))
        if sides.negative is None:
            value = value.otherwise(F.lit(0.0))
            unnamed = ~positive
        else:
            negative = _one_of(column, kind, sides.negative)
            value = value.when(negative, F.lit(0.0))
            unnamed = ~positive & ~negative
    missing = _is_missing(column, kind, names)
    there = column.isNotNull() & ~missing
    spelling = F.when(there & unnamed, column.cast("string"))
    return MappedValue(
        F.when(there, value),
        F.coalesce(missing, F.lit(False)),
        spelling,
        counted_as(performance, kind),
    )


def _is_missing(column: Column, kind: str, names: Sequence[object]) -> Column:
    """Whether a value that is not null is missing: an empty string or NaN that is not mapped."""
    if is_text(kind):
        blank = F.length(F.btrim(column, F.lit(BLANKS))) == 0
        return blank & ~_one_of(column, kind, names)
    if outer_type(kind) in FLOATING_TYPES:
        return F.isnan(column)
    return F.lit(False)


def _one_of(column: Column, kind: str, values: Sequence[object]) -> Column:
    either = [_equal(column, kind, value) for value in values]
    return reduce(lambda one, other: one | other, either, F.lit(False))


def _class_of(column: Column, kind: str, performance: Performance) -> Column:
    found = F.lit(float(len(performance.classes)))
    for i, value in reversed(list(enumerate(performance.classes))):
        found = F.when(_equal(column, kind, value), F.lit(float(i))).otherwise(found)
    return F.when(column.isNotNull(), found)


def _equal(column: Column, kind: str, value: object) -> Column:
    if isinstance(value, bool):
        text = "true" if value else "false"
        return column.cast("string") == text
    if isinstance(value, (int, float, Decimal)) and is_number(kind):
        typed = typed_sql(kind, value)
        return F.lit(False) if typed is None else column == F.expr(typed)
    return column.cast("string") == str(value)
