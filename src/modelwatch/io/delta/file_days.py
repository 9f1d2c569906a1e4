"""The days of a table's files, from its log."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.io.delta.log import with_stats
from modelwatch.model.sources.tables import DaySource
from modelwatch.spark.casts import try_cast
from modelwatch.spark.days import date_literal, in_calendar, local_date, nearest_in_calendar
from modelwatch.spark.sources.rows import day_of_text

MAX_SPAN = 31
"""Range of days of a file above which the file itself is read."""


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
    # Each pair says when it applies; the first that does is taken.
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
