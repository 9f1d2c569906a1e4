"""The mapping of label and decision values to positive, negative, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from modelwatch.model.config.column_types import STRING_TYPES, is_number, outer_type
from modelwatch.model.performance.labels import Performance

CountedAs = Literal["nothing", "negative", "another class"]
"""How a value that is neither positive nor negative is counted."""
BLANKS = " \t\r\n"
"""Characters of which a text without a value consists."""
_OPPOSITES: Mapping[str, str] = {
    one: other
    for pair in (
        ("true", "false"),
        ("yes", "no"),
        ("y", "n"),
        ("1", "0"),
        ("1.0", "0.0"),
        ("positive", "negative"),
        ("pos", "neg"),
        ("on", "off"),
    )
    for one, other in (pair, pair[::-1])
}
"""Pairs of opposite words, in lowercase."""


@dataclass(frozen=True)
class Sides:
    """The positive and the negative values of a binary column.

    ``negative``: None if every value that is not positive is negative. ``rest``: how any other
    value is counted; None if no other value is possible.
    """

    positive: tuple[Any, ...]
    negative: tuple[Any, ...] | None
    rest: CountedAs | None


def sides_of(performance: Performance, spark_type: str) -> Sides:
    """Return the positive and negative values of a binary column with the given type.

    If ``performance.negative`` contains no value that the column can contain, the negative value is
    the other boolean, 0 for 1, or the opposite word in the same case, such as no for yes. If there
    is no such opposite, all other values are negative.
    """
    positive = _held(performance.positive, spark_type)
    named = _held(performance.negative, spark_type)
    if outer_type(spark_type) == "boolean":
        return Sides(positive, None, None)
    if performance.unmapped == "negative":
        return Sides(positive, None, "negative")
    negative = named or _opposites(positive, spark_type)
    if negative:
        return Sides(positive, negative, "nothing")
    return Sides(positive, None, "negative")


def counted_as(performance: Performance, spark_type: str) -> CountedAs | None:
    """Return how an unmapped value of a label or decision is counted; None if there can be none."""
    if performance.task == "regression":
        return None
    if performance.task == "multiclass":
        return "another class"
    return sides_of(performance, spark_type).rest


def is_text(spark_type: str) -> bool:
    """Return whether a Spark type is a string type."""
    return outer_type(spark_type) in STRING_TYPES


def can_hold(spark_type: str, value: object) -> bool:
    """Return whether a column of a Spark type can contain a value of the configuration."""
    if isinstance(value, bool):
        return outer_type(spark_type) == "boolean"
    if isinstance(value, (int, float, Decimal)):
        return is_number(spark_type)
    return outer_type(spark_type) not in {"boolean"} and not is_number(spark_type)


def _held(values: Sequence[Any], spark_type: str) -> tuple[Any, ...]:
    return tuple(value for value in values if can_hold(spark_type, value))


def _opposites(positive: Sequence[Any], spark_type: str) -> tuple[Any, ...]:
    """Return the opposite of each value; empty if any value has no known opposite."""
    of_value = _opposite_number if is_number(spark_type) else _opposite_word
    found = [of_value(value) for value in positive]
    return () if None in found else tuple(dict.fromkeys(found))


def _opposite_number(value: Any) -> int | None:
    return 1 - int(value) if value in (0, 1) else None


def _opposite_word(value: Any) -> str | None:
    text = str(value)
    other = _OPPOSITES.get(text.lower())
    if other is None or text == text.lower():
        return other
    if text == text.upper():
        return other.upper()
    return other.capitalize() if text == text.capitalize() else None
