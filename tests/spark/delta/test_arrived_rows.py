"""Rows that arrived in a table and belong to no window: counted from its log, and its new files."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from tests.conftest import CountJobs

from empty_tables import folder_of_session
from modelwatch.capabilities import sql_settings
from modelwatch.io.delta.addresses import quoted
from modelwatch.io.delta.arrived_rows import arrived_rows
from modelwatch.io.delta.sources import open_source
from modelwatch.model.planning.outside_windows import Arrived
from modelwatch.model.sources.tables import DaySource, TableAddress

AS_OF = date(2026, 3, 15)
BY_TIME = DaySource(time_column="at")
BY_BOTH = DaySource(time_column="at", partition_column="day")
BY_DAY = DaySource(column="day")


class Table:
    """A table of rows with a time and a day, by which it may be partitioned."""

    def __init__(
        self, spark: SparkSession, folder: Path, kind: str, partitioned: bool, options: str = ""
    ) -> None:
        self.spark, self.path = spark, str(folder / "table")
        self.name, self.kind = f"delta.{quoted(self.path)}", kind
        copytree(without_rows(spark, kind, partitioned, options), self.path)

    def add(self, *rows: tuple[str | None, str | None], times: int = 1) -> None:
        """Rows of a time and a day, in one file a partition; the table's newest version."""
        frame = self.spark.createDataFrame(
            [(i, *row) for i, row in enumerate(rows * times)], "id bigint, at string, day string"
        )
        typed = frame.selectExpr("id", f"CAST(at AS {self.kind}) at", "CAST(day AS date) day")
        typed.coalesce(1).write.format("delta").mode("append").save(self.path)

    def arrived(self, day: DaySource, after_version: int | None = 0, zone: str = "UTC") -> Arrived:
        source = open_source(self.spark, "inputs", TableAddress(path=self.path), day, zone)
        return arrived_rows(source, after_version, AS_OF)


@cache
def without_rows(spark: SparkSession, kind: str, partitioned: bool, options: str) -> Path:
    """A table that is copied and never changed."""
    path = Path(mkdtemp(dir=folder_of_session(spark))) / "table"
    by = "PARTITIONED BY (day)" if partitioned else ""
    properties = f"TBLPROPERTIES ({options})" if options else ""
    spark.sql(
        f"CREATE TABLE delta.{quoted(str(path))} (id bigint, at {kind}, day date) USING DELTA {by} "
        f"{properties}"
    )
    return path


def counts(arrived: Arrived) -> dict[str, int]:
    return {cause: outside.rows for cause, outside in arrived.outside.items() if outside.rows}


@pytest.fixture
def files(spark: SparkSession, tmp_path: Path) -> Table:
    return Table(spark, tmp_path, "timestamp_ntz", partitioned=True)


