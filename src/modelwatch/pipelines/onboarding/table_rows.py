"""The queries that a first configuration needs from a table, for rows in Spark or in this
process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from modelwatch.model.config.column_types import TIMESTAMP_TYPES
from modelwatch.model.onboarding.day_guess import DayGuess
from modelwatch.model.onboarding.table_facts import (
    ColumnFacts,
    PartitionDistance,
    TableFacts,
    Value,
)
from modelwatch.model.sources.tables import DaySource, TableAddress

SampleFacts = tuple[int, tuple[ColumnFacts, ...], frozenset[str]]
"""The number of rows, what each column shows, and the columns whose values are all different."""


@dataclass(frozen=True)
class RequestedMetric:
    """A metric of a column on each day: the share of nulls or of ``value``, the mean, or the
    standard deviation of the numbers that are finite."""

    key: str
    column: str
    what: Literal["nulls", "share", "mean", "sd"]
    value: Value | None = None


class TableRows(Protocol):
    """The rows of a table. Days are those of a guess, in a time zone."""

    @property
    def address(self) -> TableAddress:
        """Where the table is."""

    @property
    def columns(self) -> tuple[ColumnFacts, ...]:
        """Its columns with their types alone."""

    @property
    def partitions(self) -> tuple[str, ...]:
        """The columns that it is partitioned by."""

    def distance(self, time: str, partition: str, time_zone: str) -> PartitionDistance:
        """How far a partition of dates lies from a timestamp, on all rows."""

    def first_facts(self, count: int) -> tuple[ColumnFacts, ...]:
        """What some rows of any days show of each column."""

    def rows_by_day(self, day: DayGuess, time_zone: str) -> dict[date, int]:
        """The number of rows of each day."""

    def sample_facts(
        self, day: DayGuess, time_zone: str, days: Sequence[date], held: int, wanted: int
    ) -> SampleFacts:
        """What about ``wanted`` of the ``held`` rows of some days show, drawn from all of them."""

    def metrics_by_day(
        self, day: DayGuess, time_zone: str, days: Sequence[date], asked: Sequence[RequestedMetric]
    ) -> Mapping[str, Mapping[date, float]]:
        """By key, metrics of some days."""

    def arrivals(
        self, label: str, day: str, known: str | None, time_zone: str
    ) -> Sequence[tuple[date, int, int]]:
        """Of labels: day of the prediction, days until it was known (0 where ``known`` is None),
        and their number."""


@dataclass(frozen=True)
class TableSide:
    """A table that is joined to others: in which role, by which columns, on which day if at all."""

    role: str
    rows: TableRows
    facts: TableFacts
    id: tuple[str, ...]
    day: DayGuess | None = None


def day_source(day: DayGuess) -> DaySource:
    """The day of a configuration as it was guessed."""
    return DaySource(
        column=None if day.time else day.column,
        time_column=day.column if day.time else None,
        partition_column=day.partition,
    )


def is_date(column: ColumnFacts) -> bool:
    """Whether a column holds dates, in any form."""
    return column.plain_type in TIMESTAMP_TYPES | {"date"} or column.spells_days
