"""What the schema and some rows of a table show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from modelwatch.model.config.column_types import outer_type
from modelwatch.model.days import DayRange
from modelwatch.model.sources.tables import TableAddress

Value = bool | int | float | str
"""A value of a column as it is written in a configuration."""


@dataclass(frozen=True)
class ColumnFacts:
    """What some rows show of a column; figures are None where they don't apply.

    ``second_lowest`` and ``second_highest`` are the next values after ``lowest`` and ``highest``.
    ``values``: those of a column with few of them, with their rows, most frequent first; truth
    values, numbers or text. ``integral``: every number is an integer. ``spells_days``: text or
    integers that spell days. ``calendar``: the part of the day's date that the column is, such as
    ``month``. ``counts_up``: integers that rise by about one per row. ``density``: share of the
    integers between the 5 % and 95 % quantile that occur, in steps of their common divisor.
    ``roughness``: how much the rows of neighboring integers differ, from 0 to 2.
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

    @property
    def plain_type(self) -> str:
        """The type without its parameters."""
        return outer_type(self.spark_type)


@dataclass(frozen=True)
class PartitionDistance:
    """How far a partition of dates lies from the day of a timestamp, in all rows of a table.

    ``without_time`` of the ``rows`` have no timestamp. Of the others, ``elsewhere`` are in the
    partition of another day or of none, and ``apart`` in none within a day of theirs.
    """

    time: str
    partition: str
    rows: int
    without_time: int = 0
    elsewhere: int = 0
    apart: int = 0

    @property
    def can_be_declared(self) -> bool:
        """Whether a run that filters on the partition would read all of these rows."""
        return self.rows > self.without_time and self.apart == 0


@dataclass(frozen=True)
class TableFacts:
    """What is known of a table: its columns, how it is partitioned, its days, ``rows`` looked at.

    ``unique`` are the columns whose values are all different in these rows. ``days`` are those
    from the first to the last, None without rows. ``distance`` is None if it was not measured.
    ``dated_rows``: all rows of the table that have a day, on ``days_with_rows`` different days.
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
        """What is known of a column; None if there is none of that name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class DateLag:
    """Days from the day of a prediction to a date of its row, or of its label.

    ``rows`` have the date. ``same_day``: share of them in which it is the day itself;
    ``not_before``: that day or later. ``known_by``: by date of the labels, the share of the rows
    with both in which it is that date or earlier.
    """

    rows: int
    median: float
    same_day: float
    not_before: float
    known_by: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class JoinedFacts:
    """What predictions show that were joined to their labels by id.

    ``rows``: pairs of a prediction and a label. ``lags``: of dates of the labels, by column.
    ``dates``: of dates of inputs and predictions, by role and column. ``copies``: columns of inputs
    and predictions, by role, that tell the label one to one. ``means``: by number of the
    predictions and value of the label, the mean of the number; ``decided``: the same by number, and
    by category of the predictions and its values.
    """

    rows: int = 0
    lags: Mapping[str, DateLag] = field(default_factory=dict)
    dates: Mapping[tuple[str, str], DateLag] = field(default_factory=dict)
    copies: frozenset[tuple[str, str]] = frozenset()
    means: Mapping[str, Mapping[Value, float]] = field(default_factory=dict)
    decided: Mapping[tuple[str, str], Mapping[Value, float]] = field(default_factory=dict)