@pytest.mark.parametrize("kind", ["timestamp", "timestamp_ntz"])
@pytest.mark.parametrize("session", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_rows_are_counted_once_by_the_first_cause_that_applies(
    spark: SparkSession, tmp_path: Path, kind: str, session: str
) -> None:
    with sql_settings(spark, {"spark.sql.session.timeZone": session}):
        table = Table(spark, tmp_path, kind, partitioned=True)
        table.add(("2026-03-10 12:00:00", "2026-03-10"), times=10)
        table.add((None, "2026-03-10"), (None, None), times=2)
        table.add(("2026-03-10 12:00:00", "2026-03-13"), ("2026-03-10 12:00:00", None), times=3)
        table.add(("2026-03-20 12:00:00", "2026-03-10"))
        table.add(("2026-03-20 12:00:00", "2026-03-20"), ("2031-01-01 12:00:00", "2031-01-01"))
        table.add(("+12026-03-20 12:00:00", "2026-03-10"), ("2026-03-12 12:00:00", "2026-03-12"))
        found = table.arrived(BY_BOTH)
    assert found.rows == 10 + 4 + 6 + 1 + 2 + 2
    assert counts(found) == {"missing_time": 5, "partition_mismatch": 7, "future_time": 2}
    assert found.future == {date(2026, 3, 20): 1, date(2031, 1, 1): 1}
    examples = found.outside["partition_mismatch"].examples
    assert any(e.startswith("day 2026-03-10, partition 2026-03-13, in part-") for e in examples)
    assert any(e.startswith("day 2026-03-20, partition 2026-03-10, in part-") for e in examples)
    assert found.outside["missing_time"].examples


def test_a_partition_within_a_day_of_the_time_contradicts_nothing(files: Table) -> None:
    files.add(("2026-03-10 23:30:00", "2026-03-11"), ("2026-03-10 00:30:00", "2026-03-09"))
    assert counts(files.arrived(BY_BOTH)) == {}


def test_days_of_dates_are_counted_from_the_log_alone(spark: SparkSession, tmp_path: Path) -> None:
    table = Table(spark, tmp_path, "timestamp", partitioned=True)
    table.add((None, "2026-03-10"), times=5)
    table.add((None, None), times=3)
    table.add((None, "2026-03-20"), (None, "2026-03-15"), times=2)
    for file in Path(table.path).rglob("part-*.parquet"):
        file.unlink()
    found = table.arrived(BY_DAY)
    assert (found.rows, counts(found)) == (12, {"missing_time": 3, "future_time": 2})
    assert found.future == {date(2026, 3, 20): 2}


def test_of_files_that_the_log_decides_none_is_read(files: Table) -> None:
    files.add(("2026-03-10 12:00:00", "2026-03-10"), ("2026-03-15 12:00:00", "2026-03-15"))
    files.add((None, "2026-03-10"), ("2026-03-10 12:00:00", "2026-03-10"))
    for file in Path(files.path).rglob("part-*.parquet"):
        file.unlink()
    assert counts(files.arrived(BY_BOTH)) == {"missing_time": 1}


def test_a_table_in_which_nothing_was_written_costs_no_spark_job(
    files: Table, count_jobs: CountJobs
) -> None:
    files.add((None, "2026-03-10"))
    with count_jobs() as counted:
        assert files.arrived(BY_BOTH, after_version=1).rows == 0
    assert counted.jobs == 0


def test_only_what_was_written_since_is_counted(files: Table) -> None:
    files.add((None, "2026-03-10"), times=7)
    files.add((None, "2026-03-11"), ("2026-03-11 12:00:00", "2026-03-11"))
    assert (files.arrived(BY_BOTH, 1).rows, counts(files.arrived(BY_BOTH, 1))) == (
        2,
        {"missing_time": 1},
    )
    assert counts(files.arrived(BY_BOTH, None)) == {"missing_time": 8}


def test_compaction_brings_no_rows(files: Table) -> None:
    files.add((None, "2026-03-10"))
    files.add((None, "2026-03-10"))
    files.spark.sql(f"OPTIMIZE {files.name}")
    assert files.arrived(BY_BOTH, 2).rows == 0


def test_a_file_that_loses_rows_to_a_vector_does_not_arrive_again(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = Table(spark, tmp_path, "timestamp", True, "'delta.enableDeletionVectors' = 'true'")
    table.add((None, "2026-03-10"), ("2026-03-10 12:00:00", "2026-03-10"), times=4)
    spark.sql(f"DELETE FROM {table.name} WHERE id = 1")
    assert table.arrived(BY_BOTH, 1).rows == 0
    assert table.arrived(BY_DAY, None).rows == 7


@pytest.mark.parametrize("partitioned", [True, False])
def test_files_without_statistics_are_read(
    spark: SparkSession, tmp_path: Path, partitioned: bool
) -> None:
    options = "'delta.dataSkippingNumIndexedCols' = '0'"
    table = Table(spark, tmp_path, "timestamp_ntz", partitioned, options)
    table.add(("2026-03-10 12:00:00", "2026-03-10"), (None, "2026-03-10"))
    table.add(("2026-03-20 12:00:00", "2026-03-20"))
    found = table.arrived(BY_BOTH if partitioned else BY_TIME)
    assert (found.rows, counts(found)) == (3, {"missing_time": 1, "future_time": 1})


def test_renamed_columns_are_found(spark: SparkSession, tmp_path: Path) -> None:
    table = Table(spark, tmp_path, "timestamp", True, "'delta.columnMapping.mode' = 'name'")
    table.add(("2026-03-10 12:00:00", "2026-03-13"), (None, "2026-03-10"))
    assert counts(table.arrived(BY_BOTH)) == {"missing_time": 1, "partition_mismatch": 1}


def test_the_day_of_a_moment_is_that_of_the_monitors_zone(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = Table(spark, tmp_path, "timestamp", partitioned=False)
    table.add(("2026-03-16 03:00:00Z", None))
    assert counts(table.arrived(BY_TIME, zone="America/New_York")) == {}
    assert counts(table.arrived(BY_TIME, zone="Asia/Tokyo")) == {"future_time": 1}


def test_where_the_log_forgot_a_version_nothing_is_known(files: Table) -> None:
    files.add((None, "2026-03-10"))
    files.add((None, "2026-03-10"))
    DeltaTable(files.path).create_checkpoint()
    for version in (0, 1):
        (Path(files.path) / "_delta_log" / f"{version:020d}.json").unlink()
    found = files.arrived(BY_BOTH, 0)
    assert found.rows is None
    assert found.reason is not None


@pytest.mark.parametrize("partitioned", [True, False])
def test_text_that_spells_no_day_has_none(
    spark: SparkSession, tmp_path: Path, partitioned: bool
) -> None:
    path = str(tmp_path / "spelled")
    rows = [("20260310",), ("2026-03-11",), ("20260231",), ("soon",), (None,), ("20260320",)]
    writer = spark.createDataFrame(rows, "day string").selectExpr("1 AS id", "day").coalesce(1)
    by = ["day"] if partitioned else []
    writer.write.format("delta").partitionBy(*by).save(path)
    source = open_source(spark, "inputs", TableAddress(path=path), BY_DAY, "UTC")
    found = arrived_rows(source, None, AS_OF)
    assert (found.rows, counts(found)) == (6, {"missing_time": 3, "future_time": 1})
    assert any("soon" in example for example in found.outside["missing_time"].examples)
