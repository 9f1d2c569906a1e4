"""Rows that the driver holds, as frames."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest
from pyspark.sql import SparkSession
from tests.conftest import CountJobs

from modelwatch.spark.local_frames import frame_of

AT = datetime(2013, 3, 10, 7, 30, 0, 123456, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", "naïve `value` 'quoted'"),
        ("boolean", True),
        ("int", -(2**31)),
        ("bigint", 2**53 + 1),
        ("double", 0.1),
        ("double", float("inf")),
        ("date", date(1969, 12, 31)),
        ("binary", bytearray(b"\x00\xff")),
        ("array<string>", ["a", None, ""]),
        ("array<bigint>", []),
        ("array<struct<rule: string, rows: bigint>>", [("paid", 2**53 + 1), ("late", None)]),
        ("map<string, bigint>", {"inputs": 2**53 + 1}),
        ("struct<first: date, last: date>", (date(2013, 1, 1), None)),
    ],
)
def test_values_come_back_as_they_are_and_missing_ones_as_null(
    spark: SparkSession, kind: str, value: Any
) -> None:
    frame = frame_of(spark, [("a", value), ("b", None)], f"key string, value {kind}")
    assert frame.schema == spark.createDataFrame([], f"key string, value {kind}").schema
    assert [tuple(row) for row in frame.collect()] == [("a", value), ("b", None)]


def test_an_instant_is_the_same_instant(spark: SparkSession) -> None:
    frame = frame_of(spark, [(AT,), (None,)], "at timestamp")
    assert [row[0] for row in frame.selectExpr("unix_micros(at)").collect()] == [
        int(AT.timestamp()) * 1_000_000 + AT.microsecond,
        None,
    ]


def test_nan_becomes_null(spark: SparkSession) -> None:
    assert frame_of(spark, [(float("nan"),)], "value double").first() == (None,)


def test_no_rows_are_an_empty_frame_of_the_schema(spark: SparkSession) -> None:
    frame = frame_of(spark, [], "day date, rows bigint")
    assert (frame.columns, frame.count()) == (["day", "rows"], 0)


def test_no_spark_job_is_needed_to_read_them(spark: SparkSession, count_jobs: CountJobs) -> None:
    frame = frame_of(spark, [(1,), (2,)], "rows bigint")
    with count_jobs() as counted:
        frame.collect()
    assert counted.jobs == 0
