"""Names of Spark's types, as far as they determine how values are treated."""

from __future__ import annotations

import re

INTEGER_TYPES = frozenset({"tinyint", "smallint", "int", "bigint"})
FLOATING_TYPES = frozenset({"float", "double"})
NUMERIC_TYPES = INTEGER_TYPES | FLOATING_TYPES | {"decimal"}
STRING_TYPES = frozenset({"string", "varchar", "char"})
TIMESTAMP_TYPES = frozenset({"timestamp", "timestamp_ntz"})
_DIGITS_OF_DOUBLES = 15


def outer_type(spark_type: str) -> str:
    """A type without its parameters: ``decimal`` for ``decimal(10,2)``."""
    return re.split(r"[(<]", spark_type.strip().lower(), maxsplit=1)[0].strip()


def is_number(spark_type: str) -> bool:
    """Whether a type is numeric; dates and booleans are not."""
    return outer_type(spark_type) in NUMERIC_TYPES


def exact_digits(spark_type: str) -> int | None:
    """Decimal places of a type whose values may not fit a double; None for others.

    Each decimal of up to 15 digits has a nearest double of its own.
    """
    plain = outer_type(spark_type)
    if plain == "bigint" or plain in TIMESTAMP_TYPES:
        return 0
    digits = re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", spark_type.strip().lower())
    if digits is None or int(digits[1]) <= _DIGITS_OF_DOUBLES:
        return None
    return int(digits[2])
