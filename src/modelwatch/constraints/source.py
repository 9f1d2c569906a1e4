"""A table for constraints: columns by name, conditions, and errors for what does not fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    TimestampType,
)

from modelwatch.errors import ModelwatchError
from modelwatch.model.config.literals import DECIMAL_DIGITS, exact_of, typed_sql
from modelwatch.model.config.section import did_you_mean
from modelwatch.query_failures import QUERY_FAILURES
from modelwatch.stats.states.exact_numbers import ExactNumber

FLOATING = (DoubleType, FloatType)
NUMERIC = (*FLOATING, DecimalType, ByteType, ShortType, IntegerType, LongType)
_BITS: dict[type[DataType], int] = {ByteType: 8, ShortType: 16, IntegerType: 32, LongType: 64}


_HOLDERS: dict[type[Any], tuple[type[DataType], ...]] = {
    bool: (BooleanType,),
    str: (StringType,),
    date: (DateType, TimestampType),
    datetime: (DateType, TimestampType),
}
"""Column types by the Python type of an allowed value, except for numbers."""


class ColumnMismatch(ModelwatchError):
    """A constraint that does not fit its table; ``key`` is the key of the constraint that shows
    it."""

    def __init__(self, key: str, message: str) -> None:
        """Take the key and the message."""
        self.key = key
        super().__init__(message)


def quoted(name: str) -> str:
    """Return a column name in Spark's backticks, whatever its characters."""
    return "`" + name.replace("`", "``") + "`"


def first_line(error: BaseException) -> str:
    """Return the first informative line of an error."""
    text = getattr(error, "java_exception", None) or error
    lines = (line.strip() for line in str(text).splitlines())
    return next((line for line in lines if line), type(error).__name__)


@dataclass(frozen=True)
class ConstrainedTable:
    """A DataFrame with columns by name; names are matched as Spark does."""

    frame: DataFrame

    def type_of(self, name: str, key: str = "column") -> DataType:
        """Return the Spark type of a column; raise ColumnMismatch if it is missing or ambiguous."""
        fields = self.frame.schema.fields
        found = [f for f in fields if f.name == name]
        found = found or [f for f in fields if f.name.lower() == name.lower()]
        if not found:
            hint = did_you_mean(name, self.frame.columns)
            raise ColumnMismatch(key, f"there is no column {name!r}{hint}")
        if len(found) > 1:
            raise ColumnMismatch(key, f"there are several columns {name!r}")
        return found[0].dataType

    def value(self, name: str, key: str = "column") -> Column:
        """Return the values of a column with NaN as null: both are missing."""
        of_type = self.type_of(name, key)
        column = F.col(quoted(name))
        if isinstance(of_type, FLOATING):
            return F.when(~F.isnan(column), column)
        return column

    def number(self, name: str, key: str = "column") -> Column:
        """Return a numeric column as doubles; raise ColumnMismatch for another type."""
        self.expect(name, NUMERIC, "a numeric", key)
        return self.value(name, key).cast("double")

    def differences(self, name: str, key: str = "column") -> Column:
        """Return ``number`` for metrics of variation: integers beyond the precision of doubles
        become infinite, so that such a metric is unknown."""
        number = self.number(name, key)
        if not isinstance(self.type_of(name, key), LongType):
            return number
        exact = self.value(name, key).between(F.lit(-(2**53)), F.lit(2**53))
        return F.when(exact, number).when(~exact, F.lit(float("inf")))

    def expect(
        self, name: str, types: tuple[type[DataType], ...], wanted: str, key: str = "column"
    ) -> DataType:
        """Return the type of a column; raise ColumnMismatch if it is not one of ``types``."""
        of_type = self.type_of(name, key)
        if not isinstance(of_type, types):
            raise ColumnMismatch(
                key, f"needs {wanted} column; {name!r} is {of_type.simpleString()}"
            )
        return of_type

    def condition(self, sql: str, key: str) -> Column:
        """Return SQL as a boolean column; raise ColumnMismatch if Spark cannot parse or resolve it
        on this table."""
        try:
            column = F.expr(sql)
            # Spark Connect analyzes an expression only when its type is requested.
            for analyzed in (self.frame.where(column), self.frame.select(column)):
                _ = analyzed.schema
        except PySparkException as error:
            raise ColumnMismatch(key, first_line(error)) from error
        return column

    def regex(self, pattern: str, key: str) -> str:
        """Return the pattern; raise ColumnMismatch if Java cannot compile it."""
        try:
            # The row is a literal of the query, which Spark evaluates without a job.
            one_row = self.frame.sparkSession.sql("SELECT * FROM VALUES (1)")
            one_row.select(F.lit("").rlike(pattern)).collect()
        except QUERY_FAILURES as error:
            raise ColumnMismatch(key, f"not a regular expression: {first_line(error)}") from error
        return pattern


