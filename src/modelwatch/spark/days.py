"""The day of a row, and the rows of given days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.errors import present
from modelwatch.model.config.column_types import outer_type
from modelwatch.model.days import DayRange, begins_twice, day_ranges, joined_ranges, shifted
from modelwatch.model.profile.features import find_column
from modelwatch.model.sources.tables import DaySource
from modelwatch.spark.local_frames import frame_of
from modelwatch.stats.day_numbers import day_number

EIGHT_DIGITS = "^[0-9]{8}$"
"""Pattern of a string or integer that contains a day: yyyymmdd."""
DAY = "__day"
"""The day of a row, a date, in every frame of this package."""
MOST_RANGES = 8
"""Maximum number of ranges of days in a condition. Spark tests each file of a table against every
range, and for days with many gaps, such as weekdays, both numbers grow with the days."""
_DAY_SECONDS = 86_400
_MOST_REPEATED_SECONDS = _DAY_SECONDS
"""Maximum time that a change of clocks repeats: a day, where the date line moves."""


def named(column: str) -> Column:
    """A column by its exact name, whatever characters it contains."""
    return F.col("`" + column.replace("`", "``") + "`")


def date_literal(day: date) -> Column:
    """A day as a literal column. Java cannot parse the years before 1000 as PySpark writes them."""
    return F.lit(day) if day.year >= 1000 else F.lit(day.isoformat()).cast("date")


def type_of(frame: DataFrame, column: str) -> str:
    """The simple Spark type of a column, whose name may differ in case."""
    schema = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
    return schema[find_column(schema, column) or column]


def local_date(column: Column, spark_type: str, time_zone: str) -> Column:
    """The date of a date, a timestamp, or a timestamp without zone; null for null.

    A timestamp has its date in ``time_zone``; one without zone has its own date, whatever the zone
    of the session. Spark's dates exceed Python's years: see ``in_calendar`` and
    ``nearest_in_calendar``.
    """
    kind = outer_type(spark_type)
    if kind == "date":
        return column
    if kind == "timestamp_ntz":
        return column.cast("date")
    # The conversion overflows at the ends of Spark's range.
    least, greatest = _wall_clock(day_number(date.min) - 9), _wall_clock(day_number(date.max) + 9)
    held = F.when(column < least, least).when(column > greatest, greatest).otherwise(column)
    # A cast to a date would use the zone of the session.
    seconds = F.unix_seconds(F.from_utc_timestamp(held, time_zone))
    return F.date_from_unix_date(F.floor(seconds / F.lit(_DAY_SECONDS)).cast("int"))


def moment_of(column: Column, spark_type: str, time_zone: str) -> Column:
    """The moment of a timestamp. Timestamps without zone and dates are times in ``time_zone``."""
    if outer_type(spark_type) == "timestamp":
        return column
    local = column.cast("timestamp_ntz")
    # Converted to the session's zone by a cast, and back by the rules of the same zone.
    return F.convert_timezone(F.lit(time_zone), F.current_timezone(), local).cast("timestamp")


def in_calendar(day: Column) -> Column:
    """A date in the years 1 to 9999, which Python supports; null for any other date."""
    return F.when(day.between(date_literal(date.min), date_literal(date.max)), day)


def nearest_in_calendar(day: Column) -> Column:
    """A date, or the closest one in the years 1 to 9999; null for null."""
    first, last = date_literal(date.min), date_literal(date.max)
    return F.when(day < first, first).when(day > last, last).otherwise(day)


def day_of(frame: DataFrame, source: DaySource, time_zone: str) -> Column:
    """The day of a row in the time zone of the monitor; null if the calendar has no such day."""
    name = str(source.column or source.time_column)
    return in_calendar(local_date(named(name), type_of(frame, name), time_zone))


def with_day(
    frame: DataFrame, source: DaySource, time_zone: str, days: Collection[date] | None = None
) -> DataFrame:
    """The rows with their day as ``DAY``, on the given days only; None for all rows that have a
    day.

    The condition also applies to the columns of the source, so that files of other days are
    skipped.
    """
    day = day_of(frame, source, time_zone)
    if days is None:
        return frame.where(day.isNotNull()).withColumn(DAY, day)
    ranges = day_ranges(days)
    if not ranges:
        return frame.where(F.lit(False)).withColumn(DAY, day)
    few = joined_ranges(ranges, MOST_RANGES)
    zoned = source.time_column is not None and type_of(frame, source.time_column) == "timestamp"
    for condition in _skipping(source, zoned, time_zone, few):
        frame = frame.where(condition)
    if len(few) < len(ranges) or (zoned and any(_repeats(r, time_zone) for r in few)):
        frame = frame.where(day.isin([date_literal(one) for one in sorted(set(days))]))
    return frame.withColumn(DAY, day)


def among_days(column: Column, days: Collection[date]) -> Column:
    """Whether a column of dates has one of some days. Files of other days are skipped.

    Many days become a few ranges for skipping files, and a set for the exact test, in which a
    lookup costs the same for any number of days.
    """
    ranges = day_ranges(days)
    few = joined_ranges(ranges, MOST_RANGES)
    within = reduce(or_, (_between(column, r) for r in few), F.lit(False))
    if len(few) == len(ranges):
        return within
    return within & column.isin([date_literal(day) for day in sorted(set(days))])


def _skipping(
    source: DaySource, zoned: bool, time_zone: str, ranges: Sequence[DayRange]
) -> list[Column]:
    """Conditions that rows of some days satisfy, and that let Spark skip files of other days.

    ``zoned``: the time is a timestamp with a zone.
    """
    if source.column is not None:
        return [_any(_between(named(source.column), r) for r in ranges)]
    moment = named(present(source.time_column, "time_column"))
    ends = [_moments(r, time_zone) if zoned else _own_times(r) for r in ranges]
    conditions = [_any((moment >= first) & (moment < until) for first, until in ends)]
    if source.partition_column is not None:
        partition = named(source.partition_column)
        near = (DayRange(shifted(r.first, -1), shifted(r.last, 1)) for r in ranges)
        conditions.append(_any(_between(partition, r) for r in near))
    return conditions


def _any(conditions: object) -> Column:
    return reduce(or_, conditions)  # type: ignore[call-overload, no-any-return]


def _between(column: Column, days: DayRange) -> Column:
    return column.between(date_literal(days.first), date_literal(days.last))


def _moments(days: DayRange, time_zone: str) -> tuple[Column, Column]:
    """The first moment of some days, and the first one after all of them.

    Computed by Spark, which also determines the day of a row, because its time zone rules may be
    older than Python's.
    """
    first = F.to_utc_timestamp(_wall_clock(day_number(days.first)), time_zone)
    repeated = _MOST_REPEATED_SECONDS if _repeats(days, time_zone) else 0
    until = F.to_utc_timestamp(_wall_clock(day_number(days.last) + 1, repeated), time_zone)
    return first, until


def day_starts(session: SparkSession, days: Sequence[int], time_zone: str) -> list[int]:
    """The moments at which days begin in a time zone, in microseconds; no Spark job.

    ``days``: numbers since 1970. Computed by Spark for the reason given in ``_moments``.
    """
    rows = frame_of(session, [(day,) for day in days], "day bigint")
    local = F.timestamp_micros(F.col("day") * F.lit(_DAY_SECONDS * 1_000_000))
    moments = rows.select(F.unix_micros(F.to_utc_timestamp(local, time_zone)).alias("moment"))
    return [int(row["moment"]) for row in moments.collect()]


def _repeats(days: DayRange, time_zone: str) -> bool:
    """Whether hours of two days alternate, because clocks are set back across midnight."""
    after = shifted(days.last, 1)
    return begins_twice(days.first, time_zone) or begins_twice(after, time_zone)


def _wall_clock(day: int, seconds: int = 0) -> Column:
    """A time of a day, counted from 1970 as if the wall clock showed UTC."""
    return F.timestamp_micros(F.lit((day * _DAY_SECONDS + seconds) * 1_000_000))


def _own_times(days: DayRange) -> tuple[Column, Column]:
    """The first time without zone of some days, and the first one after them."""
    after = "+10000-01-01" if days.last == date.max else str(shifted(days.last, 1))
    return F.lit(str(days.first)).cast("timestamp_ntz"), F.lit(after).cast("timestamp_ntz")
