"""The files and days of a table, from its log: as a frame of Spark, or read from a local disk."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.io.delta.log import DeltaLog, with_stats
from modelwatch.io.delta.snapshot import DataFile, LogUnreadable, local_log, local_snapshot
from modelwatch.model.sources.tables import DaySource
from modelwatch.spark.casts import try_cast
from modelwatch.spark.days import date_literal, in_calendar, local_date, nearest_in_calendar
from modelwatch.spark.sources.rows import day_of_text

MAX_SPAN = 31
"""Range of days of a file above which the file itself is read."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class DayFiles:
    """Files whose rows lie between two days: their number, bytes, and rows (None if unknown)."""

    first: date
    last: date
    files: int
    bytes: int
    rows: int | None


@dataclass(frozen=True)
class DayVolume:
    """Files, bytes, and rows of some days; rows None if the table does not know them."""

    files: int
    bytes: int
    rows: int | None


def days_between(first: date, last: date) -> list[date]:
    """All days from one to another, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def file_days(files: DataFrame, day: DaySource, spark_type: str, time_zone: str) -> DataFrame:
    """``add``, ``first``, ``last``, ``asked``, and ``rows``, one row per file.

    ``first`` and ``last`` bound the days of the rows; both null if no row has a day. ``asked`` is
    the path of a file whose days are not in the log, otherwise null. ``rows``: those that are not
    deleted, null if unknown. ``day`` has the names that the log uses, and ``spark_type`` is the
    type of the column of the day.
    """
    name = str(day.column or day.time_column)
    logged = with_stats(files, name)
    value, least, greatest = (
        logged_date(F.col(end), day, spark_type, time_zone)
        for end in ("value", "least", "greatest")
    )
    beyond = (least > date_literal(date.max)) | (greatest < date_literal(date.min))
    value, least, greatest = map(in_calendar, (value, least, greatest))
    narrow = F.datediff(greatest, least) <= MAX_SPAN
    # The first pair whose condition applies is used.
    bounds = [
        (F.col("partitioned") & value.isNotNull(), value, value),
        (narrow, least, greatest),
    ]
    if day.partition_column is not None:
        partition = day_of_text(F.col("add.partitionValues")[F.lit(day.partition_column)])
        before = nearest_in_calendar(F.date_sub(partition, 1))
        after = nearest_in_calendar(F.date_add(partition, 1))
        bounds.append((partition.isNotNull(), before, after))
    without_day = (
        (F.col("partitioned") & value.isNull())
        | (F.col("nulls") == F.col("stated_rows"))
        | _sure(beyond)
    )
    applies = [~_sure(without_day) & _sure(condition) for condition, _, _ in bounds]
    known = _sure(without_day)
    first = last = F.lit(None).cast("date")
    for condition, low, high in reversed(
        [(applied, low, high) for applied, (_, low, high) in zip(applies, bounds, strict=True)]
    ):
        known = known | condition
        first = F.when(condition, low).otherwise(first)
        last = F.when(condition, high).otherwise(last)
    deleted = F.coalesce("add.deletionVector.cardinality", F.lit(0))
    return logged.select(
        "add",
        first.alias("first"),
        last.alias("last"),
        F.when(~known, F.col("add.path")).alias("asked"),
        (F.col("stated_rows") - deleted).alias("rows"),
    )


def logged_date(text: Column, day: DaySource, spark_type: str, time_zone: str) -> Column:
    """The date of a value of the day column, as written in the log."""
    if day.column is not None:
        return day_of_text(text)
    return local_date(try_cast(text, spark_type), spark_type, time_zone)


def _sure(condition: Column) -> Column:
    return F.coalesce(condition, F.lit(False))


def local_days(log: DeltaLog, version: int, day: DaySource) -> tuple[DayFiles, ...] | None:
    """The files of a version by their days, as in ``Source.inventory``.

    None if only Spark can determine them: the day is not a date column, a file contains many days
    or has no statistics, or the log is not on a local disk or has an unsupported format.
    """
    folder = local_log(log.location)
    if folder is None or day.column is None:
        return None
    try:
        snapshot = local_snapshot(folder, version)
    except LogUnreadable:
        return None
    names = {name.lower(): name for name in snapshot.columns}
    name = names.get(day.column.lower(), "")
    if not name or snapshot.columns[name]["type"] != "date":
        return None
    groups: dict[tuple[date, date], list[DataFile]] = defaultdict(list)
    for file in snapshot.files:
        span = _span(file, name)
        if span is None:
            return None
        groups[span].append(file)
    return tuple(_day_files(*span, files) for span, files in groups.items())


def _span(file: DataFile, name: str) -> tuple[date, date] | None:
    if name in file.partition:
        least = greatest = file.partition[name]
    else:
        least, greatest = file.least.get(name), file.greatest.get(name)
    texts = (least, greatest)
    if not all(isinstance(text, str) and _DAY.fullmatch(text) for text in texts):
        return None
    try:
        first, last = (date.fromisoformat(str(text)) for text in texts)
    except ValueError:
        return None
    return (first, last) if (last - first).days <= MAX_SPAN else None


def _day_files(first: date, last: date, files: list[DataFile]) -> DayFiles:
    rows = [file.rows for file in files]
    return DayFiles(
        first,
        last,
        len(files),
        sum(file.size for file in files),
        None if None in rows else sum(row for row in rows if row is not None),
    )