def at_least(value: Column, of_type: DataType, bound: ExactNumber) -> Column:
    """Return whether values are the bound or more; exact for integers and decimals of any size."""
    if isinstance(of_type, FLOATING):
        return value >= _floating(of_type, bound)
    units, largest, smallest, scale = _units(of_type, bound, math.ceil)
    if units > largest or units <= smallest:
        return _constant(value, units <= smallest)
    return value >= _exact(of_type, units, scale)


def at_most(value: Column, of_type: DataType, bound: ExactNumber) -> Column:
    """Return whether values are the bound or less; exact for integers and decimals of any size."""
    if isinstance(of_type, FLOATING):
        return value <= _floating(of_type, bound)
    units, largest, smallest, scale = _units(of_type, bound, math.floor)
    if units >= largest or units < smallest:
        return _constant(value, units >= largest)
    return value <= _exact(of_type, units, scale)


def _constant(value: Column, holds: bool) -> Column:
    """Return the result that holds for every value of the type, or for none."""
    return F.when(value.isNotNull(), F.lit(holds))


def _floating(of_type: DataType, bound: ExactNumber) -> Column:
    # A float column stores 0.1 as the nearest float, so the literal must be a float as well.
    return F.lit(str(bound)).cast(of_type)


def _units(
    of_type: DataType, bound: ExactNumber, whole: Callable[[Fraction], int]
) -> tuple[int, int, int, int]:
    """Return a bound in units of a type's last digit, the largest and smallest value, and the
    scale.

    The literal then has the column's own type, and no comparison needs a wider one.
    """
    if isinstance(of_type, DecimalType):
        largest, scale = 10**of_type.precision - 1, of_type.scale
        smallest = -largest
    else:
        bits = _BITS[type(of_type)]
        largest, smallest, scale = 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), 0
    exact = exact_of(bound)
    if exact and exact.adjusted() > DECIMAL_DIGITS:
        return (largest + 1 if exact > 0 else smallest - 1), largest, smallest, scale
    return whole(Fraction(exact) * 10**scale), largest, smallest, scale


def _exact(of_type: DataType, units: int, scale: int) -> Column:
    digits = str(abs(units)).rjust(scale + 1, "0")
    text = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
    return F.lit(f"-{text}" if units < 0 else text).cast(of_type)


def among(value: Column, of_type: DataType, values: Iterable[Any]) -> Column:
    """Return whether values are in the list, compared in the column's own type.

    Raises ColumnMismatch for a value that a column of this type cannot have, such as a string in a
    numeric column.
    """
    literals = []
    for allowed in values:
        if isinstance(of_type, _HOLDERS.get(type(allowed), ())):
            literals.append(F.lit(allowed))
        elif _is_number(allowed) and isinstance(of_type, NUMERIC):
            literals.extend(_number_literals(of_type, allowed))
        else:
            raise ColumnMismatch(
                "values", f"{allowed!r} can't be in a column of {of_type.simpleString()}"
            )
    if not literals:
        return F.when(value.isNotNull(), F.lit(False))
    return value.isin(literals)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _number_literals(of_type: DataType, number: ExactNumber) -> list[Column]:
    typed = typed_sql(of_type.simpleString(), number)
    return [] if typed is None else [F.expr(typed)]
