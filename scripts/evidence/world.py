"""A world: the rows of a model's reference and of the days after it, as a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

LABEL_DELAY = 3
"""Days until a label is due; it arrives on that day."""
EPOCH = date(1970, 1, 1)
FIRST_CURRENT = date(2021, 2, 1)
"""First day of every evaluated month: a Monday, and the first of a calendar month of 28 days,
so that the month contains four complete weeks."""

Change = Callable[[pd.DataFrame], pd.DataFrame]


def number_of(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The day of a number."""
    return EPOCH + timedelta(days=int(number))


START = number_of(FIRST_CURRENT)


@dataclass(frozen=True)
class Table:
    """Columns of the rows: inputs in their order, and the columns of segmentations.

    ``has_labels``: whether labels are monitored.
    """

    features: tuple[str, ...]
    segments: tuple[str, ...] = ()
    has_labels: bool = True


@dataclass(frozen=True)
class Period:
    """Days of the reference and of the evaluated time, as numbers; both ends are inclusive.

    A table has rows from ``first`` on.
    """

    first: int
    reference: tuple[int, int]
    current: tuple[int, int]

    @property
    def as_of(self) -> int:
        """The day on which all labels are due."""
        return self.current[1] + 1 + LABEL_DELAY


@dataclass(frozen=True)
class World:
    """Rows of the reference and of the days after it, and the day as of which they are evaluated.

    In addition to the columns of the table, rows have ``probability``, ``decision``, ``day``,
    ``known`` (the day on which the label arrives), ``late`` (the label, NaN if it never arrives),
    ``copies`` (how often the row was delivered), and ``weight`` (number of equal rows).
    Rows are in ascending order of days.
    """

    name: str
    table: Table
    rows: pd.DataFrame
    period: Period
    as_of: int

    def changed_from(self, day: int, change: Change, until: int | None = None) -> World:
        """The world with changed rows between two days."""
        days = self.rows["day"].to_numpy()
        first = int(np.searchsorted(days, day))
        last = len(days) if until is None else int(np.searchsorted(days, until, side="right"))
        changed = change(self.rows.iloc[first:last].copy())
        parts = [self.rows.iloc[:first], changed, self.rows.iloc[last:]]
        return replace(self, rows=pd.concat(parts, ignore_index=True))

    def seen_on(self, day: int) -> World:
        """The world as known on a day: the rows before it, and the labels that had arrived."""
        rows = self.rows[self.rows["day"] < day].copy()
        rows.loc[rows["known"] > day, "late"] = np.nan
        return replace(self, rows=rows, as_of=day)

    @property
    def current_days(self) -> np.ndarray:
        """Days of the evaluated time that have rows."""
        days = np.unique(self.rows["day"].to_numpy())
        return days[days >= self.period.current[0]]


def world_of(name: str, table: Table, rows: pd.DataFrame, period: Period) -> World:
    """A world of rows with a day and a label, in which labels arrive when they are due."""
    rows = rows.sort_values("day", kind="stable", ignore_index=True)
    weight = rows.get("weight", 1)
    known = rows["day"] + LABEL_DELAY
    rows = rows.assign(known=known, copies=1, weight=weight)
    return World(name, table, rows, period, period.as_of)


def month_after(reference_days: int, first: int | None = None) -> Period:
    """Four weeks after a reference of the given number of days."""
    begin = START - reference_days
    return Period(begin if first is None else first, (begin, START - 1), (START, START + 27))
