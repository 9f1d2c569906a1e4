"""A month of a model and the reference before it, as rows of a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

REFERENCE = (date(2020, 12, 21), date(2021, 1, 31))
"""Six whole weeks."""
CURRENT = (date(2021, 2, 1), date(2021, 2, 28))
"""Four whole weeks, from a Monday to a Sunday, that are a month of the calendar too."""
LABEL_DELAY = 3
"""Days until a label is due; it comes on that day."""
EPOCH = date(1970, 1, 1)

Change = Callable[[pd.DataFrame], pd.DataFrame]


def number_of(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


@dataclass(frozen=True)
class Table:
    """What the columns of the rows are.

    ``features`` are inputs, ``predictions`` of the other role: by name, whether numeric.
    ``special``: codes that are no quantities. ``max_values``: of categorical columns, else 100.
    ``segmentations``: columns by which rows are split, with how many values at most.
    """

    features: dict[str, bool]
    predictions: dict[str, bool]
    special: dict[str, tuple[float, ...]]
    max_values: dict[str, int]
    segmentations: dict[str, int]

    @property
    def columns(self) -> dict[str, bool]:
        """All that is profiled."""
        return {**self.features, **self.predictions}


@dataclass(frozen=True)
class World:
    """Rows of the reference and of the month, and the day on which they are looked at.

    Beside the columns of the table the rows have ``day``, ``due`` and ``known`` (numbers of days;
    ``known`` is when the label comes), ``late`` (the label, NaN for one that never comes),
    ``copies`` (how often the row was delivered), ``version``.
    """

    name: str
    table: Table
    rows: pd.DataFrame
    as_of: int

    def changed_from(self, day: int, change: Change) -> World:
        """The world in which the rows from a day on are changed."""
        after = (self.rows["day"] >= day).to_numpy()
        changed = change(self.rows[after].copy())
        rows = pd.concat([self.rows[~after], changed], ignore_index=True)
        return replace(self, rows=rows)

    def seen_on(self, day: int) -> World:
        """The world as it was known on a day: its rows before, and the labels that had come."""
        rows = self.rows[self.rows["day"] < day].copy()
        rows.loc[rows["known"] > day, "late"] = np.nan
        return replace(self, rows=rows, as_of=day)


def days_of(period: tuple[date, date]) -> np.ndarray:
    """Numbers of the days of a period, both ends in it."""
    return np.arange(number_of(period[0]), number_of(period[1]) + 1)


AS_OF = number_of(CURRENT[1]) + 1 + LABEL_DELAY
"""When all labels of the month are due."""
