"""Guess the day column, and whether the partition agrees with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.model.config.column_types import INTEGER_TYPES, STRING_TYPES, TIMESTAMP_TYPES
from modelwatch.model.errors import Problem, SourceError
from modelwatch.model.onboarding.column_names import plain_name
from modelwatch.model.onboarding.table_facts import ColumnFacts, PartitionDistance, TableFacts

_DAY = re.compile(r"(^|_)(day|date|dt|ds)$")
_TIME = re.compile(r"(^|_)(ts|time|timestamp|at|datetime)$")
_EVENT = re.compile(
    r"^((event|occurred|observ(ed|ation)|request(ed)?|predict(ed|ion)|scor(ed|ing)|inference)_?)?"
    r"(day|date|dt|ds|at|ts|time|timestamp|datetime)$"
)
_WRITTEN = re.compile(
    r"(^|_)(load(ed)?|ingest(ed|ion)?|insert(ed)?|process(ed|ing)?|snapshot|etl|arriv(al|ed)"
    r"|export(ed)?|import(ed)?|extract(ed)?|batch|sync(ed)?|updated?|modified|written)"
    r"(_|$|day|date|time)"
)
_CALENDAR = re.compile(r"^(y|yyyy|year|m|mm|month|d|dd|h|hh|hour|week|yyyymm|yyyymmdd)$")
_WHOLE_DAY = re.compile(r"^yyyymmdd$")
_MONTH = re.compile(r"^(m|mm|month)$")
_UNITS = {"seconds": 1, "millis": 1_000, "micros": 1_000_000}
_FIRST_SECOND, _LAST_SECOND = 946_684_800, 4_102_444_800
"""The years 2000 and 2100."""
_SPELLING = frozenset({"string", "int", "bigint"})


@dataclass(frozen=True)
class DayGuess:
    """The day column; ``time`` says whether it is a timestamp.

    ``partition`` is a date column found to lie within a day of it in all rows.
    """

    column: str
    time: bool
    partition: str | None = None


def guess_day(table: TableFacts, like: str | None = None) -> DayGuess:
    """Guess the day column from names, types, and the measured distance.

    ``like`` is a preferred name. Raises SourceError if no column qualifies.
    """
    dates, times = _dates(table), _times(table)
    if like in dates:
        return DayGuess(like, time=False)
    if like in times:
        return _by_time(table, like)
    partition = date_partition(table)
    if partition is not None:
        return _better_than(partition, table) or DayGuess(partition, time=False)
    named_dates, named_times = _matching(_DAY, dates), _matching(_TIME, times)
    for candidates in (
        _matching(_EVENT, dates),
        _matching(_EVENT, times),
        _not_of_writing(named_dates),
        _not_of_writing(named_times),
        _not_of_writing(times),
        named_dates,
        times,
        dates,
    ):
        if candidates:
            return DayGuess(candidates[0], time=candidates[0] in times)
    spelled = spelled_partition(table) or spelled_column(table)
    if spelled is not None:
        return DayGuess(spelled, time=False)
    message = "has no date or timestamp column for the day of a row"
    if calendar := calendar_partitions(table):
        listed = ", ".join(f"{column.name} ({column.spark_type})" for column in calendar)
        message += f"; add a date column that is made from its partition by {listed}"
    elif counter := counted_time(table):
        name, unit = counter
        message += f"; {name} counts {unit} since 1970: add a column timestamp_{unit}({name})"
    raise SourceError((Problem("", None, message),), str(table.address))


def date_partition(table: TableFacts) -> str | None:
    """Return the date partition of the event, not of the time of writing."""
    names = [name for name in _dates(table) if name in table.partitions]
    return next(iter(_not_of_writing(names) + names), None)


def calendar_partitions(table: TableFacts) -> tuple[ColumnFacts, ...]:
    """Return the partitions that are not dates but, by their names, contain dates or parts of
    them."""
    return tuple(
        column
        for column in table.columns
        if column.name in table.partitions
        and column.plain_type in INTEGER_TYPES | STRING_TYPES
        and any(_matching(pattern, [column.name]) for pattern in (_DAY, _WRITTEN, _CALENDAR))
    )


def spelled_partition(table: TableFacts) -> str | None:
    """Return the partition of text or integers named like a day; None next to one of months."""
    calendar = calendar_partitions(table)
    if any(_MONTH.search(plain_name(column.name)) for column in calendar):
        return None
    whole = [c.name for c in calendar if c.plain_type in _SPELLING]
    found = _matching(_DAY, whole) + _matching(_WHOLE_DAY, whole)
    return found[0] if len(found) == 1 else None


def spelled_column(table: TableFacts) -> str | None:
    """Return the string or integer column with days of the form yyyymmdd or yyyy-mm-dd."""
    names = [c.name for c in table.columns if c.spells_days and c.plain_type in _SPELLING]
    ordered = _matching(_EVENT, names) + _not_of_writing(_matching(_DAY, names)) + names
    return next(iter(ordered), None)


def counted_time(table: TableFacts) -> tuple[str, str] | None:
    """Return a column of integers that count time since 1970, and the unit that the function of
    Spark for them is named after: ``seconds``, ``millis``, or ``micros``."""
    for column in table.columns:
        low, high = column.lowest, column.highest
        if column.plain_type not in INTEGER_TYPES or low is None or high is None:
            continue
        for unit, size in _UNITS.items():
            if _FIRST_SECOND * size <= low and high <= _LAST_SECOND * size:
                return column.name, unit
    return None


def compared_time(table: TableFacts, like: str | None = None) -> str | None:
    """Return the timestamp to compare with the partition: ``like``, or a possible event time."""
    times = _times(table)
    preferred = [name for name in times if name == like] + _matching(_EVENT, times)
    return next(iter(preferred + _not_of_writing(_matching(_TIME, times))), None)


def is_of_writing(name: str) -> bool:
    """Return whether the name is that of the time of writing rather than of the event."""
    return _WRITTEN.search(plain_name(name)) is not None


def _better_than(partition: str, table: TableFacts) -> DayGuess | None:
    """Return an event column if the partition is by the time of writing."""
    time = compared_time(table)
    if is_of_writing(partition) and (dates := _matching(_EVENT, _dates(table))):
        return DayGuess(dates[0], time=False)
    if time is None:
        return None
    seen = _distance(table, time)
    certain = bool(_matching(_EVENT, [time]))
    if is_of_writing(partition):
        # A timestamp of unknown meaning, such as a date of birth, must agree with the partition.
        better = certain or (seen is not None and seen.can_be_declared)
    else:
        better = certain and seen is not None and seen.elsewhere > 0
    # Rows without the timestamp would have no day at all.
    complete = seen is None or seen.without_time == 0
    return _by_time(table, time) if better and complete else None


def _by_time(table: TableFacts, time: str) -> DayGuess:
    # Rows in a partition farther away would be missed, so it is declared only if there are none.
    seen = _distance(table, time)
    declared = seen is not None and seen.can_be_declared
    return DayGuess(time, True, seen.partition if seen is not None and declared else None)


def _distance(table: TableFacts, time: str) -> PartitionDistance | None:
    seen = table.distance
    return seen if seen is not None and seen.time == time else None


def _dates(table: TableFacts) -> list[str]:
    return [column.name for column in table.columns if column.plain_type == "date"]


def _times(table: TableFacts) -> list[str]:
    return [column.name for column in table.columns if column.plain_type in TIMESTAMP_TYPES]


def _matching(pattern: re.Pattern[str], names: Sequence[str]) -> list[str]:
    return [name for name in names if pattern.search(plain_name(name))]


def _not_of_writing(names: Sequence[str]) -> list[str]:
    return [name for name in names if not is_of_writing(name)]
