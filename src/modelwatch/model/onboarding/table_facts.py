"""Facts from the schema and some rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from modelwatch.model.config.column_types import outer_type
from modelwatch.model.days import DayRange
from modelwatch.model.sources.tables import TableAddress

Value = bool | int | float | str
"""A column value as written in a configuration."""


@dataclass(frozen=True)
class ColumnFacts:
    """Facts about a column from some rows; None where a statistic does not apply.

    ``second_lowest`` and ``second_highest`` are the next values after ``lowest`` and ``highest``.
    ``values`` are those of a column with few values, with their rows, most frequent first:
    booleans, numbers, or text. ``integral``: every number is an integer. ``spells_days``: text or
    integers in a date format. ``calendar``: the part of the day's date that the column contains,
    such as ``month``. ``counts_up``: integers that rise by about one per row. ``density``: share of
    the integers between the 5 % and 95 % quantile that occur, in steps of their common divisor.
    ``roughness``: how much the rows of neighboring integers differ, from 0 to 2. ``unique_with``:
    dates and timestamps together with which the values are all different, although they are not by
    themselves.
    """

    name: str
    spark_type: str
    nulls: int = 0
    distinct: int = 0
    lowest: float | None = None
    highest: float | None = None
    second_lowest: float | None = None
    second_highest: float | None = None
    values: tuple[tuple[Value, int], ...] = ()
    integral: bool = False
    spells_days: bool = False
    calendar: str | None = None
    counts_up: bool = False
    density: float | None = None
    roughness: float | None = None
    unique_with: tuple[str, ...] = ()

    @property
    def plain_type(self) -> str:
        """Return the type without its parameters."""
        return outer_type(self.spark_type)


@dataclass(frozen=True)
class PartitionDistance:
    """The distance of a date partition from the day of a timestamp, in all rows of a table.

    ``without_time`` of the ``rows`` have no timestamp. Of the others, ``elsewhere`` are in the
    partition of another day or of none, and ``apart`` are more than a day from their partition.
    """

    time: str
    partition: str
    rows: int
    without_time: int = 0
    elsewhere: int = 0
    apart: int = 0

    @property
    def can_be_declared(self) -> bool:
        """Return whether a run that filters on the partition would read all of these rows."""
        return self.rows > self.without_time and self.apart == 0


@dataclass(frozen=True)
class TableFacts:
    """Facts about a table: its columns, partitions, and days, from ``rows`` rows.

    ``unique`` are the columns whose values are all different in these rows. ``days`` are the first
    and last one, None without rows. ``distance`` is None if it was not measured. ``dated_rows`` are
    all rows of the table that have a day, on ``days_with_rows`` different days.
    """

    address: TableAddress
    columns: tuple[ColumnFacts, ...]
    partitions: tuple[str, ...] = ()
    rows: int = 0
    unique: frozenset[str] = frozenset()
    days: DayRange | None = None
    distance: PartitionDistance | None = None
    dated_rows: int = 0
    days_with_rows: int = 0
    rows_by_day: Mapping[date, int] = field(default_factory=dict)

    def column(self, name: str) -> ColumnFacts | None:
        """Return the facts of a column, or None if it does not exist."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class DateLag:
    """Days from the day of a prediction to a date of its row, or of its label.

    ``rows`` have the date. ``same_day`` is the share of them with the date on the day itself,
    ``not_before`` on that day or later. ``known_by`` has, by date of the labels, the share of rows
    with both dates in which it is that date or earlier.
    """

    rows: int
    median: float
    same_day: float
    not_before: float
    known_by: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class JoinedFacts:
    """Facts about predictions joined to their labels by ID.

    ``rows`` are pairs of a prediction and a label. ``lags`` are those of label dates, by column.
    ``dates`` are those of input and prediction dates, by role and column. ``copies`` are input and
    prediction columns, by role, that determine the label one to one. ``means`` has the mean of each
    number of the predictions by label value; ``decided`` has the same by number, prediction
    category, and its values. ``splits`` has the pairs of a number and a category of two values
    that a threshold of the number decides in all rows.
    """

    rows: int = 0
    lags: Mapping[str, DateLag] = field(default_factory=dict)
    dates: Mapping[tuple[str, str], DateLag] = field(default_factory=dict)
    copies: frozenset[tuple[str, str]] = frozenset()
    means: Mapping[str, Mapping[Value, float]] = field(default_factory=dict)
    decided: Mapping[tuple[str, str], Mapping[Value, float]] = field(default_factory=dict)
    splits: frozenset[tuple[str, str]] = frozenset()
