"""Predictions joined with their labels: positions of the columns of a pass over both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from modelwatch.model.performance.label_sides import CountedAs
from modelwatch.stats.day_numbers import day_number

NEVER = date(9999, 12, 31)
"""Due day of labels that are never due."""
NEVER_NUMBER = day_number(NEVER)


@dataclass(frozen=True)
class ValuePlace:
    """Positions of the columns of a batch that describe the values of a label or decision.

    ``subject``: ``LABEL_SUBJECT``, ``DECISION_SUBJECT`` or a challenger's. ``counted_as``: what
    unmapped values count as. ``spellings``: unmapped values as strings; ``valued`` and ``missing``:
    how many labels have a value, and how many are empty strings or NaN (ints).
    """

    subject: str
    counted_as: CountedAs
    spellings: int
    valued: int
    missing: int


@dataclass(frozen=True)
class LabelledLayout:
    """Positions of the columns of a batch of labeled rows.

    The first columns are, in order: day, due day (dates), version (string), whether there is a
    prediction (boolean), decision (double, null for none), label (double: 0 and 1, the index of the
    class, or the number; null for none), age of the label in days (int), label rows, whether labels
    were corrected, whether they contradict each other (ints), labels of an unknown class (long),
    the last known day and the next one (dates).

    ``features``: the inputs of the loss regressor; ``expected``: the losses that it predicts, in
    scales. ``due_by_row``: whether a column determines when labels are due. ``value_places``:
    positions for subjects that may have unmapped values.
    """

    scores: tuple[int, ...]
    interval: tuple[int, ...]
    values: tuple[int, ...]
    challengers: tuple[tuple[int, int], ...]
    segments: tuple[tuple[int, ...], ...]
    slices: tuple[int, ...]
    day: int = 0
    due: int = 1
    version: int = 2
    scored: int = 3
    decision: int = 4
    label: int = 5
    age: int = 6
    rows: int = 7
    corrected: int = 8
    conflicting: int = 9
    unknown_classes: int = 10
    last_known: int = 11
    next_known: int = 12
    features: tuple[int, ...] = ()
    expected: tuple[int, ...] = ()
    due_by_row: bool = False
    value_places: tuple[ValuePlace, ...] = ()
