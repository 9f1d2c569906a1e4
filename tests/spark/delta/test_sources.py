"""What is found out about source tables: versions, days, and the days that changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from pyspark.sql import SparkSession
from tests.conftest import CountJobs

from empty_tables import folder_of_session
from modelwatch.io.delta.addresses import quoted
from modelwatch.io.delta.log import DeltaLog
from modelwatch.io.delta.sources import Source, open_source
from modelwatch.model.errors import SourceError
from modelwatch.model.sources.tables import DaySource, TableAddress

FIRST = date(2013, 2, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(6)]
BY_DAY = DaySource(column="day")
BY_TIME = DaySource(time_column="at")
BY_BOTH = DaySource(time_column="at", partition_column="day")
NEW_YORK = "America/New_York"


class Flights:
    """A source table of six days of ten rows, and what is done to it."""

    def __init__(self, spark: SparkSession, path: Path, properties: str = "") -> None:
        self.spark, self.path = spark, str(path / "flights")
        self.table = f"delta.{quoted(self.path)}"
        self.properties = properties

    def create(self, partition: str | None = "day", days: list[date] | None = None) -> Flights:
        """The table with a commit for each of its days: a copy of one that was made before."""
        days = DAYS if days is None else days
        shutil.copytree(made(self.spark, partition, tuple(days), self.properties), self.path)
        return self

    def create_anew(self, partition: str | None = "day", days: Sequence[date] = ()) -> Flights:
        by = f"PARTITIONED BY ({partition})" if partition else ""
        options = f"TBLPROPERTIES ({self.properties})" if self.properties else ""
        self.sql(
            f"CREATE TABLE {self.table} (id bigint, day date, at timestamp, score double) "
            f"USING DELTA {by} {options}"
        )
        for day in days:
            self.add(day)
        return self

    def add(self, day: date, rows: int = 10) -> None:
        """Rows of noon, UTC."""
        noon = datetime(day.year, day.month, day.day, 12)
        frame = self.spark.range(0, rows, numPartitions=1).selectExpr(
            "id", f"date'{day}' day", f"timestamp'{noon}' at", "id / 10 score"
        )
        frame.write.format("delta").mode("append").save(self.path)

    def sql(self, statement: str) -> None:
        self.spark.sql(statement)

    def source(self, day: DaySource | None = BY_DAY, version: int | None = None) -> Source:
        address = TableAddress(path=self.path)
        return open_source(self.spark, "inputs", address, day, NEW_YORK, version)

    def changed_by(self, change: Callable[[], object], day: DaySource = BY_DAY) -> set[date]:
        before = self.source(day).version
        change()
        found = self.source(day).change(before)
        assert not found.all_days
        return set(found.days)


@cache
def made(
    spark: SparkSession, partition: str | None, days: tuple[date, ...], properties: str
) -> Path:
    """A table that is copied and never changed: Spark takes tenths of a second for a commit."""
    folder = Path(mkdtemp(dir=folder_of_session(spark)))
    flights = Flights(spark, folder, properties)
    if days:
        shutil.copytree(made(spark, partition, days[:-1], properties), flights.path)
        flights.add(days[-1])
    else:
        flights.create_anew(partition)
    return Path(flights.path)


@pytest.fixture
def flights(spark: SparkSession, warehouse: Path) -> Flights:
    return Flights(spark, warehouse)


def test_opening_a_source_runs_no_spark_job(flights: Flights, count_jobs: CountJobs) -> None:
    flights.create(days=DAYS[:2])
    with count_jobs() as counted:
        assert flights.source().version == 2
    assert counted.jobs == 0


def test_a_source_stays_at_its_version(flights: Flights) -> None:
    source = flights.create(days=DAYS[:1]).source()
    flights.add(DAYS[1])
    assert source.frame().count() == 10
    assert source.present() == {DAYS[0]}


def test_a_late_file_changes_its_day(flights: Flights) -> None:
    flights.create()
    assert flights.changed_by(lambda: flights.add(DAYS[1], 1)) == {DAYS[1]}


def test_an_unchanged_table_has_no_changed_day(flights: Flights, count_jobs: CountJobs) -> None:
    flights.create(days=DAYS[:1])
    source = flights.source()
    source.inventory
    with count_jobs() as counted:
        assert not source.change(source.version).changed
    assert counted.jobs == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET score = 0 WHERE day = '2013-02-03' AND id = 4",
        "DELETE FROM {} WHERE day = '2013-02-03' AND id = 4",
        "DELETE FROM {} WHERE day = '2013-02-03'",
        "MERGE INTO {} t USING (SELECT date'2013-02-03' day, 4L id) s "
        "ON t.id = s.id AND t.day = s.day WHEN MATCHED THEN UPDATE SET score = 1",
        "INSERT INTO {} REPLACE WHERE day = '2013-02-03' "
        "SELECT 1L, date'2013-02-03', timestamp'2013-02-03 12:00:00', 0.5D",
    ],
)
@pytest.mark.parametrize("vectors", ["true", "false"])
def test_a_correction_changes_its_day(
    spark: SparkSession, warehouse: Path, statement: str, vectors: str
) -> None:
    flights = Flights(spark, warehouse, f"'delta.enableDeletionVectors' = '{vectors}'")
    flights.create(days=DAYS[:3])
    assert flights.changed_by(lambda: flights.sql(statement.format(flights.table))) == {DAYS[2]}


@pytest.mark.parametrize("partition", ["day", None])
def test_compaction_changes_no_day(flights: Flights, partition: str | None) -> None:
    flights.create(partition, DAYS[:2])
    flights.add(DAYS[0])
    assert flights.changed_by(lambda: flights.sql(f"OPTIMIZE {flights.table}")) == set()


def test_compaction_with_a_late_file_changes_the_late_day_only(flights: Flights) -> None:
    flights.create(days=DAYS[:3])

    def change() -> None:
        flights.add(DAYS[1])
        flights.sql(f"OPTIMIZE {flights.table}")

    assert flights.changed_by(change) == {DAYS[1]}


def test_statistics_show_the_days_of_a_table_without_partitions(flights: Flights) -> None:
    flights.create(partition=None)
    assert flights.changed_by(lambda: flights.add(DAYS[4])) == {DAYS[4]}
    assert flights.source().present() == set(DAYS)


def test_the_day_of_a_moment_is_reported_in_the_monitors_time_zone(flights: Flights) -> None:
    flights.create(partition=None, days=DAYS[:1])
    insert = f"INSERT INTO {flights.table} SELECT 1L, null, timestamp'2013-02-06 03:00:00', 0D"
    assert flights.changed_by(lambda: flights.sql(insert), BY_TIME) == {date(2013, 2, 5)}


def test_statistics_narrow_what_a_partition_near_the_day_says(flights: Flights) -> None:
    flights.create(days=DAYS[:2])
    assert flights.changed_by(lambda: flights.add(DAYS[3]), BY_BOTH) == {DAYS[3]}


def test_a_partition_near_the_day_shows_it_within_a_day(
    spark: SparkSession, tmp_path: Path
) -> None:
    flights = Flights(spark, tmp_path, "'delta.dataSkippingNumIndexedCols' = '0'")
    flights.create(days=DAYS[:2])
    assert flights.changed_by(lambda: flights.add(DAYS[3]), BY_BOTH) == set(DAYS[2:5])


def test_files_without_statistics_are_asked_themselves(spark: SparkSession, tmp_path: Path) -> None:
    flights = Flights(spark, tmp_path, "'delta.dataSkippingNumIndexedCols' = '0'")
    flights.create(partition=None, days=DAYS[:2])
    assert flights.changed_by(lambda: flights.add(DAYS[3])) == {DAYS[3]}
    assert flights.source().present() == {DAYS[0], DAYS[1], DAYS[3]}


@pytest.mark.parametrize("partition", ["day", None])
def test_renamed_columns_are_found_under_their_physical_names(
    spark: SparkSession, tmp_path: Path, partition: str | None
) -> None:
    flights = Flights(spark, tmp_path, "'delta.columnMapping.mode' = 'name'")
    flights.create(partition, DAYS[:2])
    assert flights.changed_by(lambda: flights.add(DAYS[3])) == {DAYS[3]}
    assert flights.source().present() == {DAYS[0], DAYS[1], DAYS[3]}


def test_a_cleaned_log_makes_every_day_suspect(spark: SparkSession, tmp_path: Path) -> None:
    flights = Flights(spark, tmp_path, "'delta.checkpointInterval' = '3'")
    flights.create(days=DAYS[:4])
    for version in range(3):
        (Path(flights.path) / "_delta_log" / f"{version:020d}.json").unlink()
    assert flights.source().change(1).all_days
    assert flights.source().change(3).days == {DAYS[3]}


def test_a_version_that_went_back_makes_every_day_suspect(flights: Flights) -> None:
    assert flights.create(days=DAYS[:2]).source().change(7).all_days


def test_a_table_created_anew_makes_every_day_suspect(flights: Flights) -> None:
    before = flights.create(days=DAYS[:1]).source()
    identity = before.table_id
    shutil.rmtree(flights.path)
    flights.spark.catalog.clearCache()
    flights.create_anew(days=DAYS[:3])
    after = flights.source()
    assert after.change(before.version, identity).all_days
    assert not after.change(before.version, after.table_id).all_days


def test_days_and_volume_come_from_checkpoint_and_commits(flights: Flights) -> None:
    flights.create()
    for _ in range(6):
        flights.add(DAYS[0])
    source = flights.source()
    assert source.log is not None
    assert source.log.checkpoints
    assert source.present() == set(DAYS)
    assert source.present(before=DAYS[2]) == {DAYS[0], DAYS[1]}
    volume = source.volume([DAYS[0], DAYS[1]])
    assert (volume.files, volume.rows) == (8, 80)
    assert volume.bytes > 0


def test_deleted_rows_are_not_counted(spark: SparkSession, tmp_path: Path) -> None:
    flights = Flights(spark, tmp_path, "'delta.enableDeletionVectors' = 'true'")
    flights.create(days=DAYS[:2])
    flights.sql(f"DELETE FROM {flights.table} WHERE id < 4 AND day = '{DAYS[0]}'")
    assert flights.source().volume(DAYS[:1]).rows == 6


@pytest.mark.parametrize("partition", ["day", None])
def test_the_days_are_reported_without_reading_the_data(
    flights: Flights, partition: str | None
) -> None:
    flights.create(partition, DAYS[:2])
    for file in Path(flights.path).rglob("part-*.parquet"):
        file.unlink()
    assert flights.source().present() == set(DAYS[:2])


def test_where_the_log_is_out_of_reach_the_table_itself_is_asked(flights: Flights) -> None:
    opened = flights.create(days=DAYS[:3]).source()
    closed = replace(opened, log=None)
    assert closed.inventory and set(closed.present()) == set(opened.present())
    assert closed.volume(DAYS[:2]) == opened.volume(DAYS[:2])


def test_where_the_log_is_out_of_reach_two_versions_are_compared(flights: Flights) -> None:
    first = flights.create(days=DAYS[:3]).source()
    flights.add(DAYS[3])
    flights.sql(f"DELETE FROM {flights.table} WHERE day = '{DAYS[1]}' AND id = 4")
    changed = replace(flights.source(), log=None)
    assert changed.change(first.version).days == {DAYS[1], DAYS[3]}
    assert not changed.change(first.version).all_days
    flights.add(DAYS[2])
    flights.sql(f"OPTIMIZE {flights.table}")
    compacted = replace(flights.source(), log=None)
    assert not compacted.change(compacted.version - 1).changed
    assert replace(compacted, day=None).change(first.version).all_days


def test_rows_without_a_day_belong_to_none(flights: Flights) -> None:
    flights.create(days=DAYS[:1])
    insert = f"INSERT INTO {flights.table} SELECT 1L, null, null, 0D"
    assert flights.changed_by(lambda: flights.sql(insert)) == set()
    assert flights.changed_by(lambda: flights.sql(insert), BY_TIME) == set()


def test_a_table_without_days_is_changed_by_any_row(flights: Flights) -> None:
    flights.create(days=DAYS[:1])
    flights.add(DAYS[1])
    assert flights.source(None).change(1).all_days
    assert not flights.source(None).change(2).changed


def test_a_missing_table_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere.*inputs.*no such folder"):
        Flights(spark, tmp_path / "nowhere").source()


def test_a_missing_table_of_the_catalog_is_named(spark: SparkSession) -> None:
    with pytest.raises(SourceError, match=r"no_such_table.*inputs"):
        open_source(spark, "inputs", TableAddress(name="no_such_table"), BY_DAY, NEW_YORK)


def test_a_folder_of_files_is_no_delta_table(spark: SparkSession, tmp_path: Path) -> None:
    spark.range(3).write.parquet(str(tmp_path / "flights"))
    with pytest.raises(SourceError, match="not a Delta table"):
        Flights(spark, tmp_path).source()


def test_a_missing_day_column_is_named(flights: Flights) -> None:
    flights.create(days=DAYS[:1])
    with pytest.raises(SourceError, match="no column 'event_day'"):
        flights.source(DaySource(column="event_day"))


def test_a_corrupt_log_is_named(flights: Flights) -> None:
    flights.create(days=DAYS[:2])
    source = flights.source()
    commit = Path(flights.path) / "_delta_log" / f"{2:020d}.json"
    commit.write_text('{"add": {"path": ')
    (commit.parent / f".{commit.name}.crc").unlink()
    with pytest.raises(SourceError, match=r"flights.*log or files can't be read"):
        source.change(1)


def test_an_empty_newest_commit_is_no_version_to_be_passed_over(flights: Flights) -> None:
    flights.create(days=DAYS[:2])
    source = flights.source()
    (Path(flights.path) / "_delta_log" / f"{2:020d}.json").write_text("")
    with pytest.raises(SourceError, match=r"flights.*2\.json is empty.*restore its _delta_log"):
        source.change(1)


def test_a_table_of_the_catalog_is_addressed_by_name(spark: SparkSession) -> None:
    spark.sql("CREATE DATABASE IF NOT EXISTS source_tables")
    spark.sql("CREATE TABLE source_tables.flights (day date, id bigint) USING DELTA")
    spark.sql("INSERT INTO source_tables.flights VALUES (date'2013-02-01', 1)")
    address = TableAddress(name="`source_tables`.flights")
    source = open_source(spark, "inputs", address, BY_DAY, NEW_YORK)
    assert isinstance(source.log, DeltaLog)
    assert source.present() == {FIRST}
    assert source.frame().count() == 1
    spark.sql("DROP DATABASE source_tables CASCADE")
