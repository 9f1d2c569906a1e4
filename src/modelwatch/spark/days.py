"""The day of a row, and the rows of some days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta, timezone
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.model.days import DayRange, day_ranges, joined_ranges
from modelwatch.model.sources import DaySource

DAY = "__day"
"""The day of a row, a date, in every frame of this package."""
MOST_RANGES = 8
"""Ranges of days that a condition names. Spark tests each file of a table against every range: of
days with many gaps, such as weekdays, both numbers grow with the days."""


def named(column: str) -> Column:
    """A column by its own name, whatever characters that has."""
    return F.col("`" + column.replace("`", "``") + "`")


def day_of(source: DaySource, time_zone: str) -> Column:
    """The day of a row in the monitor's time zone; timestamps are read in a session of UTC."""
    if source.column is not None:
        return named(source.column).cast("date")
    assert source.time_column is not None
    return F.to_date(F.from_utc_timestamp(named(source.time_column), time_zone))


def with_day(
    frame: DataFrame, source: DaySource, time_zone: str, days: Collection[date] | None = None
) -> DataFrame:
    """The rows with their day as ``DAY``, of some days only; None for all rows that have a day.

    The condition is on the source's own columns as well, so that files of other days are skipped.
    """
    day = day_of(source, time_zone)
    if days is None:
        return frame.where(day.isNotNull()).withColumn(DAY, day)
    ranges = day_ranges(days)
    if not ranges:
        return frame.where(F.lit(False)).withColumn(DAY, day)
    few = joined_ranges(ranges, MOST_RANGES)
    for condition in _skipping(source, time_zone, few):
        frame = frame.where(condition)
    if len(few) < len(ranges):
        frame = frame.where(day.isin(sorted(set(days))))
    return frame.withColumn(DAY, day)


def among_days(column: Column, days: Collection[date]) -> Column:
    """Whether a column of dates holds one of some days; files of other days are skipped.

    A few ranges where there are more, and the days themselves as a set, in which Spark looks one
    up at the same cost however many there are.
    """
    ranges = day_ranges(days)
    few = joined_ranges(ranges, MOST_RANGES)
    within = reduce(or_, (column.between(r.first, r.last) for r in few), F.lit(False))
    return within if len(few) == len(ranges) else within & column.isin(sorted(set(days)))


def _skipping(source: DaySource, time_zone: str, ranges: Sequence[DayRange]) -> list[Column]:
    if source.column is not None:
        return [_any(named(source.column).between(r.first, r.last) for r in ranges)]
    assert source.time_column is not None
    moment = named(source.time_column)
    conditions = [
        _any(
            (moment >= F.lit(_midnight(r.first, time_zone)))
            & (moment < F.lit(_midnight(r.last + timedelta(days=1), time_zone)))
            for r in ranges
        )
    ]
    if source.partition_column is not None:
        partition, day = named(source.partition_column), timedelta(days=1)
        conditions.append(_any(partition.between(r.first - day, r.last + day) for r in ranges))
    return conditions


def _any(conditions: object) -> Column:
    return reduce(or_, conditions)  # type: ignore[call-overload, no-any-return]


def _midnight(day: date, time_zone: str) -> datetime:
    """When a day begins; where clocks skip midnight, its first moment."""
    local = datetime.combine(day, time(), ZoneInfo(time_zone))
    return local.astimezone(timezone.utc)
