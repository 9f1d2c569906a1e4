"""A table as constraints see it: columns by name, conditions, and what does not fit them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from py4j.protocol import Py4JJavaError
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
    IntegralType,
    LongType,
    ShortType,
    StringType,
    TimestampType,
)

from modelwatch.errors import ModelwatchError
from modelwatch.model.config.literals import DECIMAL_DIGITS, digits_of, exact_of, typed_sql
from modelwatch.model.config.section import did_you_mean
from modelwatch.stats.states.exact_numbers import ExactNumber

FLOATING = (DoubleType, FloatType)
NUMERIC = (*FLOATING, DecimalType, ByteType, ShortType, IntegerType, LongType)


_HOLDERS: dict[type[Any], tuple[type[DataType], ...]] = {
    bool: (BooleanType,),
    str: (StringType,),
    date: (DateType, TimestampType),
    datetime: (DateType, TimestampType),
}
"""By Python type of an allowed value, the column types that hold it; numbers apart."""


class Misfit(ModelwatchError):
    """A constraint does not fit its table; ``key`` is the key of the constraint that tells so."""

    def __init__(self, key: str, message: str) -> None:
        """Take the key and the message."""
        self.key = key
        super().__init__(message)


def quoted(name: str) -> str:
    """A column's name in Spark's backticks, whatever characters it holds."""
    return "`" + name.replace("`", "``") + "`"


def first_line(error: BaseException) -> str:
    """The first line of an error that says something."""
    text = getattr(error, "java_exception", None) or error
    lines = (line.strip() for line in str(text).splitlines())
    return next((line for line in lines if line), type(error).__name__)


@dataclass(frozen=True)
class ConstrainedTable:
    """A DataFrame whose columns are taken by name; names are matched as Spark does."""

    frame: DataFrame

    def type_of(self, name: str, key: str = "column") -> DataType:
        """The Spark type of a column; Misfit if there is none of that name or several."""
        fields = self.frame.schema.fields
        found = [f for f in fields if f.name == name]
        found = found or [f for f in fields if f.name.lower() == name.lower()]
        if not found:
            hint = did_you_mean(name, self.frame.columns)
            raise Misfit(key, f"there is no column {name!r}{hint}")
        if len(found) > 1:
            raise Misfit(key, f"there are several columns {name!r}")
        return found[0].dataType

    def value(self, name: str, key: str = "column") -> Column:
        """A column's values, NaN as null: both are missing."""
        of_type = self.type_of(name, key)
        column = F.col(quoted(name))
        if isinstance(of_type, FLOATING):
            return F.when(~F.isnan(column), column)
        return column

    def number(self, name: str, key: str = "column") -> Column:
        """A numeric column's values as doubles; Misfit for another type."""
        self.expect(name, NUMERIC, "a numeric", key)
        return self.value(name, key).cast("double")

    def differences(self, name: str, key: str = "column") -> Column:
        """As of ``number``, for figures of how values differ: integers that doubles do not tell
        apart are infinite, so that such a figure is unknown."""
        number = self.number(name, key)
        if not isinstance(self.type_of(name, key), LongType):
            return number
        exact = self.value(name, key).between(F.lit(-(2**53)), F.lit(2**53))
        return F.when(exact, number).when(~exact, F.lit(float("inf")))

    def expect(
        self, name: str, types: tuple[type[DataType], ...], wanted: str, key: str = "column"
    ) -> DataType:
        """The type of a column; Misfit if it is none of ``types``."""
        of_type = self.type_of(name, key)
        if not isinstance(of_type, types):
            raise Misfit(key, f"needs {wanted} column; {name!r} is {of_type.simpleString()}")
        return of_type

    def condition(self, sql: str, key: str) -> Column:
        """SQL as a boolean column; Misfit if Spark can't parse or resolve it on this table."""
        try:
            column = F.expr(sql)
            self.frame.where(column)
            self.frame.select(column)
        except PySparkException as error:
            raise Misfit(key, first_line(error)) from error
        return column

    def regex(self, pattern: str, key: str) -> str:
        """The pattern itself; Misfit if Java can't compile it."""
        jvm: Any = self.frame.sparkSession._jvm
        try:
            jvm.java.util.regex.Pattern.compile(pattern)
        except (PySparkException, Py4JJavaError) as error:
            raise Misfit(key, f"not a regular expression: {first_line(error)}") from error
        return pattern


def at_least(value: Column, of_type: DataType, bound: ExactNumber) -> Column:
    """Whether values are the bound or more; exact for integers and decimals of any size."""
    literal = _bound(of_type, bound, math.ceil)
    # No number of 38 digits reaches such a bound.
    return value.isNotNull() & F.lit(bound < 0) if literal is None else value >= literal


def at_most(value: Column, of_type: DataType, bound: ExactNumber) -> Column:
    """Whether values are the bound or less; exact for integers and decimals of any size."""
    literal = _bound(of_type, bound, math.floor)
    return value.isNotNull() & F.lit(bound > 0) if literal is None else value <= literal


def _bound(of_type: DataType, bound: ExactNumber, whole: Callable[[Decimal], int]) -> Column | None:
    if isinstance(of_type, FLOATING):
        # A float column holds 0.1 as the float nearest to it, so the literal has to be one too.
        return F.lit(str(bound)).cast(of_type)
    exact = exact_of(bound)
    if isinstance(of_type, IntegralType):
        exact = Decimal(whole(exact))
    return _decimal(exact) if _fits(exact) else None


def among(value: Column, of_type: DataType, values: Iterable[Any]) -> Column:
    """Whether values are in the list, compared in the column's own type.

    Misfit for a value that a column of this type can't hold by kind, such as text in a number.
    """
    literals = []
    for allowed in values:
        if isinstance(of_type, _HOLDERS.get(type(allowed), ())):
            literals.append(F.lit(allowed))
        elif _is_number(allowed) and isinstance(of_type, NUMERIC):
            literals.extend(_number_literals(of_type, allowed))
        else:
            raise Misfit("values", f"{allowed!r} can't be in a column of {of_type.simpleString()}")
    if not literals:
        return F.when(value.isNotNull(), F.lit(False))
    return value.isin(literals)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _number_literals(of_type: DataType, number: ExactNumber) -> list[Column]:
    typed = typed_sql(of_type.simpleString(), number)
    return [] if typed is None else [F.expr(typed)]


def _fits(number: Decimal) -> bool:
    return sum(digits_of(number)) <= DECIMAL_DIGITS


def _decimal(number: Decimal) -> Column:
    before, after = digits_of(number)
    return F.lit(f"{number:f}").cast(DecimalType(before + after, after))
