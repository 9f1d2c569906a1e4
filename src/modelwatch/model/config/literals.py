"""Literals of the configuration, in the type of the column that they are compared with.

A number in a YAML file keeps its digits until the type of its column is known. It is then converted
to the nearest float for a float column, and to an exact integer or decimal otherwise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from modelwatch.model.config.column_types import (
    FLOATING_TYPES,
    STRING_TYPES,
    exact_digits,
    outer_type,
)
from modelwatch.stats.states.exact_numbers import ExactNumber

_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
DECIMAL_DIGITS = 38
"""Digits of Spark's widest decimal."""


class WrittenFloat(float):
    """A number with a decimal point or an exponent, with its digits as written."""

    exact: Decimal

    def __new__(cls, text: str) -> WrittenFloat:
        """Parse the digits of a string."""
        made = super().__new__(cls, text)
        made.exact = Decimal(text)
        return made


def number_of(value: Any) -> Any:
    """A number as it is kept: a float if its shortest digits are the written ones, otherwise an
    integer or a decimal. Other values are unchanged."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if isinstance(value, int):
        small = abs(value) <= 2**53
        return float(value) if small else value
    if not math.isfinite(value):
        return float(value)
    exact = value.exact if isinstance(value, WrittenFloat) else Decimal(repr(value))
    return float(value) if Decimal(repr(float(value))) == exact else exact


def scalar_of(value: Any) -> Any:
    """As ``number_of``, with integers unchanged."""
    return value if isinstance(value, int) else number_of(value)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"must be a number, not {_shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"must be a finite number, not {value}")
    return number_of(value)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, tuple, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value)


Number = Annotated[int | float | Decimal, BeforeValidator(_number)]
"""A number that is compared with values of a column, with all of its digits."""


def exact_of(number: ExactNumber) -> Decimal:
    """A finite number as it was written."""
    return Decimal(repr(float(number))) if isinstance(number, float) else Decimal(number)


def held_by(spark_type: str, value: Any) -> Any:
    """The value of a column's type that equals a literal; None if there is none.

    A float column contains the nearest float, an integer column an integer within its range, and a
    decimal column a number with its digits.
    """
    plain = outer_type(spark_type)
    if isinstance(value, bool):
        return value if plain == "boolean" else None
    if isinstance(value, (int, float, Decimal)):
        return _number_held(plain, spark_type, value)
    if isinstance(value, (date, datetime)):
        return value if plain in {"date", "timestamp", "timestamp_ntz"} else None
    return value if plain in STRING_TYPES else None


def _number_held(plain: str, spark_type: str, value: ExactNumber) -> ExactNumber | None:
    if plain == "float":
        with np.errstate(over="ignore"):
            return float(np.float32(value if isinstance(value, float) else str(value)))
    if plain == "double":
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    exact = exact_of(value)
    if plain in _BITS or plain in {"date", "timestamp", "timestamp_ntz"}:
        bound = 2 ** (_BITS.get(plain, 64) - 1)
        whole = exact == exact.to_integral_value() and -bound <= exact < bound
        return int(exact) if whole else None
    if plain != "decimal":
        return None
    precision, scale = decimal_digits(spark_type)
    units = Fraction(exact) * 10**scale
    fits = units.denominator == 1 and abs(units) < 10**precision
    return exact if fits else None


def decimal_digits(spark_type: str) -> tuple[int, int]:
    """Digits of a decimal type, and the number of its decimal places."""
    found = re.search(r"\((\d+)\s*,\s*(-?\d+)\)", spark_type)
    return (int(found[1]), int(found[2])) if found else (10, 0)


def special_value(spark_type: str, value: ExactNumber) -> ExactNumber:
    """A special value in the type of a column; the nearest double if the column cannot contain
    it."""
    held: ExactNumber | None = held_by(spark_type, value)
    if held is None or exact_digits(spark_type) is None:
        return float(value if held is None else held)
    return float(held) if isinstance(held, int) and abs(held) <= 2**53 else held


def sql_literal(value: Any) -> str:
    """A value in Spark SQL in its own type: a number with a decimal point is an exact decimal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, float) and not math.isfinite(value):
        return f"CAST('{value}' AS DOUBLE)"
    if isinstance(value, (int, float, Decimal)):
        return _number_sql(exact_of(value))
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _number_sql(exact: Decimal) -> str:
    before, after = digits_of(exact)
    if before + after > DECIMAL_DIGITS:
        return f"CAST('{exact}' AS DOUBLE)"
    if not after and -(2**63) <= exact < 2**63:
        return f"{int(exact)}"
    return f"CAST('{exact:f}' AS DECIMAL({before + after},{after}))"


def digits_of(exact: Decimal) -> tuple[int, int]:
    """Digits before and after the decimal point."""
    return max(1, exact.adjusted() + 1), max(0, -int(exact.normalize().as_tuple().exponent))


def typed_sql(spark_type: str, value: Any) -> str | None:
    """A literal in SQL, in the type of the column that it is compared with; None for a number that
    no value of the column can equal."""
    plain = outer_type(spark_type)
    if plain in STRING_TYPES:
        return sql_literal(_shown(value) if isinstance(value, bool) else str(value))
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return sql_literal(value)
    held = held_by(spark_type, value)
    if held is None:
        return None
    if plain in FLOATING_TYPES:
        return f"CAST('{value}' AS {plain.upper()})"
    return sql_literal(held)


def sql_in(column: str, spark_type: str, values: Iterable[Any], *, negated: bool = False) -> str:
    """SQL that is true for values that equal one of the literals; with ``negated``, for all
    others."""
    typed = (typed_sql(spark_type, value) for value in values)
    listed = ", ".join(one for one in typed if one is not None)
    if not listed:
        return "true" if negated else "false"
    return f"{column} {'NOT IN' if negated else 'IN'} ({listed})"


def bound_sql(spark_type: str, bound: ExactNumber) -> str:
    """A bound in SQL for comparison with values of a numeric column.

    A float column contains the float nearest to 0.1, so the bound is rounded in the same way.
    Integers and decimals are compared exactly.
    """
    plain = outer_type(spark_type)
    return f"CAST('{bound}' AS {plain.upper()})" if plain in FLOATING_TYPES else sql_literal(bound)


def string_literal(text: str) -> str:
    """Any string as a literal of Spark SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    # Spark substitutes ${...} by settings, even in strings, before it parses a statement.
    return "'" + escaped.replace("${", "$\\{") + "'"


def string_literals(texts: Iterable[str]) -> str:
    """Texts as literals of Spark SQL, with commas between them."""
    return ", ".join(string_literal(text) for text in texts)
