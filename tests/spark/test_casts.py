"""Casts that are null where there is no value, whatever the mode of the session."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from modelwatch.capabilities import sql_settings
from modelwatch.spark.casts import ANSI, try_cast
from modelwatch.spark.sources.rows import day_of_text

TEXTS = ["1.5", "x", "", "2024-02-30", "20240230", "20240229", "2024-2-9", None]


@pytest.mark.parametrize("mode", ["true", "false"])
def test_a_text_that_is_no_number_is_null(spark: SparkSession, mode: str) -> None:
    with sql_settings(spark, {ANSI: mode}):
        rows = spark.createDataFrame([(text,) for text in TEXTS[:3]], "text string")
        found = rows.select(try_cast(F.btrim(F.col("text")), "double").alias("n")).collect()
    assert [row["n"] for row in found] == [1.5, None, None]


@pytest.mark.parametrize("mode", ["true", "false"])
def test_a_text_that_spells_no_day_is_null(spark: SparkSession, mode: str) -> None:
    with sql_settings(spark, {ANSI: mode}):
        rows = spark.createDataFrame([(text,) for text in TEXTS], "text string")
        found = rows.select(day_of_text(F.col("text")).alias("day")).collect()
    assert [row["day"] for row in found] == [
        *([None] * 5),
        date(2024, 2, 29),
        date(2024, 2, 9),
        None,
    ]
