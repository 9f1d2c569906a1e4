"""The account of values of labels and decisions: how many, and which of them nobody named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelwatch.stats.states.categorical import example_of

VALUES = "values"
"""Kind of the states that count the values of a label or decision; their name is its subject."""
VALUE_COUNTS = ("valued", "missing", "nothing", "negative", "another class")
"""Positions of their counts: rows with a value; rows with an empty text or NaN; rows with a value
that the configuration does not name, which counts as nothing, as negative, as another class."""
SPELLING = "spelling:"
"""Begins the kind of the states that count one such value; a subject follows, and the value is
their name."""
SPELLING_COUNTS = VALUE_COUNTS[2:]
"""Positions of their counts: rows, by what the value counts as."""
LABEL_SUBJECT, DECISION_SUBJECT = "label", "decision"
MOST_SPELLINGS = 100
"""Values of a subject and day that are counted one by one: those that sort first, each exactly."""
_CHALLENGER = "challenger:"


def challenger_subject(name: str) -> str:
    """The subject of a challenger's decisions."""
    return f"{_CHALLENGER}{name}"


def bounded_spellings(rows: Mapping[str, int]) -> dict[str, int]:
    """Rows of the values that sort first, at most ``MOST_SPELLINGS``, in their order.

    A value among the first of a union is among the first of each part that holds it, so that its
    count is exact however the rows are dealt to tasks.
    """
    return {value: rows[value] for value in sorted(rows)[:MOST_SPELLINGS]}


class Spellings:
    """Rows by value, of one subject and day; bounded as rows are added."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}

    def add(self, values: Iterable[tuple[str, int]]) -> None:
        """Adds values with their rows."""
        for value, rows in values:
            name = example_of(value)
            self._rows[name] = self._rows.get(name, 0) + rows
        if len(self._rows) > 16 * MOST_SPELLINGS:
            self._rows = bounded_spellings(self._rows)

    def rows(self) -> dict[str, int]:
        """Rows of the values that are kept."""
        return bounded_spellings(self._rows)
