"""Rows of some days: those and no others, whatever gaps there are between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.capabilities import sql_settings
from modelwatch.model.sources.tables import DaySource
from modelwatch.pipelines.runs.history import of_days
from modelwatch.spark.days import DAY, MOST_RANGES, among_days, day_of, moment_of, with_day

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(120)]
EVERY_SECOND = DAYS[::2]
WEEKDAYS = [day for day in DAYS if day.weekday() < 5]
NEW_YORK = "America/New_York"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


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


ZONES = ("UTC", NEW_YORK, "Asia/Tokyo")
BY_TIME = DaySource(time_column="at")


@pytest.fixture(params=ZONES)
def session_zone(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[str]:
    """The zone of the session, which no day may depend on."""
    with sql_settings(spark, {"spark.sql.session.timeZone": request.param}):
        yield request.param


def moments(spark: SparkSession, *wording: datetime) -> DataFrame:
    """Rows with a timestamp, and the date that Python's calendar has for it."""
    rows = [((m - EPOCH) // timedelta(microseconds=1), m.date()) for m in wording]
    frame = spark.createDataFrame(rows, "micros bigint, day date")
    return frame.select(F.timestamp_micros("micros").alias("at"), "day")


def wall_clock(spark: SparkSession, *wording: str) -> DataFrame:
    """Rows with a time without zone."""
    return spark.createDataFrame([(at,) for at in wording], "at string").select(
        F.col("at").cast("timestamp_ntz").alias("at"), F.col("at").alias("wording")
    )


def test_a_time_without_zone_has_its_own_date_as_its_day(
    spark: SparkSession, session_zone: str
) -> None:
    # Hours that New York's clocks skip (March 8) and repeat (November 1), and both ends of days.
    wording = [
        f"2026-03-{day:02} {time}" for day in range(1, 15) for time in ("00:00:00", "23:59:59")
    ]
    wording += ["2026-03-08 02:30:00", "2026-11-01 01:30:00", "1883-11-18 12:00:00"]
    wording += ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"]
    found = with_day(wall_clock(spark, *wording), BY_TIME, NEW_YORK).collect()
    assert [str(row[DAY]) for row in found] == [at[:10] for at in wording]


@pytest.mark.parametrize("last", ["2026-03-14", "9999-12-31"])
def test_rows_of_some_days_are_those_whose_own_date_is_one_of_them(
    spark: SparkSession, session_zone: str, last: str
) -> None:
    wording = ["2026-02-28 23:59:59.999999", "2026-03-01 00:00:00", f"{last} 23:59:59.999999"]
    days = [date(2026, 3, 1), date.fromisoformat(last)]
    found = with_day(wall_clock(spark, *wording), BY_TIME, NEW_YORK, days).collect()
    assert [row["wording"] for row in found] == wording[1:]


AROUND_CHANGES = {
    # The clocks of Saint John's went back from 0:01 to 23:01, those of Havana go back from 1:00 to
    # 0:00. Apia had no December 30. New York kept the time of its sun until 1883.
    "America/St_Johns": date(2006, 10, 29),
    "America/Havana": date(2026, 11, 1),
    "Pacific/Apia": date(2011, 12, 30),
    NEW_YORK: date(1883, 11, 18),
    "Asia/Tokyo": date(2026, 3, 8),
}


@pytest.mark.parametrize("zone", sorted(AROUND_CHANGES))
def test_a_moment_has_the_date_that_the_calendar_of_the_monitors_zone_has(
    spark: SparkSession, session_zone: str, zone: str
) -> None:
    change = AROUND_CHANGES[zone]
    start = datetime(change.year, change.month, change.day, tzinfo=timezone.utc)
    wording = [
        (start + timedelta(minutes=20 * n)).astimezone(ZoneInfo(zone)) for n in range(-72, 3 * 72)
    ]
    frame = moments(spark, *wording)
    days = sorted({at.date() for at in wording})
    every = with_day(frame, BY_TIME, zone).selectExpr(DAY, "day", "0 AS asked")
    for day in days:
        asked = with_day(frame, BY_TIME, zone, [day])
        every = every.union(asked.select(DAY, "day", F.lit(days.index(day) + 1)))
    found = Counter((row[DAY], row["day"], row["asked"]) for row in every.collect())
    held = Counter(at.date() for at in wording)
    assert found == {
        (day, day, asked): held[day] for i, day in enumerate(days) for asked in (0, i + 1)
    }


def test_times_before_1900_have_days_and_those_of_no_calendar_year_have_none(
    spark: SparkSession, session_zone: str
) -> None:
    texts = ["-290000-01-01", "0000-12-30", "0001-01-03", "1582-10-10", "1899-12-30", "9999-12-29"]
    texts += ["+10000-01-02", "+294000-01-01"]
    frame = spark.createDataFrame([(text,) for text in texts], "text string")
    expected = [None, None, *map(date.fromisoformat, texts[2:6]), None, None]
    for kind in ("date", "timestamp", "timestamp_ntz"):
        of_kind = frame.select(F.concat("text", F.lit("T12:00:00Z")).alias("text"))
        at = (
            F.col("text").cast("timestamp")
            if kind == "timestamp"
            else F.substring_index("text", "T", 1).cast(kind)
        )
        source = DaySource(column="at") if kind == "date" else BY_TIME
        rows = of_kind.select(at.alias("at"))
        days = rows.select(day_of(rows, source, NEW_YORK).alias("day")).collect()
        assert [row["day"] for row in days] == expected


@pytest.mark.parametrize("micros", [-(2**63), 2**63 - 1])
def test_the_ends_of_what_spark_can_hold_belong_to_no_day(spark: SparkSession, micros: int) -> None:
    rows = spark.range(1).select(F.timestamp_micros(F.lit(micros)).alias("at"))
    assert rows.where("at IS NOT NULL").count() == 1
    for zone in ZONES:
        assert with_day(rows, BY_TIME, zone).count() == 0


def test_the_first_and_last_days_of_the_calendar_can_be_asked_for(
    spark: SparkSession, session_zone: str
) -> None:
    rows = wall_clock(spark, "0001-01-01 12:00:00", "9999-12-31 12:00:00").select(
        "wording",
        "at",
        F.to_date("wording").alias("day"),
        F.concat("wording", F.lit("Z")).cast("timestamp").alias("moment"),
    )
    days = [date.min, date.max]
    for column in ("at", "moment"):
        source = DaySource(time_column=column, partition_column="day")
        for zone in ("UTC", NEW_YORK):
            assert with_day(rows, source, zone, days).count() == 2


@pytest.mark.parametrize("kind", ["timestamp", "timestamp_ntz"])
def test_files_of_other_days_are_not_opened(
    spark: SparkSession, tmp_path: Path, session_zone: str, kind: str
) -> None:
    path = str(tmp_path / "table")
    for day in range(1, 6):
        at = F.lit(f"2026-03-{day:02} 12:00:00").cast(kind)
        rows = spark.range(1).select(at.alias("at"), F.lit(day).alias("number"))
        rows.coalesce(1).write.format("delta").mode("append").save(path)
    files = spark.read.format("delta").load(path).select("number", "_metadata.file_path").collect()
    for row in files:
        if row["number"] not in (3, 4):
            Path(urlsplit(row["file_path"]).path).unlink()
    with sql_settings(spark, {"spark.databricks.delta.stats.skipping": "true"}):
        rows = spark.read.format("delta").load(path)
        found = with_day(rows, BY_TIME, session_zone, [date(2026, 3, 3), date(2026, 3, 4)])
        assert sorted(row["number"] for row in found.collect()) == [3, 4]


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_without_zone_is_a_moment_of_the_monitors_zone(
    spark: SparkSession, session_zone: str, zone: str
) -> None:
    rows = wall_clock(spark, "2026-03-01 22:15:00").select(
        F.unix_micros(moment_of(F.col("at"), "timestamp_ntz", zone)).alias("micros")
    )
    local = datetime(2026, 3, 1, 22, 15, tzinfo=ZoneInfo(zone))
    assert rows.collect()[0]["micros"] == (local - EPOCH) // timedelta(microseconds=1)
