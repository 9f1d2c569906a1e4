"""The tables of the benchmark, which are created once and reused while their sizes match."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from scripts.bench.case import FIRST_DAY, Case

_GENERATION = 1
"""Version of the contents; a change causes existing tables to be created again."""
INCREMENT_DAYS = 370


@dataclass(frozen=True)
class _Made:
    """A table: its name, its sizes, and a function that creates it."""

    name: str
    sizes: tuple[int, ...]
    make: Callable[[SparkSession, Case, str], None]

    def is_there(self, case: Case) -> bool:
        mark = self._mark(case)
        return mark.is_file() and mark.read_text(encoding="utf-8") == self._wanted

    def made(self, spark: SparkSession, case: Case) -> None:
        path = case.table(self.name)
        self._mark(case).unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)
        began = time.monotonic()
        self.make(spark, case, path)
        self._mark(case).write_text(self._wanted, encoding="utf-8")
        print(f"made {self.name} in {time.monotonic() - began:.0f} s", flush=True)

    @property
    def _wanted(self) -> str:
        return json.dumps([_GENERATION, self.sizes])

    def _mark(self, case: Case) -> Path:
        return Path(f"{case.table(self.name)}.json")


def missing(case: Case) -> list[_Made]:
    """The tables that are missing or have other sizes."""
    rows = (case.rows, case.all_days)
    wide = (case.wide_rows, case.wide_columns, case.wide_days)
    wanted = (
        _Made("main", rows, _main),
        _Made("predictions", rows, _predictions),
        _Made("labels", rows, _labels),
        _Made("wide", wide, _wide),
        _Made("daily", (case.increment_rows, INCREMENT_DAYS), _daily),
    )
    return [table for table in wanted if not table.is_there(case)]


def ensured(spark: SparkSession, case: Case) -> None:
    """Create the missing tables."""
    for table in missing(case):
        table.made(spark, case)


def _days(rows: DataFrame, days: int) -> DataFrame:
    return rows.withColumn(
        "day",
        F.date_add(F.lit(FIRST_DAY.isoformat()).cast("date"), (F.col("id") % days).cast("int")),
    )


def _numeric(number: int) -> Column:
    """A column whose kind depends on its number: quantity, amount, count, waiting time, or age."""
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
        # One fifth of the columns have a few nulls, and one has many.
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
    """Write a Delta table, partitioned by day, with about the given number of files per day."""
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


def _labels(spark: SparkSession, case: Case, path: str) -> None:
    """A label for 997 of 1,000 rows of the main table, known ten days later."""
    rows = _days(spark.range(case.rows), case.all_days).where("id % 1000 not in (11, 12, 13)")
    positive = F.rand(500) > F.rand(600)
    reported = rows.select(
        "id", "day", positive.alias("label"), F.date_add("day", 10).alias("known")
    )
    _write(reported, path, 2)


def _wide(spark: SparkSession, case: Case, path: str) -> None:
    rows = _days(spark.range(case.wide_rows), case.wide_days)
    columns = [F.randn(number).alias(f"x{number}") for number in range(case.wide_columns)]
    _write(rows.select("id", "day", *columns), path, 1)


def _daily(spark: SparkSession, case: Case, path: str) -> None:
    """A year of days, and several more to add."""
    rows = _days(spark.range(case.increment_rows * INCREMENT_DAYS), INCREMENT_DAYS)
    _write(rows.select("id", "day", *_features()), path, 1)


if __name__ == "__main__":
    given = Case.from_json(sys.argv[1])
    if missing(given):
        from scripts.bench.session import opened_session

        ensured(opened_session("3g"), given)
