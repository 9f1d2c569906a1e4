"""The tables that are measured: made once, and used again while their sizes are the same."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from scripts.bench.case import FIRST_DAY, Case

_GENERATION = 1
"""Changes when the contents do, so that tables made before are made anew."""
INCREMENT_DAYS = 370


def ensured(spark: SparkSession, case: Case) -> None:
    """Make the tables that are not there."""
    made: dict[str, tuple[object, Callable[[str], None]]] = {
        "main": ((case.rows, case.all_days), lambda p: _main(spark, case, p)),
        "predictions": ((case.rows, case.all_days), lambda p: _predictions(spark, case, p)),
        "wide": (
            (case.wide_rows, case.wide_columns, case.wide_days),
            lambda p: _wide(spark, case, p),
        ),
        "daily": ((case.increment_rows, INCREMENT_DAYS), lambda p: _daily(spark, case, p)),
    }
    for name, (sizes, make) in made.items():
        path, mark = Path(case.table(name)), Path(case.table(name) + ".json")
        wanted = json.dumps([_GENERATION, sizes])
        if mark.is_file() and mark.read_text(encoding="utf-8") == wanted and path.is_dir():
            continue
        mark.unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)
        began = time.monotonic()
        make(str(path))
        mark.write_text(wanted, encoding="utf-8")
        print(f"made {path} in {time.monotonic() - began:.0f} s", flush=True)


def _days(rows: DataFrame, days: int) -> DataFrame:
    return rows.withColumn(
        "day", F.date_add(F.lit(FIRST_DAY.isoformat()).cast("date"), (F.col("id") % days).cast("int"))
    )


def _numeric(number: int) -> Column:
    """Column of a kind by its number: quantities, amounts, counts, waiting times, heavy values."""
    normal, uniform = F.randn(number), F.rand(100 + number)
    kind = number % 7
    if kind == 1:
        return F.round(F.exp(normal + 3), 2)  # an amount, in cents
    if kind == 2:
        return F.floor(-F.log(uniform) * 8).cast("int")  # a count
    if kind == 3:
        return F.when(uniform < 0.6, 0.0).otherwise(F.abs(normal) * 40)  # mostly zero
    if kind == 4:
        return F.floor(F.lit(18) + uniform * 70).cast("bigint")  # an age
    if kind == 5:
        return -F.log(uniform) * 300  # a waiting time
    return normal * (1 + number % 3) + number


def _features() -> list[Column]:
    columns = []
    for number in range(20):
        column = _numeric(number)
        # A fifth of the columns has a few nulls, one has many.
        share = 0.3 if number == 12 else 0.02 if number % 5 == 0 else 0.0
        if share:
            column = F.when(F.rand(200 + number) >= share, column)
        columns.append(column.alias(f"x{number}"))
    for number in range(5):
        values = 10 if number < 3 else 60
        code = F.floor(F.pow(F.rand(300 + number), 2) * values).cast("string")
        text = F.concat(F.lit("value "), code)
        if number == 4:
            text = F.when(F.rand(400) >= 0.05, text)
        columns.append(text.alias(f"c{number}"))
    return columns


def _write(frame: DataFrame, path: str, files: int) -> None:
    """As Delta, partitioned by day, with about so many files a day."""
    spread = frame.repartition(30, "day", (F.col("id") % files))
    spread.write.format("delta").partitionBy("day").save(path)


def _main(spark: SparkSession, case: Case, path: str) -> None:
    rows = _days(spark.range(case.rows), case.all_days)
    _write(rows.select("id", "day", *_features()), path, 2)


def _predictions(spark: SparkSession, case: Case, path: str) -> None:
    """A score and a decision for 999 of 1,000 rows of the main table."""
    rows = _days(spark.range(case.rows), case.all_days).where("id % 1000 <> 7")
    scored = rows.select("id", "day", F.rand(500).alias("score"))
    _write(scored.withColumn("decision", F.col("score") > 0.8), path, 2)


def _wide(spark: SparkSession, case: Case, path: str) -> None:
    rows = _days(spark.range(case.wide_rows), case.wide_days)
    columns = [F.randn(number).alias(f"x{number}") for number in range(case.wide_columns)]
    _write(rows.select("id", "day", *columns), path, 1)


def _daily(spark: SparkSession, case: Case, path: str) -> None:
    """Days enough to add some to a year of them."""
    rows = _days(spark.range(case.increment_rows * INCREMENT_DAYS), INCREMENT_DAYS)
    _write(rows.select("id", "day", *_features()), path, 1)
