"""What the schema and some rows of a table show."""

from __future__ import annotations

from dataclasses import dataclass

from modelwatch.model.column_types import outer_type
from modelwatch.model.days import DayRange
from modelwatch.model.sources import TableAddress


@dataclass(frozen=True)
class ColumnFacts:
    """What some rows show of a column; figures are None where they don't apply.

    ``distinct`` is an estimate. ``second_lowest`` and ``second_highest`` are the next values after
    ``lowest`` and ``highest``.
    """

    name: str
    spark_type: str
    nulls: int = 0
    distinct: int = 0
    lowest: float | None = None
    highest: float | None = None
    second_lowest: float | None = None
    second_highest: float | None = None

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
        """Whether a run that is told the partition would have missed no row of these."""
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
