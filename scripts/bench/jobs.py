"""Number of Spark jobs of a run, by days, columns, and segments; small tables are sufficient."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from scripts.bench.case import FIRST_DAY, Case, day_at
from scripts.bench.monitored import Work
from scripts.bench.session import opened_session

from modelwatch.io.session.effort import effort
from modelwatch.model.config.configuration import parse_config
from modelwatch.pipelines.runs.monitor import run_monitor

VARIANTS = {
    "5 columns, 1 day, 1 segmentation of 1 value": (5, 1, 1),
    "400 columns": (400, 1, 1),
    "60 days": (5, 60, 1),
    "20 segments": (5, 1, 20),
}


def job_counts(case: Case) -> Work:
    """Jobs of a first run and of a run with one new day, by variant."""
    spark = opened_session()

    def counted() -> dict[str, Any]:
        counts: dict[str, Any] = {}
        for name, (columns, days, segments) in VARIANTS.items():
            folder = Path(case.table("jobs"))
            shutil.rmtree(folder, ignore_errors=True)
            counts[name] = jobs_of(spark, folder, columns, days, segments)
        return counts

    return counted


def jobs_of(
    spark: SparkSession, folder: Path, columns: int, days: int, segments: int
) -> dict[str, int]:
    """Jobs of a first run, and of the next run with one more day."""
    rows = spark.range(40 * (days + 1)).withColumn(
        "day", F.date_add(F.lit(f"{FIRST_DAY}").cast("date"), (F.col("id") / 40).cast("int"))
    )
    table = rows.select(
        "day",
        F.concat(F.lit("s"), F.col("id") % segments).alias("segment"),
        *(F.rand(at).alias(f"x{at}") for at in range(columns)),
    )
    table.repartition(1).write.format("delta").partitionBy("day").save(str(folder / "table"))
    text = f"""
monitor: jobs
output: {{path: "{folder / "output"}"}}
inputs: {{table: {{path: "{folder / "table"}"}}, day: {{column: day}}}}
features: {{exclude: [segment]}}
segments: [{{name: segment, columns: segment, max_values: 20}}]
references: [{{name: first, days: {FIRST_DAY}..{FIRST_DAY}}}]
"""
    config = parse_config(text, "jobs")
    counts = {}
    for name, as_of in (("first run", day_at(days)), ("next day", day_at(days + 1))):
        before = effort(spark)
        run_monitor(spark, config, config_text=text, as_of=as_of)
        counts[name] = effort(spark).minus(before).jobs or -1
    return counts
