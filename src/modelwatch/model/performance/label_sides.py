"""What the values of a label or decision mean: positive, negative, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from modelwatch.model.config.column_types import TEXTS, is_number, outer_type
from modelwatch.model.performance.labels import Performance

CountedAs = Literal["nothing", "negative", "another class"]
"""What a value counts as that the configuration does not name."""
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
"""Words that come in pairs, in lower case."""


@dataclass(frozen=True)
class Sides:
    """The values of a binary column that mean positive, and those that mean negative.

    ``negative``: None where every value that is not positive is negative. ``rest``: what a value
    that is on neither side counts as; None where no value can be.
    """

    positive: tuple[Any, ...]
    negative: tuple[Any, ...] | None
    rest: CountedAs | None


def sides_of(performance: Performance, spark_type: str) -> Sides:
    """The sides of a binary column of a type.

    Where ``performance.negative`` names no value that the column can hold, a boolean has one
    other side, and so have the number 1 and words that come in pairs, such as yes and no, in the
    same case. Without any of these, all other values are taken as negative.
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
    """What a value of a label or decision counts as that is not named; None where none can be."""
    if performance.task == "regression":
        return None
    if performance.task == "multiclass":
        return "another class"
    return sides_of(performance, spark_type).rest


def is_text(spark_type: str) -> bool:
    """Whether a type is text."""
    return outer_type(spark_type) in TEXTS


def can_hold(spark_type: str, value: object) -> bool:
    """Whether a column of a type can be equal to a value of the configuration."""
    if isinstance(value, bool):
        return outer_type(spark_type) == "boolean"
    if isinstance(value, (int, float, Decimal)):
        return is_number(spark_type)
    return outer_type(spark_type) not in {"boolean"} and not is_number(spark_type)


def _held(values: Sequence[Any], spark_type: str) -> tuple[Any, ...]:
    return tuple(value for value in values if can_hold(spark_type, value))


def _opposites(positive: Sequence[Any], spark_type: str) -> tuple[Any, ...]:
    """The other side of each of some values; none where one of them has no obvious one."""
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
