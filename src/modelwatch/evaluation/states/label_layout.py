"""Predictions joined with their labels, in the positions of a pass over both."""

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
    """Where a batch tells of the values of a label or decision: positions of its columns.

    ``subject``: ``LABEL_SUBJECT``, ``DECISION_SUBJECT`` or a challenger's. ``counted_as``: what
    values count as that the configuration does not name. ``spellings``: their texts (strings);
    ``valued`` and ``missing``: how many have a value, and how many are empty texts or NaN (ints).
    """

    subject: str
    counted_as: CountedAs
    spellings: int
    valued: int
    missing: int


@dataclass(frozen=True)
class LabelledLayout:
    """Where a batch of labeled rows carries what: positions of its columns.

    Before them stand, in order: day, due day (dates), version (string), whether there is a
    prediction (boolean), decision (double, null for none), label (double: 0 and 1, the index of
    the class, or the number; null for none), age of the label in days (int), label rows, whether
    labels were corrected, whether they contradict each other (ints), labels of an unknown class
    (long), the last known day and the next one (dates). ``features``: what a regressor of the loss
    takes; ``expected``: the losses that it says, in scales. ``due_by_row``: whether a column
    says when labels are due. ``value_places``: where values may be ones that the configuration does
    not
    name.
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
