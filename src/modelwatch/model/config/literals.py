"""Literals of the configuration, which meet data in the type of the column.

A number of a YAML file stays what was written until the type of its column is known. There it
becomes what a value of the column can be equal to: the nearest float of a float column, an exact
integer or decimal elsewhere.
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

from modelwatch.model.config.column_types import FRACTIONS, TEXTS, exact_digits, outer_type
from modelwatch.stats.states.exact_numbers import ExactNumber

_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
DECIMAL_DIGITS = 38
"""Of Spark's widest decimal."""


class WrittenFloat(float):
    """A number of a document with a point or an exponent, with its digits as they were written."""

    exact: Decimal

    def __new__(cls, text: str) -> WrittenFloat:
        """Read the digits of a text."""
        made = super().__new__(cls, text)
        made.exact = Decimal(text)
        return made


def number_of(value: Any) -> Any:
    """A number as it is kept: a float where its shortest digits are those that were written, else
    an integer or a decimal. Anything else as it is."""
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
    """As of ``number_of``, with integers as they are."""
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
"""A number that is compared with values of a column; it keeps all of its digits."""


def exact_of(number: ExactNumber) -> Decimal:
    """A finite number as it was written."""
    return Decimal(repr(float(number))) if isinstance(number, float) else Decimal(number)


def held_by(spark_type: str, value: Any) -> Any:
    """What a column of a type holds where it is equal to a literal; None if it cannot be.

    A float column holds the float nearest to a number, a whole column an integer of its bits, a
    decimal one a number of its digits.
    """
    plain = outer_type(spark_type)
    if isinstance(value, bool):
        return value if plain == "boolean" else None
    if isinstance(value, (int, float, Decimal)):
        return _number_held(plain, spark_type, value)
    if isinstance(value, (date, datetime)):
        return value if plain in {"date", "timestamp", "timestamp_ntz"} else None
    return value if plain in TEXTS else None


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
    """Digits of a decimal type, and how many of them stand behind the point."""
    found = re.search(r"\((\d+)\s*,\s*(-?\d+)\)", spark_type)
    return (int(found[1]), int(found[2])) if found else (10, 0)


def special_value(spark_type: str, value: ExactNumber) -> ExactNumber:
    """A special value as a column holds it; one that it cannot hold as the nearest double."""
    held: ExactNumber | None = held_by(spark_type, value)
    if held is None or exact_digits(spark_type) is None:
        return float(value if held is None else held)
    return float(held) if isinstance(held, int) and abs(held) <= 2**53 else held


def sql_literal(value: Any) -> str:
    """A value in Spark's SQL, in a type of its own: a number with a point is an exact decimal."""
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
    """Digits before and after the point."""
    return max(1, exact.adjusted() + 1), max(0, -int(exact.normalize().as_tuple().exponent))


def typed_sql(spark_type: str, value: Any) -> str | None:
    """A literal in SQL, in the type of the column that it is compared with; None for a number that
    no value of the column can be equal to."""
    plain = outer_type(spark_type)
    if plain in TEXTS:
        return sql_literal(_shown(value) if isinstance(value, bool) else str(value))
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return sql_literal(value)
    held = held_by(spark_type, value)
    if held is None:
        return None
    if plain in FRACTIONS:
        return f"CAST('{value}' AS {plain.upper()})"
    return sql_literal(held)


def sql_in(column: str, spark_type: str, values: Iterable[Any], *, negated: bool = False) -> str:
    """SQL of which a value is true that is equal to one of some literals; ``negated``: to none."""
    typed = (typed_sql(spark_type, value) for value in values)
    listed = ", ".join(one for one in typed if one is not None)
    if not listed:
        return "true" if negated else "false"
    return f"{column} {'NOT IN' if negated else 'IN'} ({listed})"


def bound_sql(spark_type: str, bound: ExactNumber) -> str:
    """A bound in SQL, as values of a numeric column are compared with it.

    A float column holds 0.1 as the float nearest to it, so that the bound is one too; integers and
    decimals are compared exactly.
    """
    plain = outer_type(spark_type)
    return f"CAST('{bound}' AS {plain.upper()})" if plain in FRACTIONS else sql_literal(bound)


def string_literal(text: str) -> str:
    """A text as Spark SQL writes it, whatever it holds."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    # Spark puts values of settings for ${...}, in strings too, before it reads a statement.
    return "'" + escaped.replace("${", "$\\{") + "'"
