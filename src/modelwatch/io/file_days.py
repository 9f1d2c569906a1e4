"""The days that a table's files hold, as its log tells."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from modelwatch.io.delta_log import with_stats
from modelwatch.model.sources import DaySource
from modelwatch.spark.source_rows import day_of_text

MAX_SPAN = 31
"""Days from the least to the greatest of a file beyond which the file itself is asked."""


def file_days(files: DataFrame, day: DaySource, time_zone: str) -> DataFrame:
    """``add``, ``first``, ``last``, ``asked`` and ``rows`` of some files, one a row.

    ``first`` and ``last`` bound the days of the rows; both null if no row has one. ``asked`` is the
    path of a file of which the log does not tell, null otherwise. ``rows`` are those not deleted,
    null if not told. ``day`` bears the names that the log uses.
    """
    name = str(day.column or day.time_column)
    told = with_stats(files, name)
    value = _as_day(F.col("value"), day, time_zone)
    least, greatest = (_as_day(F.col(end), day, time_zone) for end in ("least", "greatest"))
    narrow = F.datediff(greatest, least) <= MAX_SPAN
    # Each pair says when it applies; the first that does is taken.
    bounds = [
        (F.col("partitioned") & value.isNotNull(), value, value),
        (narrow, least, greatest),
    ]
    if day.partition_column is not None:
        partition = day_of_text(F.col("add.partitionValues")[F.lit(day.partition_column)])
        bounds.append((partition.isNotNull(), F.date_sub(partition, 1), F.date_add(partition, 1)))
    without_day = (F.col("partitioned") & F.col("value").isNull()) | (
        F.col("nulls") == F.col("stated_rows")
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
    return told.select(
        "add",
        first.alias("first"),
        last.alias("last"),
        F.when(~known, F.col("add.path")).alias("asked"),
        (F.col("stated_rows") - deleted).alias("rows"),
    )


def _as_day(text: Column, day: DaySource, time_zone: str) -> Column:
    if day.column is not None:
        return day_of_text(text)
    return F.to_date(F.from_utc_timestamp(text.cast("timestamp"), time_zone))


def _sure(condition: Column) -> Column:
    return F.coalesce(condition, F.lit(False))
