"""The account of values of labels and decisions: their number, and the unmapped ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from modelwatch.stats.states.categorical import example_of

VALUES = "values"
"""Kind of the states with value counts of a label or decision; their name is its subject."""
VALUE_COUNTS = ("valued", "missing", "nothing", "negative", "another class")
"""Positions of their counts: rows with a value; rows with an empty text or NaN; rows with a value
that the configuration does not list, which counts as nothing, as negative, as another class."""
SPELLING = "spelling:"
"""Prefix of the kind of states that count one such value; a subject follows, and the value is their
name."""
SPELLING_COUNTS = VALUE_COUNTS[2:]
"""Positions of their counts: rows, by what the value counts as."""
LABEL_SUBJECT, DECISION_SUBJECT = "label", "decision"
MOST_SPELLINGS = 100
"""Values of a subject and day that are counted individually: the first ones in sort order, each
exactly."""
_CHALLENGER = "challenger:"


def challenger_subject(name: str) -> str:
    """The subject of a challenger's decisions."""
    return f"{_CHALLENGER}{name}"


def bounded_spellings(rows: Mapping[str, int]) -> dict[str, int]:
    """Rows of the first values in sorted order, at most ``MOST_SPELLINGS``.

    A value among the first of a union is among the first of each part that contains it, so its
    count is exact regardless of how rows are distributed to tasks.
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
