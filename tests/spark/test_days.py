"""Rows of some days: those and no others, whatever gaps there are between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.model.sources import DaySource
from modelwatch.pipelines.history import of_days
from modelwatch.spark.days import DAY, MOST_RANGES, among_days, with_day

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(120)]
EVERY_SECOND = DAYS[::2]
WEEKDAYS = [day for day in DAYS if day.weekday() < 5]
NEW_YORK = "America/New_York"


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    """A row an hour of 120 days, with its moment in UTC and its day there, and one without any."""
    hours = spark.range(24 * len(DAYS)).select(
        F.expr(f"timestamp'{FIRST} 00:00:00' + make_interval(0, 0, 0, 0, id)").alias("at")
    )
    held = hours.withColumn("day", F.to_date("at"))
    return held.unionByName(spark.sql("SELECT CAST(NULL AS timestamp) at, CAST(NULL AS date) day"))


def days_in(frame: DataFrame, column: str = DAY) -> list[date]:
    return sorted(row[column] for row in frame.select(column).distinct().collect())


@pytest.mark.parametrize("days", [[], DAYS[3:9], DAYS[:9:2], WEEKDAYS, EVERY_SECOND])
def test_rows_of_days_with_gaps_are_those_of_these_days(
    rows: DataFrame, days: Sequence[date]
) -> None:
    assert days_in(with_day(rows, DaySource(column="day"), "UTC", days)) == list(days)
    assert days_in(of_days(rows, days), "day") == list(days)


def test_moments_of_days_with_gaps_are_those_of_these_days_where_the_monitor_is(
    rows: DataFrame,
) -> None:
    found = with_day(rows, DaySource(time_column="at"), NEW_YORK, EVERY_SECOND)
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=timezone.utc)
    moments = (start + timedelta(hours=n) for n in range(24 * len(DAYS)))
    local = Counter(moment.astimezone(ZoneInfo(NEW_YORK)).date() for moment in moments)
    hours = {row[DAY]: row["count"] for row in found.groupBy(DAY).count().collect()}
    assert hours == {day: local[day] for day in EVERY_SECOND}


@pytest.mark.parametrize("count", [60, 600, 6000])
def test_a_condition_names_no_more_ranges_however_many_gaps_there_are(
    spark: SparkSession, count: int
) -> None:
    every_second = [FIRST + timedelta(days=2 * n) for n in range(count)]
    # The set of days is one lookup; each range is two comparisons for each file of the table.
    assert str(among_days(F.col("day"), every_second)).count(">=") == MOST_RANGES
