"""Guess the positive and negative values of a label and a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelwatch.model.onboarding.table_facts import ColumnFacts, Value
from modelwatch.model.performance.label_sides import can_hold

_POSITIVE_WORDS = frozenset(
    ("yes", "y", "true", "t", "1", "positive", "pos", "fraud", "churn", "churned", "default")
) | {"bad", "late", "failed", "accept", "approved"}


@dataclass(frozen=True)
class GuessedSides:
    """The positive and negative values of labels and decisions."""

    positive: tuple[Value, ...]
    negative: tuple[Value, ...]

    def fit(self, column: ColumnFacts) -> bool:
        """Return whether a column can contain some of the positive values, or of the default
        ones."""
        positives = self.positive or (True, 1)
        return any(can_hold(column.spark_type, value) for value in positives)

    def with_decision(
        self, column: ColumnFacts, positive: Value | None, means: Mapping[Value, float]
    ) -> GuessedSides | None:
        """Return the sides with the values of a decision; None if the positive ones are unknown.

        ``positive`` is that of the label; ``means`` are the mean scores by decision value.
        """
        values = values_of(column)
        known = {typed(value) for value in (*self.positive, *self.negative)}
        # Naming only the values of the decision would remove the defaults of the label.
        if not self.positive or (values and {typed(value) for value in values} <= known):
            return self if self.fit(column) else None
        if len(values) != 2:
            return None
        more = sides_of(values, positive_of(values, means)[0])
        both = GuessedSides(
            _union(self.positive, more.positive), _union(self.negative, more.negative)
        )
        contradicts = set(map(typed, both.positive)) & set(map(typed, both.negative))
        return None if contradicts or not both.fit(column) else both

    @property
    def without_defaults(self) -> GuessedSides:
        """Return no values where the defaults (true and 1, false and 0) are equivalent."""
        ones = all(_is_number(value, 1) for value in self.positive)
        zeros = all(_is_number(value, 0) for value in self.negative)
        return GuessedSides((), ()) if ones and zeros else self


def sides_of(values: Sequence[Value], positive: Value | None) -> GuessedSides:
    """Return the sides of a column with some values; none if no value is positive."""
    if positive is None:
        return GuessedSides((), ())
    negative = tuple(plain_value(v) for v in values if typed(v) != typed(positive))
    return GuessedSides((plain_value(positive),), negative)


def positive_of(values: Sequence[Value], means: Mapping[Value, float]) -> tuple[Value | None, str]:
    """Return the positive one of two values, by its word or the greater mean score, and why."""
    if len(values) != 2:
        return next((v for v in values if _says_yes(v)), None), ""
    for value, other in ((values[0], values[1]), (values[1], values[0])):
        if _says_yes(value) and not _says_yes(other):
            return value, ""
    if all(value in means for value in values):
        value = max(values, key=lambda v: means[v])
        return value, f"{value!r} is positive, because its scores are higher"
    return values[0], "it is not certain which value is positive"


def plain_value(value: Value) -> Value:
    """Return a number without decimals as an integer."""
    whole = isinstance(value, float) and value == int(value)
    return int(value) if whole else value


def typed(value: Value) -> tuple[bool, Value]:
    """Return a value with whether it is a boolean, because 1 equals True."""
    return isinstance(value, bool), value


def word_of(value: Value) -> str:
    """Return a value as the end of a column name."""
    return str(plain_value(value))


def values_of(column: ColumnFacts) -> list[Value]:
    """Return the observed values of a column, or those its type can have, if they are few."""
    seen = [value for value, _ in column.values]
    return seen or ([True, False] if column.plain_type == "boolean" else [])


def _says_yes(value: Value) -> bool:
    return value is True or word_of(value).lower() in _POSITIVE_WORDS


def _is_number(value: Value, number: int) -> bool:
    return not isinstance(value, str) and value == number


def _union(left: tuple[Value, ...], right: tuple[Value, ...]) -> tuple[Value, ...]:
    known = {typed(value) for value in left}
    return left + tuple(value for value in right if typed(value) not in known)
