"""Numbers of result rows: null in place of numbers that are not finite, with a reason."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DoubleType, StructField, StructType

from modelwatch.stats.arrays import LARGEST_DOUBLE

NOT_FINITE = "the value is not finite"


def finite(column: Column, field: StructField) -> Column:
    """The column with null for NaN and infinities, in doubles and in arrays of structs.

    A double that must not be null becomes the largest double instead. Arrays of doubles do not
    change: they contain the edges of bins, which are infinite by definition.
    """
    kind = field.dataType
    if isinstance(kind, DoubleType):
        if not field.nullable:
            return F.least(F.greatest(column, F.lit(-LARGEST_DOUBLE)), F.lit(LARGEST_DOUBLE))
        return F.when(_is_finite(column), column)
    if isinstance(kind, ArrayType) and isinstance(kind.elementType, StructType):
        inner = kind.elementType
        if any(isinstance(one.dataType, DoubleType) for one in inner.fields):
            return F.transform(column, lambda one: _finite_fields(one, inner))
    return column


def reason_of(reason: Column, value: Column) -> Column:
    """The reason of a value: the given one, or ``NOT_FINITE`` if the value is not finite."""
    return F.coalesce(reason, F.when(value.isNotNull() & ~_is_finite(value), F.lit(NOT_FINITE)))


def _is_finite(column: Column) -> Column:
    # In Spark, NaN is greater than any other number.
    return (column >= F.lit(-LARGEST_DOUBLE)) & (column <= F.lit(LARGEST_DOUBLE))


def _finite_fields(of: Column, kind: StructType) -> Column:
    fields = [finite(of[field.name], field).alias(field.name) for field in kind.fields]
    return F.when(of.isNotNull(), F.struct(*fields))
